import type {HistoryEntry} from './graph-api.ts';
import type {Node} from './node.ts';
import type {Slot} from './slot.ts';

type Remembered = {
  epoch: number;
  node: Node;
  key: string;
  cause: Slot | undefined;
  outcome: HistoryEntry['outcome'];
  collection: string | undefined;
};

/** The last things that happened, in a ring: remembering costs next to nothing, and the memory is bounded. */
export class History {
  readonly #size: number;
  #ring: Remembered[] = [];
  /** Where the next one goes; the oldest once the ring is full. */
  #at = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** `collection` is told of rows that were removed. */
  remember(
    epoch: number,
    node: Node,
    key: string,
    cause: Slot | undefined,
    outcome: HistoryEntry['outcome'],
    collection: string | undefined,
  ): void {
    if (this.#size === 0) return;
    const old = this.#ring[this.#at];
    if (old === undefined) this.#ring.push({epoch, node, key, cause, outcome, collection});
    else {
      old.epoch = epoch;
      old.node = node;
      old.key = key;
      old.cause = cause;
      old.outcome = outcome;
      old.collection = collection;
    }
    this.#at = this.#at + 1 === this.#size ? 0 : this.#at + 1;
  }

  /** Oldest first. */
  entries(): readonly HistoryEntry[] {
    const entries: HistoryEntry[] = [];
    for (let i = 0; i < this.#ring.length; i++) {
      const one = this.#ring[(this.#at + i) % this.#ring.length];
      if (one === undefined) continue;
      const {epoch, node, key, cause, outcome, collection} = one;
      const told = cause && {collection: cause.store.name, key: cause.key};
      entries.push({epoch, node: node.name, key, cause: told, outcome, ...(collection !== undefined && {collection})});
    }
    return entries;
  }

  /** Forgets what these nodes did, and that their rows were causes: they are no more. */
  forget(nodes: ReadonlySet<Node>): void {
    const ring = [...this.#ring.slice(this.#at), ...this.#ring.slice(0, this.#at)];
    this.#ring = ring.filter(({node}) => !nodes.has(node));
    for (const one of this.#ring) if (one.cause !== undefined && nodes.has(one.cause.store.node)) one.cause = undefined;
    this.#at = this.#ring.length === this.#size ? 0 : this.#ring.length;
  }

  clear(): void {
    this.#ring = [];
    this.#at = 0;
  }
}
