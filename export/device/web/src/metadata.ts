import { strFromU8, unzipSync } from "fflate";

const FILE = "tfse.json";
const TFLITE_MAGIC = "TFL3";
/** The metadata has about 2,000 bytes; a file that unpacks to more is not unpacked. */
const MAX_BYTES = 65536;

/** What the exporter wrote into a file, as far as a host needs it. */
export interface Metadata {
  readonly model: string;
  readonly format: string;
  /** In Hz. */
  readonly sampleRate: number;
  readonly hopLength: number;
  readonly framesPerStep: number;
  /** By how many samples the output is later than the input. */
  readonly latencySamples: number;
  /** Samples of a step. */
  readonly blockLength: number;
}

/** Reads the metadata of a `.tflite` file; throws one line that says why it cannot. */
export function readMetadata(file: Uint8Array, name: string): Metadata {
  if (strFromU8(file.subarray(4, 8), true) !== TFLITE_MAGIC) {
    throw new Error(`${name} is not a TFLite file.`);
  }
  const values = parse(file, name);
  const whole = (key: string, least: number): number => {
    const value = values[key];
    if (typeof value !== "number" || !Number.isInteger(value) || value < least) {
      throw new Error(
        `${name}: \`${key}\` must be a whole number from ${least}; received ${JSON.stringify(value)}.`,
      );
    }
    return value;
  };
  const hopLength = whole("hop_length", 1);
  const framesPerStep = whole("frames_per_step", 1);
  return {
    model: String(values["model"] ?? name),
    format: String(values["format"] ?? "unknown format"),
    sampleRate: whole("sample_rate", 1),
    hopLength,
    framesPerStep,
    latencySamples: whole("latency_samples", 0),
    blockLength: hopLength * framesPerStep,
  };
}

function parse(file: Uint8Array, name: string): Record<string, unknown> {
  try {
    // The archive stands behind the model; the table at its end is found from the end of the file.
    const entry = unzipSync(file, {
      filter: (found) => found.name === FILE && found.originalSize <= MAX_BYTES,
    })[FILE];
    const values: unknown = entry && JSON.parse(strFromU8(entry));
    if (typeof values === "object" && values !== null) return values as Record<string, unknown>;
  } catch {
    // No archive, or no JSON in it: for the user it is the same.
  }
  throw new Error(`${name} has no tfse metadata (${FILE}); export the model with tfse.`);
}
