const REMEMBERED = 1000;

/** How long the latest steps took. */
export class Timings {
  private readonly values: number[] = [];
  private next = 0;

  add(milliseconds: number): void {
    this.values[this.next] = milliseconds;
    this.next = (this.next + 1) % REMEMBERED;
  }

  /** Returns what a share of the steps stayed below, in ms; null before the first. */
  percentile(share: number): number | null {
    const sorted = this.values.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  }
}
