import type {Transaction} from './graph-api.ts';

/** A subscriber that writes on every commit it is told of is a loop; this many in a row are taken for one. */
const MAX_CHAIN = 1000;
/** Subscribers that write more than one commit for each are found by the sum, before their writes fill the memory. */
const MAX_AT_ONCE = 20_000;

type Write = (tx: Transaction) => void;

/** Commits made while another is under way or being told of: each becomes an epoch of its own, in order. */
export class WriteQueue {
  #queue: {readonly write: Write; readonly depth: number}[] = [];
  #busy = false;
  /** How many commits caused each other, up to the one that is running. */
  #depth = 0;

  get busy(): boolean {
    return this.#busy;
  }

  /** Returns how many writes wait now. */
  push(write: Write): number {
    return this.#queue.push({write, depth: this.#depth + 1});
  }

  /**
   * Does the work, then runs what was pushed meanwhile, until nothing is. `run` returns the names of the inputs written.
   * Throws where there is no end to it.
   */
  hold(work: () => void, run: (write: Write) => readonly string[]): void {
    this.#busy = true;
    try {
      work();
      let epochs = 0;
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#depth = next.depth;
        const inputs = run(next.write);
        if (next.depth < MAX_CHAIN && ++epochs < MAX_AT_ONCE) continue;
        throw new Error(`a loop: subscribers do not stop writing to ${inputs.join(', ')}`);
      }
    } finally {
      this.#busy = false;
      this.#depth = 0;
      this.#queue = [];
    }
  }
}
