import { PowerSpectrum } from "./fft";

const WINDOW_S = 0.032;
const COLUMNS = 640;
const QUIETEST_DB = -100;
const LOUDEST_DB = -20;
// From silence to loud; between two of them it is linear.
const COLOURS = [
  [8, 6, 24],
  [50, 16, 92],
  [122, 32, 110],
  [198, 60, 78],
  [244, 128, 42],
  [252, 240, 164],
] as const;
const PALETTE = Array.from({ length: 256 }, (_, i) => colour(i / 255));

/** A picture that grows at its right edge while samples come. */
export class Spectrogram {
  private readonly pen: CanvasRenderingContext2D;
  private readonly column: ImageData;
  private readonly spectrum: PowerSpectrum;
  private readonly frame: Float32Array;
  private filled = 0;

  /** Clears the canvas and begins. `silence` samples are taken to have come before. */
  constructor(canvas: HTMLCanvasElement, sampleRate: number, silence = 0) {
    const size = 2 ** Math.round(Math.log2(WINDOW_S * sampleRate));
    this.spectrum = new PowerSpectrum(size);
    this.frame = new Float32Array(size);
    canvas.width = COLUMNS;
    canvas.height = size / 2;
    this.pen = canvas.getContext("2d", { alpha: false })!;
    this.pen.fillStyle = `rgb(${PALETTE[0]!.join()})`;
    this.pen.fillRect(0, 0, canvas.width, canvas.height);
    this.column = this.pen.createImageData(1, canvas.height);
    this.filled = size / 2;
    this.push(new Float32Array(silence));
  }

  /** Takes the next samples, any number, and draws what is ready. */
  push(samples: Float32Array): void {
    for (let start = 0; start < samples.length; ) {
      const part = samples.subarray(start, start + this.frame.length - this.filled);
      this.frame.set(part, this.filled);
      this.filled += part.length;
      start += part.length;
      if (this.filled === this.frame.length) this.draw();
    }
  }

  private draw(): void {
    const { pen, column } = this;
    const { canvas } = pen;
    this.spectrum.levels(this.frame).forEach((level, bin) => {
      const light = (level - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB);
      const [red, green, blue] = PALETTE[Math.round(255 * Math.min(1, Math.max(0, light)))]!;
      // Low sounds are at the bottom.
      column.data.set([red, green, blue, 255], 4 * (canvas.height - 1 - bin));
    });
    pen.drawImage(canvas, -1, 0);
    pen.putImageData(column, canvas.width - 1, 0);
    // Half of the window is seen again.
    this.frame.copyWithin(0, this.frame.length / 2);
    this.filled = this.frame.length / 2;
  }
}

/** How many seconds a spectrogram shows. */
export function secondsShown(sampleRate: number): number {
  return (COLUMNS * 2 ** Math.round(Math.log2(WINDOW_S * sampleRate))) / 2 / sampleRate;
}

function colour(light: number): [red: number, green: number, blue: number] {
  const place = Math.min(light * (COLOURS.length - 1), COLOURS.length - 1.001);
  const low = COLOURS[Math.floor(place)]!;
  const high = COLOURS[Math.floor(place) + 1]!;
  const mix = (i: 0 | 1 | 2): number => low[i] + (place % 1) * (high[i] - low[i]);
  return [mix(0), mix(1), mix(2)];
}
