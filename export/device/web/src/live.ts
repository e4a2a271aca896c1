import type { Engine } from "./engine";
import type { FromMover, MoverOptions, ToMover } from "./messages";
import moverUrl from "./worklet.ts?worker&url";

/** Samples at the model's rate, or what a microphone brings. */
export type Source = Float32Array<ArrayBuffer> | MediaStream;

/** Lets go of a microphone, so that the browser no longer shows it as in use. */
function release(source: Source): void {
  if (source instanceof MediaStream) for (const track of source.getTracks()) track.stop();
}

/** Sound that is enhanced while it plays. */
export class Live {
  onCounts: (late: number, dropped: number) => void = () => {};
  onEnded: () => void = () => {};

  private constructor(
    private readonly context: AudioContext,
    private readonly mover: AudioWorkletNode,
    private readonly source: Source,
  ) {
    mover.port.onmessage = ({ data }: MessageEvent<FromMover>) => {
      if (data.kind === "counts") this.onCounts(data.late, data.dropped);
      // What the worklet gave away is heard a little later.
      else setTimeout(() => this.onEnded(), 1000 * (context.outputLatency || 0));
    };
  }

  /**
   * Starts to play.
   *
   * @param bufferMs how long a block may be on its way without being late.
   */
  static async start(engine: Engine, source: Source, bufferMs: number, bypass: boolean): Promise<Live> {
    const { sampleRate, blockLength, latencySamples } = engine.metadata;
    const context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    try {
      await context.audioWorklet.addModule(moverUrl);
      const options: MoverOptions = {
        blockLength,
        latencySamples,
        // A block can only leave when its last sample has come.
        delaySamples: blockLength + Math.round((bufferMs * sampleRate) / 1000),
        sourceLength: source instanceof MediaStream ? null : source.length,
      };
      const mover = new AudioWorkletNode(context, "mover", {
        channelCount: 1,
        channelCountMode: "explicit",
        outputChannelCount: [1],
        processorOptions: options,
      });
      mover.connect(context.destination);
      const live = new Live(context, mover, source);
      live.bypass = bypass;
      // The two threads talk to each other directly: the page may be busy drawing.
      const { port1, port2 } = new MessageChannel();
      engine.live(port1);
      live.tell({ kind: "port", port: port2 }, [port2]);
      await context.resume();
      live.connect();
      return live;
    } catch (error) {
      release(source);
      await context.close();
      throw error;
    }
  }

  /** Whether the sound as it came is heard, as late as the enhanced one. */
  set bypass(on: boolean) {
    this.tell({ kind: "bypass", on });
  }

  async stop(): Promise<void> {
    this.mover.disconnect();
    release(this.source);
    await this.context.close();
  }

  private connect(): void {
    if (this.source instanceof MediaStream) {
      this.context.createMediaStreamSource(this.source).connect(this.mover);
      return;
    }
    const buffer = this.context.createBuffer(1, this.source.length, this.context.sampleRate);
    buffer.copyToChannel(this.source, 0);
    const player = new AudioBufferSourceNode(this.context, { buffer });
    player.connect(this.mover);
    player.start();
  }

  private tell(message: ToMover, transfer: Transferable[] = []): void {
    this.mover.port.postMessage(message, transfer);
  }
}
