import type { Metadata } from "./metadata";

/** What the page asks of the worker; one thing at a time, in order. */
export type ToWorker =
  | { kind: "load"; file: Uint8Array; metadata: Metadata; wasmFolder: string }
  | { kind: "enhance"; noisy: Float32Array }
  | { kind: "live"; port: MessagePort };

/** What the worker says to the page. `ready` and `enhanced` answer `load` and `enhance`. */
export type FromWorker =
  | { kind: "ready" }
  | { kind: "enhanced"; enhanced: Float32Array }
  | { kind: "progress"; fraction: number }
  | { kind: "block"; block: Block }
  | { kind: "failed"; message: string };

/** One step of a stream. `enhanced` is `latencySamples` later than `noisy`. */
export interface Block {
  noisy: Float32Array;
  enhanced: Float32Array;
  milliseconds: number;
}

/** What the worklet and the worker hand to each other. */
export interface Numbered {
  /** Number of the block in its stream, from 0; dropped blocks are counted too. */
  index: number;
  samples: Float32Array;
}

/** What the page tells the worklet at its start. Lengths are in samples. */
export interface MoverOptions {
  blockLength: number;
  latencySamples: number;
  /** From a sample's arrival to its place in the output, without the latency of the model. */
  delaySamples: number;
  /** Of the source; null if it has no end. */
  sourceLength: number | null;
}

/** What the page tells the worklet later. */
export type ToMover = { kind: "port"; port: MessagePort } | { kind: "bypass"; on: boolean };

/** What the worklet tells the page. */
export type FromMover = { kind: "counts"; late: number; dropped: number } | { kind: "ended" };
