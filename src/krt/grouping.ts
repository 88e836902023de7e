import type {PlacedBag} from './bag.ts';
import type {AnyIndex} from './definition.ts';
import type {Node} from './node.ts';
import type {PlacedWatcher, Slot} from './slot.ts';
import type {Store} from './store.ts';

/** The rows with one value of an index, as those see them who read them. */
export type ReadableBucket = {
  readonly grouping: Grouping;
  readonly value: string;
  readonly readers: PlacedBag<PlacedWatcher>;
  readonly size: number;
  /** In order of their keys. Must not be changed. */
  rows(): readonly unknown[];
  watch(reader: PlacedWatcher): void;
  unwatch(reader: PlacedWatcher): void;
};

/** A live index: of a collection, or a side of a match. */
export type Grouping = {
  readonly name: string;
  /** The definition that it is the live form of. */
  readonly index: AnyIndex;
  /** Whose rows it finds. */
  readonly of: Store;
  /** What brings it up to date: who reads it ranks above. */
  readonly node: Node;
  /** The bucket to read and to watch; made where there is none. */
  readable(value: string): ReadableBucket;
  /** Lets go of a bucket that nobody reads and that holds nothing. */
  forget(bucket: ReadableBucket): void;
  /** Rows with that value, and whether there are any, without watching. */
  rowsOf(value: string): readonly unknown[];
  has(value: string): boolean;
  /** The slots of the rows with that value, in order of their keys. */
  slotsOf(value: string): readonly Slot[];
  /** Values that have rows. */
  values(): Iterable<string>;
  readonly listeners: GroupingListener[];
  /** How many readers there are. */
  watched: number;
};

/** Told of every value whose rows changed, and of the row that did it. */
export type GroupingListener = {onValue(value: string, cause: Slot): void};
