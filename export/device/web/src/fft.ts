/** Power spectra of frames of one size, a power of two, under a Hann window. */
export class PowerSpectrum {
  private readonly window: Float32Array;
  private readonly cosines: Float32Array;
  private readonly sines: Float32Array;
  private readonly reversed: Uint32Array;
  private readonly real: Float32Array;
  private readonly imaginary: Float32Array;

  constructor(readonly size: number) {
    const turn = (2 * Math.PI) / size;
    const bits = Math.log2(size);
    this.window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos(turn * i));
    this.cosines = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos(turn * i));
    this.sines = Float32Array.from({ length: size / 2 }, (_, i) => -Math.sin(turn * i));
    this.reversed = Uint32Array.from({ length: size }, (_, i) => {
      let mirrored = 0;
      for (let bit = 0; bit < bits; bit++) mirrored |= ((i >> bit) & 1) << (bits - 1 - bit);
      return mirrored;
    });
    this.real = new Float32Array(size);
    this.imaginary = new Float32Array(size);
  }

  /** Returns the level of each bin below half the rate in dB; a sine of full scale has 0. */
  levels(frame: Float32Array): Float32Array {
    this.transform(frame);
    // The window halves a sine, and a real sine has half of its amplitude on either side.
    const scale = 16 / this.size ** 2;
    return Float32Array.from({ length: this.size / 2 }, (_, bin) => {
      const power = this.real[bin]! ** 2 + this.imaginary[bin]! ** 2;
      return 10 * Math.log10(scale * power + 1e-20);
    });
  }

  private transform(frame: Float32Array): void {
    const { size, real, imaginary } = this;
    for (let i = 0; i < size; i++) {
      const from = this.reversed[i]!;
      real[i] = frame[from]! * this.window[from]!;
    }
    imaginary.fill(0);
    for (let half = 1; half < size; half *= 2) {
      for (let start = 0; start < size; start += 2 * half) {
        for (let i = 0; i < half; i++) this.butterfly(start + i, start + i + half, (i * size) / (2 * half));
      }
    }
  }

  private butterfly(a: number, b: number, angle: number): void {
    const { real, imaginary } = this;
    const c = this.cosines[angle]!;
    const s = this.sines[angle]!;
    const re = real[b]! * c - imaginary[b]! * s;
    const im = real[b]! * s + imaginary[b]! * c;
    real[b] = real[a]! - re;
    imaginary[b] = imaginary[a]! - im;
    real[a]! += re;
    imaginary[a]! += im;
  }
}
