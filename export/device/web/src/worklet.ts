// Moves samples on the audio thread: from the source to the worker in blocks, and back to the
// loudspeaker on time. It computes nothing that could make a quantum late.
import type { FromMover, MoverOptions, Numbered, ToMover } from "./messages";
import { Timeline } from "./timeline";

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, type: unknown): void;

const QUANTUM = 128;
const CROSSFADE_S = 0.01;
// If the worker is behind by more than this, it will not catch up: it gets no more until it has.
const BACKLOG_S = 0.5;

class Mover extends AudioWorkletProcessor {
  private readonly options: MoverOptions;
  private readonly dry: Timeline;
  private readonly wet: Timeline;
  private readonly dryQuantum = new Float32Array(QUANTUM);
  private worker: MessagePort | null = null;
  private block: Float32Array;
  private filled = 0;
  private index = 0;
  private played: number;
  private waiting = 0;
  private late = 0;
  private dropped = 0;
  private bypass = false;
  private dryness = 0;
  private begun = false;

  constructor({ processorOptions }: { processorOptions: MoverOptions }) {
    super();
    this.options = processorOptions;
    const { blockLength, latencySamples, delaySamples } = this.options;
    const capacity = delaySamples + latencySamples + 2 * blockLength + QUANTUM;
    this.played = -delaySamples;
    this.dry = new Timeline(-delaySamples, capacity);
    this.wet = new Timeline(-delaySamples, capacity);
    this.block = new Float32Array(blockLength);
    this.port.onmessage = ({ data }: MessageEvent<ToMover>) => {
      if (data.kind === "bypass") this.bypass = data.on;
      else this.connect(data.port);
    };
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0];
    const output = outputs[0]?.[0];
    // A recording begins with its first sample, not with the silence before it was started.
    if (!this.worker || !output || !(this.begun ||= input !== undefined)) return true;
    for (let i = 0; i < output.length; i++) {
      this.block[this.filled++] = input?.[i] ?? 0;
      if (this.filled === this.block.length) this.send();
    }
    this.play(output);
    return true;
  }

  private connect(port: MessagePort): void {
    this.worker = port;
    port.onmessage = ({ data }: MessageEvent<Numbered>) => {
      this.waiting--;
      if (!this.wet.put(data.index * this.options.blockLength, data.samples)) {
        this.late++;
        this.count();
      }
    };
  }

  private send(): void {
    const { blockLength, latencySamples } = this.options;
    // The unprocessed sound waits as long as the model does, so that the switch compares like with like.
    this.dry.put(this.index * blockLength + latencySamples, this.block);
    if (this.waiting * blockLength > this.options.delaySamples + BACKLOG_S * sampleRate) {
      this.dropped++;
      this.count();
    } else {
      this.waiting++;
      const message: Numbered = { index: this.index, samples: this.block };
      this.worker?.postMessage(message, [this.block.buffer]);
      this.block = new Float32Array(blockLength);
    }
    this.index++;
    this.filled = 0;
  }

  private play(output: Float32Array): void {
    const dry = this.dryQuantum.subarray(0, output.length);
    this.dry.take(dry);
    this.wet.take(output);
    const change = (this.bypass ? 1 : -1) / (CROSSFADE_S * sampleRate);
    for (let i = 0; i < output.length; i++) {
      this.dryness = Math.min(1, Math.max(0, this.dryness + change));
      if (this.dryness > 0) output[i]! += this.dryness * (dry[i]! - output[i]!);
    }
    this.finish(output.length);
  }

  private finish(length: number): void {
    const { sourceLength, latencySamples } = this.options;
    const before = this.played;
    this.played += length;
    const end = sourceLength === null ? Infinity : sourceLength + latencySamples;
    if (before < end && this.played >= end) this.tell({ kind: "ended" });
  }

  private count(): void {
    this.tell({ kind: "counts", late: this.late, dropped: this.dropped });
  }

  private tell(message: FromMover): void {
    this.port.postMessage(message);
  }
}

registerProcessor("mover", Mover);
