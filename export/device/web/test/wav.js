import { readFileSync } from "node:fs";

/** Reads a WAV file of 32-bit floats with one channel. */
export function readWav(path) {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sampleRate = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString("latin1", at, at + 4);
    const size = view.getUint32(at + 4, true);
    if (name === "fmt ") {
      const kind = [view.getUint16(at + 8, true), view.getUint16(at + 10, true), view.getUint16(at + 22, true)];
      if (kind.join() !== "3,1,32") throw new Error(`${path} is not mono float32: ${kind}`);
      sampleRate = view.getUint32(at + 12, true);
    } else if (name === "data") {
      const samples = Float32Array.from({ length: size / 4 }, (_, i) => view.getFloat32(at + 8 + 4 * i, true));
      return { samples, sampleRate };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error(`${path} has no samples`);
}

/** The largest difference of two signals of the same length. */
export function largestDifference(reference, estimate) {
  if (reference.length !== estimate.length) return Infinity;
  return reference.reduce((most, value, i) => {
    const difference = Math.abs(value - estimate[i]);
    // NaN is never larger than anything.
    return difference <= most ? most : Number.isNaN(difference) ? Infinity : difference;
  }, 0);
}
