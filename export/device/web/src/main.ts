import "./style.css";
import { Engine } from "./engine";
import { Live } from "./live";
import type { Source } from "./live";
import { fetchModel, servedModels } from "./models";
import { explain, missing } from "./problems";
import { decodeFile, openMicrophone } from "./sources";
import { Timings } from "./timings";
import * as page from "./view";
import { view } from "./view";
import { encodeWav } from "./wav";

const REFRESH_MS = 250;

let engine: Engine | null = null;
let modelFile: { content: Uint8Array; name: string } | null = null;
let recording: { file: File; samples: Float32Array<ArrayBuffer> } | null = null;
let live: Live | null = null;
let attempts = 0;

/** Does what the user asked; what goes wrong becomes one line on the page. */
async function attempt(activity: page.Activity, job: () => Promise<page.Activity>): Promise<void> {
  const mine = ++attempts;
  page.show(activity, recording !== null);
  let next: page.Activity | null = null;
  let problem: unknown;
  try {
    next = await job();
  } catch (error) {
    problem = error;
  }
  // A long job that was stopped ends after that which stopped it has begun.
  if (mine !== attempts) return;
  if (!next) page.say(explain(problem), "problem");
  page.show(next ?? (engine ? "idle" : "no model"), recording !== null);
}

async function useModel(content: Uint8Array, name: string): Promise<page.Activity> {
  page.say(`Loading ${name} …`);
  // The old one stays if the new one is no good.
  const loaded = await Engine.load(content, name);
  engine?.close();
  engine = loaded;
  modelFile = { content, name };
  page.describeModel(engine.metadata);
  page.describeDelay(engine.metadata, Number(view.buffer.value));
  page.newPictures(engine.metadata);
  if (recording) await useRecording(recording.file);
  page.say("Ready.");
  return "idle";
}

async function useRecording(file: File): Promise<page.Activity> {
  const { sampleRate } = engine!.metadata;
  const samples = await decodeFile(file, sampleRate);
  recording = { file, samples };
  view.audioFacts.textContent = `${file.name}, ${(samples.length / sampleRate).toFixed(1)} s`;
  page.say("Ready.");
  return "idle";
}

async function begin(source: Source): Promise<page.Activity> {
  const { metadata } = engine!;
  const bufferMs = Number(view.buffer.value);
  const pictures = page.newPictures(metadata);
  const timings = new Timings();
  page.describeCounts(0, 0);
  page.describeDelay(metadata, bufferMs);
  engine!.onBlock = ({ noisy, enhanced, milliseconds }) => {
    timings.add(milliseconds);
    pictures.before.push(noisy);
    pictures.after.push(enhanced);
  };
  engine!.onFailure = (message) => void end(message);
  const started = await Live.start(engine!, source, bufferMs, view.bypass.checked);
  live = started;
  const refresh = setInterval(() => {
    page.describeTimings(timings, metadata.framesPerStep);
    if (!live) clearInterval(refresh);
  }, REFRESH_MS);
  started.onCounts = page.describeCounts;
  started.onEnded = () => {
    if (live === started) void end();
  };
  page.say(source instanceof MediaStream ? "Listening. Wear headphones to avoid feedback." : "Playing.");
  return "live";
}

async function end(problem?: string): Promise<void> {
  const ended = live;
  live = null;
  await ended?.stop();
  page.show("idle", recording !== null);
  page.say(problem ?? "Ready.", problem ? "problem" : "note");
}

async function save(): Promise<page.Activity> {
  const { file, samples } = recording!;
  const { sampleRate } = engine!.metadata;
  page.say("Enhancing …");
  engine!.onProgress = (fraction) => page.say(`Enhancing … ${Math.floor(100 * fraction)} %`);
  const began = performance.now();
  const enhanced = await engine!.enhance(samples);
  const seconds = (performance.now() - began) / 1000;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(encodeWav(enhanced, sampleRate));
  link.download = `${file.name.replace(/\.[^.]*$/, "")}_enhanced.wav`;
  link.click();
  // The download has begun by then; without this the file stays in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  const audio = samples.length / sampleRate;
  page.say(`Saved ${link.download}: ${audio.toFixed(1)} s of audio in ${seconds.toFixed(1)} s.`);
  return "idle";
}

function stop(): void {
  if (live) void end();
  // Only the end of its worker stops a long job, so the model is loaded again.
  else if (modelFile) {
    const { content, name } = modelFile;
    engine?.close();
    engine = null;
    void attempt("loading", () => useModel(content, name));
  }
}

view.models.onchange = () => {
  const name = view.models.value;
  void attempt("loading", async () => useModel(await fetchModel(name), name));
};
view.modelFile.onchange = () => {
  const file = view.modelFile.files?.[0];
  if (!file) return;
  view.models.value = "";
  const read = async (): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());
  void attempt("loading", async () => useModel(await read(), file.name));
};
view.audioFile.onchange = () => {
  const file = view.audioFile.files?.[0];
  if (file) void attempt("loading", () => useRecording(file));
};
view.microphone.onclick = () => void attempt("loading", async () => begin(await openMicrophone()));
view.play.onclick = () => void attempt("loading", () => begin(recording!.samples));
view.save.onclick = () => void attempt("saving", save);
view.stop.onclick = stop;
view.buffer.onchange = () => {
  if (engine) page.describeDelay(engine.metadata, Number(view.buffer.value));
};
view.bypass.onchange = () => {
  if (live) live.bypass = view.bypass.checked;
};

async function open(): Promise<page.Activity> {
  const lack = missing();
  if (lack) throw new Error(lack);
  const names = await servedModels();
  for (const name of names) view.models.add(new Option(name, name));
  view.models.hidden = names.length === 0;
  if (!names[0]) {
    page.say("Choose a model: a .tflite file that was exported with tfse.");
    return "no model";
  }
  view.models.value = names[0];
  return useModel(await fetchModel(names[0]), names[0]);
}

void attempt("loading", open);
