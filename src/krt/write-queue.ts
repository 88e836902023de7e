import type {Transaction} from './graph-api.ts';

/** A subscriber that writes on every commit it is told of is a loop; this many in a row are taken for one. */
const MAX_CHAIN = 1000;
/** Subscribers that write more than one commit for each are found by the sum, before their writes fill the memory. */
const MAX_AT_ONCE = 20_000;

export type Write = (tx: Transaction) => void;

/** Commits made while another is under way or being told of: each becomes an epoch of its own, in order. */
export class WriteQueue {
  #queue: {readonly write: Write; readonly depth: number}[] = [];
  /** How many commits caused each other, up to the one that is running. */
  #depth = 0;
  #epochs = 0;

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Returns how many writes wait now. */
  push(write: Write): number {
    return this.#queue.push({write, depth: this.#depth + 1});
  }

  /** Runs what waits, until nothing does. `run` returns the names of the inputs written. Throws where there is no end to it. */
  drain(run: (write: Write) => readonly string[]): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#depth = next.depth;
      const inputs = run(next.write);
      if (next.depth < MAX_CHAIN && ++this.#epochs < MAX_AT_ONCE) continue;
      throw new Error(`a loop: subscribers do not stop writing to ${inputs.join(', ')}`);
    }
  }

  reset(): void {
    this.#queue = [];
    this.#depth = this.#epochs = 0;
  }
}
