// The parts that a browser would only show by chance: late blocks, lost blocks, levels.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createServer } from "vite";

const QUANTUM = 128;
const BLOCK = 256;
const RATE = 16000;

let vite;
let Mover;
before(async () => {
  vite = await createServer({ server: { middlewareMode: true, ws: false }, appType: "custom", logLevel: "error" });
  globalThis.sampleRate = RATE;
  globalThis.AudioWorkletProcessor = class {
    told = [];
    port = { postMessage: (message) => this.told.push(message) };
  };
  globalThis.registerProcessor = (_, type) => (Mover = type);
  await vite.ssrLoadModule("/src/worklet.ts");
});
after(() => vite.close());

/** A mover of 1, 2, 3 ..., and a worker that answers with minus what it got, when it is told to. */
class Bench {
  queue = [];
  heard = [];
  sent = 0;

  constructor(options) {
    const defaults = { blockLength: BLOCK, latencySamples: 0, delaySamples: 2 * BLOCK, sourceLength: null };
    this.mover = new Mover({ processorOptions: { ...defaults, ...options } });
    this.port = { postMessage: (message) => this.queue.push(message) };
    this.mover.port.onmessage({ data: { kind: "port", port: this.port } });
  }

  quanta(count, answers = true) {
    for (let n = 0; n < count; n++) {
      const input = Float32Array.from({ length: QUANTUM }, () => ++this.sent);
      const output = new Float32Array(QUANTUM);
      this.mover.process([[input]], [[output]]);
      this.heard.push(...output);
      if (answers) this.answer();
    }
  }

  answer() {
    for (const { index, samples } of this.queue.splice(0)) {
      this.port.onmessage({ data: { index, samples: samples.map((value) => -value) } });
    }
  }
}

test("every sample is heard after the same delay", () => {
  const bench = new Bench({ delaySamples: 500 });
  bench.quanta(40);
  const expected = bench.heard.map((_, i) => (i < 500 ? 0 : 500 - 1 - i));
  assert.deepEqual(bench.heard, expected);
  assert.deepEqual(bench.mover.told, []);
});

test("the bypass is later by the latency of the model", () => {
  const bench = new Bench({ latencySamples: 100 });
  bench.mover.port.onmessage({ data: { kind: "bypass", on: true } });
  bench.quanta(40);
  assert.equal(bench.heard.at(-1), bench.sent - 2 * BLOCK - 100);
});

test("late blocks are counted and leave a hole, and the delay stays", () => {
  const bench = new Bench();
  bench.quanta(20);
  bench.quanta(8, false);
  bench.answer();
  bench.quanta(20);
  const { late, dropped } = bench.mover.told.at(-1);
  assert.ok(late > 0 && late < 4);
  assert.equal(dropped, 0);
  assert.ok(bench.heard.slice(20 * QUANTUM).includes(0));
  assert.equal(bench.heard.at(-1), 2 * BLOCK - bench.sent);
});

test("a worker that is far behind gets no more until it has caught up", () => {
  const bench = new Bench();
  bench.quanta(2 * RATE / QUANTUM, false);
  assert.ok(bench.queue.length * BLOCK < 0.6 * RATE);
  const { dropped } = bench.mover.told.at(-1);
  assert.equal(bench.queue.length + dropped, (2 * RATE) / BLOCK);
  bench.answer();
  bench.quanta(20);
  assert.equal(bench.heard.at(-1), 2 * BLOCK - bench.sent);
});

test("the end is told once, when the last sample has been heard", () => {
  const bench = new Bench({ sourceLength: 1000, latencySamples: 100 });
  const quanta = Math.ceil((1000 + 100 + 2 * BLOCK) / QUANTUM);
  bench.quanta(quanta - 1);
  assert.deepEqual(bench.mover.told, []);
  bench.quanta(20);
  assert.deepEqual(bench.mover.told, [{ kind: "ended" }]);
});

test("a sine of full scale has 0 dB in its bin", async () => {
  const { PowerSpectrum } = await vite.ssrLoadModule("/src/fft.ts");
  const frame = Float32Array.from({ length: 512 }, (_, i) => Math.sin((2 * Math.PI * 40 * i) / 512));
  const levels = new PowerSpectrum(512).levels(frame);
  assert.ok(Math.abs(levels[40]) < 0.01);
  assert.ok(Math.max(...levels.filter((_, bin) => Math.abs(bin - 40) > 1)) < -90);
});
