import type { Metadata } from "./metadata";
import { Spectrogram, secondsShown } from "./spectrogram";
import type { Timings } from "./timings";

function find<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** All of the page that the program touches. */
export const view = {
  models: find<HTMLSelectElement>("models"),
  modelFile: find<HTMLInputElement>("model-file"),
  modelFacts: find("model-facts"),
  microphone: find<HTMLButtonElement>("microphone"),
  audioFile: find<HTMLInputElement>("audio-file"),
  audioFacts: find("audio-facts"),
  play: find<HTMLButtonElement>("play"),
  stop: find<HTMLButtonElement>("stop"),
  save: find<HTMLButtonElement>("save"),
  bypass: find<HTMLInputElement>("bypass"),
  buffer: find<HTMLSelectElement>("buffer"),
  before: find<HTMLCanvasElement>("before"),
  after: find<HTMLCanvasElement>("after"),
  status: find("status"),
};

/** What the page is doing; it decides which buttons can be pressed. */
export type Activity = "no model" | "loading" | "idle" | "live" | "saving";

export function show(activity: Activity, hasRecording: boolean): void {
  document.body.dataset["activity"] = activity;
  const idle = activity === "idle";
  const busy = activity === "live" || activity === "saving";
  view.models.disabled = view.modelFile.disabled = activity === "loading" || busy;
  view.audioFile.disabled = view.microphone.disabled = view.buffer.disabled = !idle;
  view.play.disabled = view.save.disabled = !idle || !hasRecording;
  view.stop.disabled = !busy;
}

export function say(text: string, kind: "note" | "problem" = "note"): void {
  view.status.textContent = text;
  view.status.className = kind;
}

export function describeModel({ model, format, sampleRate, hopLength, latencySamples }: Metadata): void {
  const hopMs = (1000 * hopLength) / sampleRate;
  const latencyMs = (1000 * latencySamples) / sampleRate;
  view.modelFacts.textContent =
    `${model}, ${format}: ${sampleRate / 1000} kHz, hop ${hopMs} ms, latency ${latencyMs} ms`;
  for (const label of document.querySelectorAll(".hop")) label.textContent = `a frame lasts ${hopMs} ms`;
  for (const label of document.querySelectorAll(".top")) label.textContent = `${sampleRate / 2000} kHz`;
  for (const label of document.querySelectorAll(".span")) {
    label.textContent = `last ${secondsShown(sampleRate).toFixed(0)} s`;
  }
}

export function describeDelay(metadata: Metadata, bufferMs: number): void {
  const ms = (samples: number): number => (1000 * samples) / metadata.sampleRate;
  const total = ms(metadata.latencySamples) + ms(metadata.blockLength) + bufferMs;
  find("delay").textContent = `${total.toFixed(0)} ms`;
}

export function describeTimings(timings: Timings, framesPerStep: number): void {
  const text = (share: number): string => {
    const value = timings.percentile(share);
    return value === null ? "–" : `${(value / framesPerStep).toFixed(1)} ms`;
  };
  find("p50").textContent = text(0.5);
  find("p99").textContent = text(0.99);
}

export function describeCounts(late: number, dropped: number): void {
  find("late").textContent = String(late);
  find("dropped").textContent = String(dropped);
}

/** Begins both pictures anew. */
export function newPictures(metadata: Metadata): { before: Spectrogram; after: Spectrogram } {
  return {
    // As late as the other one, so that what belongs together stands together.
    before: new Spectrogram(view.before, metadata.sampleRate, metadata.latencySamples),
    after: new Spectrogram(view.after, metadata.sampleRate),
  };
}
