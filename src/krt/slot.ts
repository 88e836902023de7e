import {type Placed, type PlacedBag, withoutPlaced, withPlaced} from './bag.ts';
import type {Entry} from './entry.ts';
import type {Dispute} from './ownership.ts';
import type {Store} from './store.ts';

/** Nothing is staged: `undefined` stands for a removal. */
export const NOTHING = Symbol('nothing');

/** Who is told of a change: `was` and `is` say whether the row belongs to the answer, `flips` whether the answer turned empty or non-empty. */
export type Watcher = {
  onChange(slot: Slot, old: unknown, was: boolean, is: boolean, flips: boolean): void;
  /** What part of the answer it uses, where that makes a difference. */
  readonly interest?: 'rows' | 'count' | 'exists';
};

/** One that watches at one place only. */
export type PlacedWatcher = Watcher & Placed;

/**
 * One key of a store: its row, and everything that hangs on the key. It lives as long as it has a row or anybody is
 * interested in the key; so who holds a slot needs no look-up.
 */
export class Slot {
  readonly store: Store;
  readonly key: string;
  /** `undefined` = there is no such row now. */
  row: unknown = undefined;
  /** What the owner of the store will make of the row before the epoch ends. */
  next: unknown = NOTHING;
  /** What the row was before this epoch changed it, where somebody is subscribed; `undefined` = there was none. */
  before: unknown = NOTHING;
  /** Transforms that have this row as their input, and fetches by this key. */
  readers: PlacedBag<PlacedWatcher> = undefined;
  /** Derived rows: the transform run that yields it, or several that dispute it. Grouped rows: the member that changed last. */
  maker: Entry | Dispute | Slot | undefined = undefined;
  /** When the row changed last. */
  epoch = 0;

  constructor(store: Store, key: string) {
    this.store = store;
    this.key = key;
  }

  watch(reader: PlacedWatcher): void {
    this.readers = withPlaced(this.readers, reader);
  }

  unwatch(reader: PlacedWatcher): void {
    this.readers = withoutPlaced(this.readers, reader);
    this.store.forget(this);
  }

  tell(old: unknown): void {
    const {readers} = this;
    if (readers === undefined) return;
    const was = old !== undefined;
    const is = this.row !== undefined;
    if (Array.isArray(readers)) for (const reader of readers) reader.onChange(this, old, was, is, was !== is);
    else readers.onChange(this, old, was, is, was !== is);
  }
}

export const byKey = (a: Slot, b: Slot): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
