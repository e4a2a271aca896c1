import type { Block } from "./messages";
import type { Metadata } from "./metadata";
import type { State, Step } from "./step";

const REPORT_EVERY_MS = 100;

/** One stream through a step, from silence on. */
export class Stream {
  private state: State;

  constructor(private readonly step: Step) {
    this.state = step.initialState();
  }

  /** Takes the next block of samples and returns it enhanced, later by the latency of the model. */
  async push(noisy: Float32Array): Promise<Block> {
    const began = performance.now();
    const { enhanced, state } = await this.step.run(noisy, this.state);
    this.state = state;
    return { noisy, enhanced, milliseconds: performance.now() - began };
  }

  /** Ends the stream. */
  close(): void {
    this.step.forget(this.state);
    this.state = {};
  }
}

/** Enhances a recording: the result has its length and is in line with it. */
export async function enhanceRecording(
  step: Step,
  { blockLength, latencySamples }: Metadata,
  noisy: Float32Array,
  report: (fraction: number) => void,
): Promise<Float32Array> {
  const stream = new Stream(step);
  const blocks = Math.ceil((noisy.length + latencySamples) / blockLength);
  const late = new Float32Array(blocks * blockLength);
  let reported = performance.now();
  for (let start = 0; start < late.length; start += blockLength) {
    // Silence after the end pushes out what is still inside the model.
    const block = new Float32Array(blockLength);
    block.set(noisy.subarray(start, start + blockLength));
    late.set((await stream.push(block)).enhanced, start);
    if (performance.now() - reported > REPORT_EVERY_MS) {
      reported = performance.now();
      report(start / late.length);
    }
  }
  stream.close();
  return late.slice(latencySamples, latencySamples + noisy.length);
}
