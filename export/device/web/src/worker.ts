// Runs the model, away from the page and from the audio thread: neither may wait for a step.
import type { FromWorker, Numbered, ToWorker } from "./messages";
import type { Metadata } from "./metadata";
import { Step } from "./step";
import { enhanceRecording, Stream } from "./stream";

let step: Step;
let metadata: Metadata;
let live: { stream: Stream; port: MessagePort } | null = null;
// A step is asynchronous and spends its state, so nothing may begin before the last has ended.
let turn: Promise<void> = Promise.resolve();

function inTurn(job: () => Promise<void>): void {
  turn = turn.then(job).catch((error: unknown) => {
    say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  });
}

function say(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

async function answer(request: ToWorker): Promise<void> {
  if (request.kind === "load") {
    metadata = request.metadata;
    step = await Step.load(request.file, metadata, request.wasmFolder);
    say({ kind: "ready" });
  } else if (request.kind === "enhance") {
    const report = (fraction: number): void => say({ kind: "progress", fraction });
    const enhanced = await enhanceRecording(step, metadata, request.noisy, report);
    say({ kind: "enhanced", enhanced }, [enhanced.buffer]);
  } else {
    begin(request.port);
  }
}

function begin(port: MessagePort): void {
  live?.port.close();
  live?.stream.close();
  const stream = new Stream(step);
  live = { stream, port };
  port.onmessage = ({ data }: MessageEvent<Numbered>) => {
    inTurn(async () => {
      // Blocks of a stream that has ended may still have been on their way.
      if (live?.port !== port) return;
      const block = await stream.push(data.samples);
      const answered: Numbered = { index: data.index, samples: block.enhanced };
      // The ears first: this one has a time to keep.
      port.postMessage(answered);
      say({ kind: "block", block }, [block.noisy.buffer, block.enhanced.buffer]);
    });
  };
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => inTurn(() => answer(data));
