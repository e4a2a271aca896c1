/**
 * Samples on their way to the loudspeaker, each with a fixed place in time.
 *
 * What comes too late is left out and what is missing is silence, so that
 * the delay never grows and two timelines that began together stay in line.
 */
export class Timeline {
  private readonly ring: Float32Array;

  /**
   * @param position of the first sample that will be taken; those below 0 are silence.
   * @param capacity how far ahead of that samples may be put, at least.
   */
  constructor(
    private position: number,
    capacity: number,
  ) {
    this.ring = new Float32Array(capacity);
  }

  /** Puts samples where they belong. Returns whether all of them came in time. */
  put(start: number, samples: Float32Array): boolean {
    const missed = Math.max(0, this.position - start);
    for (let i = missed; i < samples.length; i++) {
      this.ring[(start + i) % this.ring.length] = samples[i]!;
    }
    return missed === 0;
  }

  /** Takes the next samples. */
  take(target: Float32Array): void {
    for (let i = 0; i < target.length; i++, this.position++) {
      if (this.position < 0) {
        target[i] = 0;
        continue;
      }
      const place = this.position % this.ring.length;
      target[i] = this.ring[place]!;
      this.ring[place] = 0;
    }
  }
}
