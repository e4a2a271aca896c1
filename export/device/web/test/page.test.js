// The built page in a real browser, used as a person uses it, against what Python computes.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { launch, serve, User, writeReferences } from "./browser.js";
import { largestDifference, readWav } from "./wav.js";

const FLOAT_TOLERANCE = 1e-4;
// The rounding of a quantized model differs between processors and comes back through its state.
const QUANTIZED_TOLERANCE = 2e-2;
const PLAYS = 3;

const folder = mkdtempSync(path.join(tmpdir(), "tfse-web-"));
const at = (name) => path.join(folder, name);
let server;
let browser;

// Top-level code and not `before`: a test for each model can only be made when the models are known.
writeReferences(folder);
const cases = JSON.parse(readFileSync(at("cases.json"), "utf8"));
const noisy = readWav(at("noisy.wav"));

before(async () => {
  server = await serve();
  browser = await launch(at("noisy.wav"));
});
after(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page with a model, and with a recording. */
async function opened({ model = cases[0].name, recording = null, served = null } = {}) {
  const user = await User.open(await browser.createBrowserContext(), server.url, folder, served);
  await user.status(/^(Choose a model|Ready)/);
  if (model) {
    await user.choose("#model-file", at(`${model}.tflite`));
    await user.page.waitForSelector("#audio-file:enabled");
    await user.status(/^Ready/);
  }
  if (recording) {
    await user.choose("#audio-file", at(recording));
    await user.page.waitForSelector("#play:enabled");
  }
  return user;
}

const slice = (signal, start, length) => signal.slice(start, start + length);

for (const { name } of cases) {
  test(`${name}: a recording is enhanced as Python does it`, async (t) => {
    const user = await opened({ model: name, recording: "noisy.wav" });
    const { file, status } = await user.download();
    const enhanced = readWav(file);
    const difference = largestDifference(readWav(at(`${name}.wav`)).samples, enhanced.samples);
    t.diagnostic(`${name}: largest difference ${difference.toExponential(2)}; ${status}`);
    assert.equal(enhanced.sampleRate, noisy.sampleRate);
    assert.ok(difference <= (/float(32|16)/.test(name) ? FLOAT_TOLERANCE : QUANTIZED_TOLERANCE));
    await user.page.close();
  });
}

/** Plays the recording, with the bypass on for its second half, and returns what passed. */
async function played() {
  const user = await opened({ recording: "noisy.wav" });
  await user.page.select("#buffer", "320");
  await user.press("#play");
  await user.status(/^Playing/);
  await sleep(500 * (noisy.samples.length / noisy.sampleRate));
  if (process.env.SCREENSHOT) await user.page.screenshot({ path: process.env.SCREENSHOT });
  await user.press(".switch");
  await user.status(/^Ready/);
  const counts = [await user.text("#late"), await user.text("#dropped")].map(Number);
  const taps = await user.taps();
  await user.page.close();
  return { ...taps, counts };
}

test("what is heard is what the model returns, and the bypass is in line with it", async (t) => {
  let result;
  // On a busy machine a block may be late, which the page says; then what is heard has a hole.
  for (let plays = 0; plays < PLAYS && (!result || result.counts.some(Boolean)); plays++) {
    result = await played();
  }
  const { enhanced, heard, milliseconds, counts } = result;
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const percentile = (share) => sorted[Math.floor(share * sorted.length)].toFixed(1);
  t.diagnostic(`time per step p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms, ${sorted.length} steps`);
  if (counts.some(Boolean)) {
    // What is heard then has a hole, which says nothing about the page.
    t.skip(`this machine is too slow to play in real time: ${counts[0]} late and ${counts[1]} dropped blocks`);
    return;
  }

  const { name, latency } = cases[0];
  const reference = readWav(at(`${name}.wav`)).samples;
  const difference = largestDifference(reference, slice(enhanced, latency, reference.length));
  t.diagnostic(`live, ${name}: largest difference ${difference.toExponential(2)}`);
  assert.ok(difference <= FLOAT_TOLERANCE);

  // How late the second second of the enhanced part is heard tells the delay of all the rest.
  const second = noisy.sampleRate;
  const wanted = slice(enhanced, second, second);
  const candidates = Array.from({ length: 2 * second }, (_, i) => i);
  const fits = (delay) =>
    heard[second + delay] === wanted[0] && largestDifference(wanted, slice(heard, second + delay, second)) === 0;
  const delay = candidates.find(fits);
  assert.ok(delay !== undefined, "the enhanced sound must be heard unharmed");
  const last = noisy.samples.length - second;
  const bypassed = slice(heard, last + latency + delay, second);
  assert.equal(largestDifference(slice(noisy.samples, last, second), bypassed), 0);
});

test("a file of another rate with two channels keeps its duration", async () => {
  const user = await opened({ recording: "stereo_two_seconds.wav" });
  const { samples, sampleRate } = readWav((await user.download()).file);
  assert.equal(samples.length, 2 * sampleRate);
  assert.ok(Math.max(...samples) > 0.01);
  await user.page.close();
});

test("the microphone is enhanced when the page may use it", async () => {
  const user = await opened();
  await user.page.browserContext().overridePermissions(new URL(server.url).origin, ["microphone"]);
  await user.press("#microphone");
  await user.status(/^Listening/);
  await sleep(3000);
  await user.press("#stop");
  await user.status(/^Ready/);
  const { noisy: before, enhanced } = await user.taps();
  assert.ok(before.length > noisy.sampleRate);
  assert.ok(Math.max(...before) > 0.01 && Math.max(...enhanced) > 0.001);
  await user.page.close();
});

test("a long job can be stopped, and the page goes on", async () => {
  const user = await opened({ recording: "noisy.wav" });
  await user.press("#save");
  await user.status(/^Enhancing/);
  await user.press("#stop");
  await user.status(/^Ready/);
  await user.download();
  await user.page.close();
});

test("a model that is served with the page is loaded by itself", async () => {
  const { name } = cases[0];
  const data = (bytes) => `data:;base64,${Buffer.from(bytes).toString("base64")}`;
  const served = {
    "models/index.json": data(JSON.stringify([`${name}.tflite`])),
    [`models/${name}.tflite`]: data(readFileSync(at(`${name}.tflite`))),
  };
  const user = await opened({ model: null, served });
  await user.status(/^Ready/);
  assert.equal(await user.page.$eval("#models", (list) => list.value), `${name}.tflite`);
  await user.page.close();
});

test("what cannot be used is refused in one line", async () => {
  const user = await opened({ model: null });
  writeFileSync(at("text.tflite"), "no model");
  const model = readFileSync(at(`${cases[0].name}.tflite`));
  // The archive with the metadata stands behind the model.
  const end = model.lastIndexOf("PK\x03\x04", undefined, "latin1");
  writeFileSync(at("bare.tflite"), model.subarray(0, end));
  await user.choose("#model-file", at("text.tflite"));
  await user.status(/^text\.tflite is not a TFLite file\.$/);
  await user.choose("#model-file", at("bare.tflite"));
  await user.status(/^bare\.tflite has no tfse metadata/);
  await user.choose("#model-file", at(`${cases[0].name}.tflite`));
  await user.status(/^Ready/);
  await user.choose("#audio-file", at("text.tflite"));
  await user.status(/^This browser cannot read the file as audio/);
  await user.page.browserContext().overridePermissions(new URL(server.url).origin, []);
  await user.press("#microphone");
  await user.status(/^This page may not use the microphone/);
  await user.page.close();
});
