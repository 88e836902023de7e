import {type Bag, withItem, withoutItem} from './bag.ts';
import type {Dependency, Reader} from './dependency.ts';
import {erased} from './erased.ts';
import type {TransformError} from './graph-api.ts';
import type {PlacedWatcher, Slot} from './slot.ts';

/** Enough causes to explain a run; a row fed by thousands keeps the first ones. */
const CAUSES_KEPT = 4;

/** Three truths in one word: there are as many entries as rows. */
const DIRTY = 1;
const RAN = 2;
const CHANGED = 4;
const YIELDS_MANY = 8;

/** What few entries have: there is one for every input row of every transform, so what is not needed is not there. */
type Rare = {error: TransformError | undefined; moreCauses: Slot[]};

/** Whoever runs the transform for an entry that is dirty. */
export type EntryOwner = {readonly name: string; onDirty(entry: Entry): void; countScan(): void};

/** One input row of a transform, what it was answered last, and what it yields. */
export class Entry implements Reader, PlacedWatcher {
  readonly owner: EntryOwner;
  /** The input row; none for a singleton. */
  readonly source: Slot | undefined;
  /** The fetches of the last run, in order: the first of a chain. */
  dependencies: Dependency | undefined = undefined;
  /** The slots, of all outputs, that it yields rows for; changed by `addYield` and `dropYield`. */
  yields: Bag<Slot> = undefined;
  #flags = 0;
  position = -1;
  /** When it ran last. */
  epoch = 0;
  /** Why it ran last, or is about to run: the first cause. */
  cause: Slot | undefined = undefined;
  #rare: Rare | undefined = undefined;

  constructor(owner: EntryOwner, source: Slot | undefined) {
    this.owner = owner;
    this.source = source;
  }

  /** Waits to be run. */
  get isDirty(): boolean {
    return (this.#flags & DIRTY) !== 0;
  }

  set isDirty(value: boolean) {
    this.#flags = value ? this.#flags | DIRTY : this.#flags & ~DIRTY;
  }

  /** Whether it ever ran without an error. */
  get hasRun(): boolean {
    return (this.#flags & RAN) !== 0;
  }

  set hasRun(value: boolean) {
    this.#flags = value ? this.#flags | RAN : this.#flags & ~RAN;
  }

  /** Whether the last run changed a row. */
  get changed(): boolean {
    return (this.#flags & CHANGED) !== 0;
  }

  set changed(value: boolean) {
    this.#flags = value ? this.#flags | CHANGED : this.#flags & ~CHANGED;
  }

  /** The slot that it yields a row for, where that is one: cheaper than to ask what kind of bag it is. */
  get onlyYield(): Slot | undefined {
    return (this.#flags & YIELDS_MANY) === 0 ? erased(this.yields) : undefined;
  }

  addYield(slot: Slot): void {
    if (this.yields === undefined) this.yields = slot;
    else this.#setYields(withItem(this.yields, slot));
  }

  dropYield(slot: Slot): void {
    this.#setYields(withoutItem(this.yields, slot));
  }

  #setYields(yields: Bag<Slot>): void {
    this.yields = yields;
    const isMany = Array.isArray(yields) || yields instanceof Set;
    this.#flags = isMany ? this.#flags | YIELDS_MANY : this.#flags & ~YIELDS_MANY;
  }

  /** The key of the input row; empty for a singleton. */
  get key(): string {
    return this.source?.key ?? '';
  }

  /** The input row changed. */
  onChange(slot: Slot): void {
    this.markDirty(slot);
  }

  markDirty(cause: Slot): void {
    if (!this.isDirty) {
      this.isDirty = true;
      this.cause = cause;
      if (this.#rare !== undefined) this.#rare.moreCauses = [];
      this.owner.onDirty(this);
    } else if (cause !== this.cause) this.#addCause(cause);
  }

  #addCause(cause: Slot): void {
    if (this.cause === undefined) this.cause = cause;
    else {
      const {moreCauses} = (this.#rare ??= {error: undefined, moreCauses: []});
      if (moreCauses.length < CAUSES_KEPT - 1) moreCauses.push(cause);
    }
  }

  /** The first causes of the last run. */
  causes(): readonly Slot[] {
    return this.cause === undefined ? [] : [...new Set([this.cause, ...(this.#rare?.moreCauses ?? [])])];
  }

  get error(): TransformError | undefined {
    return this.#rare?.error;
  }

  set error(error: TransformError | undefined) {
    if (error !== undefined) (this.#rare ??= {error, moreCauses: []}).error = error;
    else if (this.#rare !== undefined) this.#rare.error = undefined;
  }

  countScan(): void {
    this.owner.countScan();
  }

  /** Drops the dependencies from the given one on; `last` is the one before it. */
  dropDependencies(from: Dependency | undefined, last: Dependency | undefined): void {
    if (last === undefined) this.dependencies = undefined;
    else last.following = undefined;
    for (let dependency = from; dependency !== undefined; dependency = dependency.following) dependency.unregister();
  }
}
