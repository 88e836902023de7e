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
  /** The last row that came or went in this epoch, and how many there were before it. */
  #cause: Slot | undefined = undefined;
  #before = 0;

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
    this.grouping.watched++;
    if (reader.interest === 'rows') this.grouping.rowReaders++;
  }

  unwatch(reader: PlacedWatcher): void {
    this.readers = withoutPlaced(this.readers, reader);
    this.grouping.watched--;
    if (reader.interest === 'rows') this.grouping.rowReaders--;
    this.grouping.forget(this);
  }

  /** One row more or less. Returns whether it is the first such change of the epoch. */
  count(cause: Slot, isMore: boolean): boolean {
    const isFirst = this.#cause === undefined;
    if (isFirst) this.#before = this.size;
    this.#cause = cause;
    this.size += isMore ? 1 : -1;
    return isFirst;
  }

  tell(slot: Slot, old: unknown, was: boolean, is: boolean): void {
    this.#rows = undefined;
    const {readers} = this;
    if (Array.isArray(readers)) for (const reader of readers) reader.onChange(slot, old, was, is, false);
    else readers?.onChange(slot, old, was, is, false);
  }

  /** Ends the epoch. */
  tellTurn(): void {
    const cause = this.#cause;
    this.#cause = undefined;
    if (cause === undefined || this.#before > 0 === this.size > 0) return;
    const is = this.size > 0;
    for (const reader of itemsOf(this.readers)) {
      if (reader.interest === 'exists') reader.onChange(cause, undefined, !is, is, true);
    }
  }
}

/** One way to read a match, as an index of the rows that are found. */
export class MatchSide implements Grouping {
  readonly name: string;
  readonly index: AnyIndex;
  readonly of: Store;
  readonly node: Node;
  readonly listeners: GroupingListener[] = [];
  /** How many readers use the rows, not only their number. */
  rowReaders = 0;
  watched = 0;
  readonly #query: MatchQuery;
  readonly #buckets = new Map<string, MatchBucket>();
  /** Buckets whose number of rows may be another than before. */
  #touched: MatchBucket[] = [];

  constructor(node: Node, index: AnyIndex, of: Store, query: MatchQuery) {
    this.name = index.name;
    this.index = index;
    this.of = of;
    this.node = node;
    this.#query = query;
  }

  /** Whether anybody reads this side at all. */
  get isRead(): boolean {
    return this.#buckets.size > 0 || this.listeners.length > 0;
  }

  /** Whether a member that stays one, and is another row now, concerns anybody. */
  get usesRows(): boolean {
    return this.rowReaders > 0 || this.listeners.length > 0;
  }

  /** Whether somebody reads what the row of the other side with that key matches. */
  isReadFor(value: string): boolean {
    return this.listeners.length > 0 || this.#buckets.has(value);
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
    if (was !== is && bucket.count(slot, is)) this.#touched.push(bucket);
    bucket.tell(slot, old, was, is);
  }

  /** All of an epoch is known: tells those who read whether there is a row, where that turned. */
  flush(): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    for (const bucket of touched) bucket.tellTurn();
  }
}
