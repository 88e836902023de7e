import {itemsOf, type PlacedBag, withoutPlaced, withPlaced} from './bag.ts';
import type {AnyIndex} from './definition.ts';
import type {Grouping, GroupingListener, ReadableBucket} from './grouping.ts';
import type {Node} from './node.ts';
import type {PlacedWatcher, Slot, Watcher} from './slot.ts';
import type {Store} from './store.ts';

/** What a side asks its match: the slots that match the row of the other side with that key. */
export type MatchQuery = {
  matching(key: string): readonly Slot[];
  /** Keys of the rows of the other side. */
  keys(): Iterable<string>;
};

/** What one row of the other side matches: kept up to date as long as somebody reads it, found out anew otherwise. */
class MatchBucket implements ReadableBucket {
  readonly grouping: MatchSide;
  readonly value: string;
  readers: PlacedBag<PlacedWatcher> = undefined;
  size: number;
  #rows: readonly unknown[] | undefined = undefined;

  constructor(grouping: MatchSide, value: string) {
    this.grouping = grouping;
    this.value = value;
    this.size = grouping.slotsOf(value).length;
  }

  rows(): readonly unknown[] {
    return (this.#rows ??= this.grouping.rowsOf(this.value));
  }

  watch(reader: PlacedWatcher): void {
    this.readers = withPlaced(this.readers, reader);
    if (reader.interest === 'rows') this.grouping.rowReaders++;
  }

  unwatch(reader: PlacedWatcher): void {
    this.readers = withoutPlaced(this.readers, reader);
    if (reader.interest === 'rows') this.grouping.rowReaders--;
    this.grouping.forget(this);
  }

  forgetRows(): void {
    this.#rows = undefined;
  }
}

/** One way to read a match, as an index of the rows that are found. */
export class MatchSide implements Grouping {
  readonly name: string;
  readonly index: AnyIndex;
  readonly of: Store;
  readonly node: Node;
  readonly listeners = new Set<GroupingListener>();
  /** How many readers use the rows, not only their number. */
  rowReaders = 0;
  readonly #query: MatchQuery;
  readonly #buckets = new Map<string, MatchBucket>();
  /** Changes of membership of this epoch, told once all are known. */
  #events: {
    readonly bucket: MatchBucket;
    readonly slot: Slot;
    readonly old: unknown;
    readonly was: boolean;
    readonly is: boolean;
  }[] = [];

  constructor(node: Node, index: AnyIndex, of: Store, query: MatchQuery) {
    this.name = index.name;
    this.index = index;
    this.of = of;
    this.node = node;
    this.#query = query;
  }

  /** Whether anybody reads this side at all. */
  get isRead(): boolean {
    return this.#buckets.size > 0 || this.listeners.size > 0;
  }

  /** Whether a member that stays one, and is another row now, concerns anybody. */
  get usesRows(): boolean {
    return this.rowReaders > 0 || this.listeners.size > 0;
  }

  /** Whether somebody reads what the row of the other side with that key matches. */
  isReadFor(value: string): boolean {
    return this.listeners.size > 0 || this.#buckets.has(value);
  }

  readable(value: string): MatchBucket {
    let bucket = this.#buckets.get(value);
    if (bucket === undefined) this.#buckets.set(value, (bucket = new MatchBucket(this, value)));
    return bucket;
  }

  forget(bucket: ReadableBucket): void {
    if (bucket.readers === undefined && this.#buckets.get(bucket.value) === bucket) this.#buckets.delete(bucket.value);
  }

  slotsOf(value: string): readonly Slot[] {
    return this.#query.matching(value);
  }

  rowsOf(value: string): readonly unknown[] {
    const rows = this.slotsOf(value).map(({row}) => row);
    return this.of.development ? Object.freeze(rows) : rows;
  }

  has(value: string): boolean {
    return this.slotsOf(value).length > 0;
  }

  *values(): Iterable<string> {
    for (const key of this.#query.keys()) if (this.has(key)) yield key;
  }

  *watchers(): Iterable<Watcher> {
    for (const {readers} of this.#buckets.values()) yield* itemsOf(readers);
  }

  /** A row began or ceased to match, or matches as before and is another row now. */
  onMember(value: string, slot: Slot, old: unknown, was: boolean, is: boolean): void {
    for (const listener of this.listeners) listener.onValue(value, slot);
    const bucket = this.#buckets.get(value);
    if (bucket === undefined) return;
    bucket.forgetRows();
    this.#events.push({bucket, slot, old, was, is});
  }

  /** Tells the readers what `onMember` was told. */
  flush(): void {
    const events = this.#events;
    this.#events = [];
    const before = new Map<MatchBucket, number>();
    for (const {bucket, was, is} of events) {
      if (was === is) continue;
      if (!before.has(bucket)) before.set(bucket, bucket.size);
      bucket.size += is ? 1 : -1;
    }
    for (const {bucket, slot, old, was, is} of events) {
      const size = before.get(bucket) ?? bucket.size;
      const flips = size > 0 !== bucket.size > 0;
      for (const reader of itemsOf(bucket.readers)) reader.onChange(slot, old, was, is, flips);
    }
  }
}
