/** A slice grows to at most so many times the one before it, since the first writes are often the cheap ones. */
const GROWTH = 2;
const FIRST = 16;
/** Beyond, a slice saves nothing, and the writes after cheap ones may be dear. */
const LARGEST = 256;
/** So many of the last slices tell what the next one will take; earlier ones found an emptier graph. */
const REMEMBERED = 8;
/** Slices that differ by less than this part of their size say nothing of what a write more takes. */
const ALIKE = 0.1;

/** A commit of so many writes took so many milliseconds. */
type Slice = {readonly writes: number; readonly millis: number};

/**
 * How many writes to commit at a time, so that a commit takes no longer than a budget. What a commit takes is
 * estimated, from those before, as a part for each write and a part that every commit takes, however small: where a
 * node reads everything there is, say. Small slices are of no use against that part. Where it alone is more than the
 * budget, a slice takes twice as long as it must, so that the whole does not take many times as long as it has to.
 *
 * Both parts are medians (of Theil and Sen), since now and then a commit is held up by something else.
 */
export class SliceSize {
  readonly #budget: number;
  readonly #last: Slice[] = [];
  #size = FIRST;

  /** In milliseconds. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#size;
  }

  took(writes: number, millis: number): void {
    this.#last.push({writes, millis});
    if (this.#last.length > REMEMBERED) this.#last.shift();
    const perWrite = this.#perWrite();
    const perCommit = this.#perCommit(perWrite);
    const forWrites = Math.max(this.#budget - perCommit, perCommit);
    const fitting = perWrite > 0 ? Math.floor(forWrites / perWrite) : LARGEST;
    this.#size = Math.max(1, Math.min(fitting, writes * GROWTH, LARGEST));
  }

  /** Where all slices were of about one size, all they took is taken to be the writes'. */
  #perWrite(): number {
    const slopes: number[] = [];
    for (const [i, one] of this.#last.entries()) {
      for (const other of this.#last.slice(0, i)) {
        const more = one.writes - other.writes;
        if (Math.abs(more) > ALIKE * one.writes) slopes.push((one.millis - other.millis) / more);
      }
    }
    const averages = this.#last.map(({writes, millis}) => millis / writes);
    return Math.max(0, median(slopes.length >= this.#last.length ? slopes : averages));
  }

  #perCommit(perWrite: number): number {
    return Math.max(0, median(this.#last.map(({writes, millis}) => millis - perWrite * writes)));
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
