import {Bucket} from './bucket.ts';
import type {AnyIndex} from './definition.ts';
import {erased, messageOf} from './erased.ts';
import type {Grouping, GroupingListener, ReadableBucket} from './grouping.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';

/** Longer lists of values are compared as sets. */
const SHORT = 8;

type Values = string | readonly string[] | undefined;

/** An index of one collection: made on first use, then kept up to date and shared by all who read it. */
export class IndexTable implements Grouping {
  readonly name: string;
  readonly of: Store;
  readonly listeners: GroupingListener[] = [];
  watched = 0;
  readonly index: AnyIndex;
  readonly #buckets = new Map<string, Bucket>();

  constructor(of: Store, index: AnyIndex) {
    this.name = index.name;
    this.of = of;
    this.index = index;
    for (const slot of of.rows()) for (const value of listOf(this.#valuesOf(slot.row))) this.#bucket(value).add(slot);
  }

  get node() {
    return this.of.node;
  }

  readable(value: string): Bucket {
    return this.#bucket(value);
  }

  forget(bucket: ReadableBucket): void {
    const own = this.#buckets.get(bucket.value);
    if (own?.isVacant === true) this.#buckets.delete(bucket.value);
  }

  rowsOf(value: string): readonly unknown[] {
    return this.#buckets.get(value)?.rows() ?? [];
  }

  has(value: string): boolean {
    return this.sizeOf(value) > 0;
  }

  sizeOf(value: string): number {
    return this.#buckets.get(value)?.size ?? 0;
  }

  slotsOf(value: string): readonly Slot[] {
    return this.#buckets.get(value)?.slots() ?? [];
  }

  *values(): Iterable<string> {
    for (const [value, bucket] of this.#buckets) if (bucket.size > 0) yield value;
  }

  get isUsed(): boolean {
    if (this.listeners.length > 0) return true;
    for (const {readers} of this.#buckets.values()) if (readers !== undefined) return true;
    return false;
  }

  /** Registered readers of all buckets. */
  *buckets(): Iterable<Bucket> {
    yield* this.#buckets.values();
  }

  /** A row of the collection changed; the slot holds the new one already. */
  update(slot: Slot, old: unknown): void {
    if (this.watched === 0 && this.#isUnchanged(old, slot.row)) return;
    const before = old === undefined ? undefined : this.#valuesOf(old);
    const after = slot.row === undefined ? undefined : this.#valuesOf(slot.row);
    if (typeof before === 'string' && before === after) {
      this.#buckets.get(before)?.changed(slot, old);
      if (this.listeners.length > 0) this.#announce(before, slot);
      return;
    }
    const left = listOf(before);
    const entered = listOf(after);
    const stays = contains(entered);
    const stayed = contains(left);
    for (const value of left) {
      const bucket = this.#buckets.get(value);
      if (bucket === undefined) continue;
      if (stays(value)) bucket.changed(slot, old);
      else {
        bucket.remove(slot, old);
        if (bucket.isVacant) this.#buckets.delete(value);
      }
      this.#announce(value, slot);
    }
    for (const value of entered) {
      if (stayed(value)) continue;
      this.#bucket(value).add(slot);
      this.#announce(value, slot);
    }
  }

  /** Only of indexes whose buckets are not asked for rows: those hold slots, which know the new row. */
  #isUnchanged(old: unknown, now: unknown): boolean {
    const {unchanged} = this.index;
    return unchanged !== undefined && old !== undefined && now !== undefined && unchanged(erased(old), erased(now));
  }

  #announce(value: string, slot: Slot): void {
    for (const listener of this.listeners) listener.onValue(value, slot);
  }

  #bucket(value: string): Bucket {
    let bucket = this.#buckets.get(value);
    if (bucket === undefined) this.#buckets.set(value, (bucket = new Bucket(this, value)));
    return bucket;
  }

  /** None, and a diagnostic, where the function of the index throws. */
  #valuesOf(row: unknown): Values {
    try {
      return this.index.values(erased(row));
    } catch (error) {
      this.of.diagnose(
        `index ${this.name} failed for ${this.of.describe(row)}, which it does not find: ${messageOf(error)}`,
      );
      return undefined;
    }
  }
}

/** Each value once. */
function listOf(values: Values): readonly string[] {
  if (typeof values === 'string') return [values];
  // Extensions may be untyped: what is not a list has no values.
  if (!Array.isArray(values)) return [];
  return values.length > 1 ? [...new Set<string>(values)] : values;
}

function contains(values: readonly string[]): (value: string) => boolean {
  if (values.length <= SHORT) return (value) => values.includes(value);
  const set = new Set(values);
  return (value) => set.has(value);
}
