const HEADER_BYTES = 58;
const IEEE_FLOAT = 3;

/** Returns a mono WAV file of 32-bit floats: nothing is rounded, and nothing too loud is clipped. */
export function encodeWav(samples: Float32Array, sampleRate: number): Blob {
  const bytes = 4 * samples.length;
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const text = (at: number, value: string): void => {
    for (let i = 0; i < value.length; i++) header.setUint8(at + i, value.charCodeAt(i));
  };
  text(0, "RIFF");
  header.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 18, true);
  header.setUint16(20, IEEE_FLOAT, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, 4 * sampleRate, true);
  header.setUint16(32, 4, true);
  header.setUint16(34, 32, true);
  // A format other than PCM says how long its extension is, and how many samples there are.
  header.setUint16(36, 0, true);
  text(38, "fact");
  header.setUint32(42, 4, true);
  header.setUint32(46, samples.length, true);
  text(50, "data");
  header.setUint32(54, bytes, true);
  const data = new DataView(new ArrayBuffer(bytes));
  samples.forEach((value, i) => data.setFloat32(4 * i, value, true));
  return new Blob([header.buffer, data.buffer], { type: "audio/wav" });
}
