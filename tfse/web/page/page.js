import { Player } from "./player.js";
import * as server from "./server.js";

const POLL_MS = 250;
const MB = 1e6;
const element = (id) => document.getElementById(id);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let settings;
/** Key of the recording on the server. */
let key = null;
let player = null;
/** Work in progress; another file or Stop ends it. */
let work = new AbortController();

// === Work: upload, enhance, write ===

/** Runs one piece of work in place of the last, and shows its failure. */
async function run(task) {
  work.abort();
  work = new AbortController();
  const { signal } = work;
  element("error").textContent = "";
  element("work").hidden = false;
  try {
    await task(signal);
  } catch (error) {
    if (signal.aborted) return;
    show("");
    element("error").textContent = error instanceof server.Failure ? error.message : String(error);
  } finally {
    if (work.signal === signal) element("work").hidden = true;
  }
}

function show(text, done = null) {
  const bar = element("progress");
  if (done === null) bar.removeAttribute("value");
  else bar.value = done;
  // A screen reader is told of every change.
  if (element("status").textContent !== text) element("status").textContent = text;
}

/** Drops the recording and all that is shown of it. */
function reset() {
  work.abort();
  player?.close();
  player = null;
  element("result").hidden = true;
  element("work").hidden = true;
  if (key !== null) server.remove(key);
  key = null;
}

/** Ends the work; an earlier result stays. */
function stop() {
  if (player === null) reset();
  else server.stop(key);
  work.abort();
  element("work").hidden = true;
  show("Stopped.");
}

function open(file) {
  reset();
  void run(async (signal) => {
    checkSize(file);
    const added = await server.upload(file, signal, (sent, total) =>
      show(`Copying ${file.name}: ${tens(sent / total)} %`, sent / total),
    );
    // Another file may have been chosen since.
    if (signal.aborted) return server.remove(added);
    key = added;
    await enhance(signal);
  });
}

function checkSize(file) {
  if (file.size <= settings.max_bytes) return;
  throw new server.Failure(
    `${file.name}: the file is larger than ${settings.max_bytes / MB} MB; see --max_mb of tfse-web.`,
  );
}

async function enhance(signal) {
  show("Loading the model");
  await server.start(key, "enhance", { model: element("model").value }, signal);
  const found = await finished("Enhancing", signal);
  present(found);
  show("Done. Listen, choose the strength, and download.");
}

/** Waits for the newest job of the recording, shows its progress, and returns the state. */
async function finished(doing, signal) {
  for (;;) {
    const found = await server.state(key, signal);
    if (found.job.state === "failed") throw new server.Failure(`${found.name}: ${found.job.error}`);
    if (found.job.state === "done") return found;
    showJob(doing, found);
    await sleep(POLL_MS);
    signal.throwIfAborted();
  }
}

function showJob(doing, { job, name }) {
  if (job.state === "waiting") return show("Waiting: another recording is being enhanced");
  if (job.done_s === 0) return show(`${doing} ${name}: loading the model`);
  if (job.total_s === 0) return show(`${doing} ${name}: ${clock(10 * Math.floor(job.done_s / 10))} done`);
  const done = Math.min(1, job.done_s / job.total_s);
  show(`${doing} ${name}: ${tens(done)} % of ${clock(job.total_s)}`, done);
}

/** Percents in steps of ten: a screen reader reads each. */
const tens = (share) => 10 * Math.floor(10 * share);

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${parts.join(":")}` : parts.join(":");
}

function download() {
  const limit = element("limit").value;
  const values = { mix: strength(), max_attenuation_db: limit === "" ? null : Number(limit) };
  void run(async (signal) => {
    show("Writing the result");
    await server.start(key, "write", values, signal);
    const found = await finished("Writing", signal);
    list([...new Set([...found.enhanced.notes, ...found.notes])]);
    save(`recordings/${key}/result`);
    show("The result is among your downloads.");
  });
}

function save(address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}

// === Result ===

function present({ name, enhanced }) {
  player?.close();
  player = new Player(`recordings/${key}/sound?run=${enhanced.run}`, enhanced);
  player.addEventListener("change", showPlaying);
  player.addEventListener("failure", () => {
    element("error").textContent = "The sound was removed; choose the recording again.";
  });
  element("name").textContent = name;
  element("position").max = player.duration;
  element("picture-before").src = picture(0, enhanced.run);
  element("picture-after").dataset.run = enhanced.run;
  for (const top of document.querySelectorAll(".top")) top.textContent = `${enhanced.top_hz / 1000} kHz`;
  list(enhanced.notes);
  mix();
  drawAfter();
  showPlaying();
  element("result").hidden = false;
}

const picture = (share, run) => `recordings/${key}/spectrogram?share=${share.toFixed(4)}&run=${run}`;

function list(notes) {
  element("notes").replaceChildren(
    ...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
  );
}

const strength = () => Number(element("strength").value) / 100;

/** Share of the enhanced sound after the limit of the attenuation, as in `tfse.streaming`. */
function share() {
  const limit = element("limit").value;
  return strength() * (limit === "" ? 1 : 1 - 10 ** (-Number(limit) / 20));
}

/** Makes the sound that of the settings, also while it plays. */
function mix() {
  element("strength-value").textContent = `${element("strength").value} %`;
  if (player) player.share = element("before").checked ? 0 : share();
}

function drawAfter() {
  const after = element("picture-after");
  after.src = picture(share(), after.dataset.run);
}

function showPlaying() {
  element("play").textContent = player?.playing ? "Pause" : "Play";
  showPosition();
  if (player?.playing) requestAnimationFrame(showPlaying);
}

function showPosition() {
  if (!player) return;
  const { position, duration } = player;
  element("position").value = position;
  element("position").setAttribute("aria-valuetext", `${clock(position)} of ${clock(duration)}`);
  element("time").textContent = `${clock(position)} / ${clock(duration)}`;
  for (const head of document.querySelectorAll(".head")) head.style.left = `${(100 * position) / duration}%`;
}

function seek(position) {
  player?.seek(position);
  showPosition();
}

// === Controls ===

function acceptDrops() {
  const drop = element("drop");
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragenter" || name === "dragover");
      const [file] = (name === "drop" && event.dataTransfer?.files) || [];
      if (file) open(file);
    });
  }
}

function listen() {
  const on = (id, name, action) => element(id).addEventListener(name, action);
  on("file", "change", ({ target }) => {
    if (target.files[0]) open(target.files[0]);
    // The same file can be chosen again.
    target.value = "";
  });
  on("model", "change", () => key !== null && void run(enhance));
  on("stop", "click", stop);
  on("play", "click", () => (player.playing ? player.pause() : player.play()));
  on("before", "change", mix);
  on("after", "change", mix);
  on("position", "input", ({ target }) => seek(Number(target.value)));
  on("strength", "input", mix);
  on("strength", "change", drawAfter);
  on("limit", "change", () => {
    mix();
    drawAfter();
  });
  on("download", "click", download);
  for (const one of document.querySelectorAll(".picture")) {
    one.addEventListener("click", ({ offsetX }) => seek((player.duration * offsetX) / one.clientWidth));
  }
  // Nothing stays when the page is closed; a page that comes back begins anew.
  addEventListener("pagehide", reset);
}

async function begin() {
  settings = await server.settings();
  element("model").replaceChildren(...settings.models.map((name) => new Option(name)));
  element("kept").textContent =
    `Recordings and results are removed when the page is closed, when tfse-web ends, or after ` +
    `${settings.keep_minutes} minutes without use.`;
  listen();
  acceptDrops();
}

void begin();
