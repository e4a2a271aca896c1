import type { Block, FromWorker, ToWorker } from "./messages";
import { readMetadata } from "./metadata";
import type { Metadata } from "./metadata";

/**
 * A model in a worker of its own.
 *
 * One worker a model: ending the worker is the one sure way to stop a long job
 * and to give all of its memory back.
 */
export class Engine {
  onBlock: (block: Block) => void = () => {};
  onProgress: (fraction: number) => void = () => {};
  /** A step of a live stream failed. */
  onFailure: (message: string) => void = () => {};

  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url));
  private pending: { resolve: (message: FromWorker) => void; reject: (error: Error) => void } | null =
    null;

  private constructor(readonly metadata: Metadata) {
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    this.worker.onerror = (event) =>
      this.fail(`The worker stopped: ${event.message || "it could not be loaded"}.`);
  }

  /** Loads a model; throws one line that says why it cannot be used. */
  static async load(file: Uint8Array, name: string): Promise<Engine> {
    const engine = new Engine(readMetadata(file, name));
    const wasmFolder = new URL("wasm/", document.baseURI).href;
    try {
      await engine.ask({ kind: "load", file, metadata: engine.metadata, wasmFolder });
    } catch (error) {
      engine.close();
      throw new Error(`${name} cannot be used: ${(error as Error).message}`);
    }
    return engine;
  }

  /** Enhances a recording as fast as it goes: same length, in line. */
  async enhance(noisy: Float32Array): Promise<Float32Array> {
    const reply = await this.ask({ kind: "enhance", noisy });
    if (reply.kind !== "enhanced") throw new Error(`The worker answered \`${reply.kind}\`.`);
    return reply.enhanced;
  }

  /** Begins a live stream whose blocks come and go through a port; ends the one before. */
  live(port: MessagePort): void {
    this.tell({ kind: "live", port }, [port]);
  }

  close(): void {
    this.worker.terminate();
    this.onFailure = () => {};
    this.fail("It was stopped.");
  }

  private ask(request: ToWorker): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.tell(request);
    });
  }

  private tell(request: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(request, transfer);
  }

  private hear(message: FromWorker): void {
    if (message.kind === "block") this.onBlock(message.block);
    else if (message.kind === "progress") this.onProgress(message.fraction);
    else if (message.kind === "failed") this.fail(message.message);
    else {
      this.pending?.resolve(message);
      this.pending = null;
    }
  }

  private fail(message: string): void {
    if (this.pending) this.pending.reject(new Error(message));
    else this.onFailure(message);
    this.pending = null;
  }
}
