/** A slice grows to at most so many times the one before it, since the first writes are often the cheap ones. */
const GROWTH = 2;
const FIRST = 16;
/** Beyond, a slice saves nothing, and the writes after cheap ones may be dear. */
const LARGEST = 256;
/** What a slice counts for when the next one has been measured: what it says grows old, as the graph fills. */
const DECAY = 0.6;
/** A commit counts for at most so many times what was expected of it: something else may have held it up. */
const SURPRISE = 3;

/**
 * How many writes to commit at a time, so that a commit takes no longer than a budget. What a commit takes is
 * estimated, from those before, as a part for each write and a part that every commit takes, however small: where a
 * node reads everything there is, say. Small slices are of no use against that part. Where it alone is more than the
 * budget, a slice takes twice as long as it must, so that the whole does not take many times as long as it has to.
 */
export class SliceSize {
  readonly #budget: number;
  #size = FIRST;
  // Sums over the slices so far, the later the weightier: for a line through what they took.
  #weight = 0;
  #writes = 0;
  #millis = 0;
  #squares = 0;
  #products = 0;
  #estimate: {readonly perCommit: number; readonly perWrite: number} | undefined = undefined;

  /** In milliseconds. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#size;
  }

  /** A commit of so many writes took so many milliseconds. */
  took(writes: number, millis: number): void {
    const expected = this.#estimate && this.#estimate.perCommit + this.#estimate.perWrite * writes;
    const counted = expected === undefined ? millis : Math.min(millis, SURPRISE * Math.max(expected, this.#budget));
    this.#weight = this.#weight * DECAY + 1;
    this.#writes = this.#writes * DECAY + writes;
    this.#millis = this.#millis * DECAY + counted;
    this.#squares = this.#squares * DECAY + writes * writes;
    this.#products = this.#products * DECAY + writes * counted;
    const perWrite = this.#slope(counted / writes);
    const perCommit = Math.max(0, (this.#millis - perWrite * this.#writes) / this.#weight);
    this.#estimate = {perCommit, perWrite};
    const forWrites = Math.max(this.#budget - perCommit, perCommit);
    const fitting = perWrite > 0 ? Math.floor(forWrites / perWrite) : LARGEST;
    this.#size = Math.max(1, Math.min(fitting, writes * GROWTH, LARGEST));
  }

  /** What a write more takes. Where all slices were of one size, all is taken to be the writes'. */
  #slope(average: number): number {
    const spread = this.#weight * this.#squares - this.#writes ** 2;
    if (spread < (this.#writes * 0.1) ** 2) return average;
    return Math.max(0, (this.#weight * this.#products - this.#writes * this.#millis) / spread);
  }
}
