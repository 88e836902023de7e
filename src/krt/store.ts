import {type Bag, itemsOf, withItem, withoutItem} from './bag.ts';
import type {AnyCollection, AnyIndex, Labels} from './definition.ts';
import type {Change, Delta} from './delta.ts';
import {equalityOf} from './equality-of.ts';
import {erased, messageOf} from './erased.ts';
import {IndexTable} from './index-table.ts';
import {LabelIndex} from './label-index.ts';
import type {Host, Node} from './node.ts';
import {Pile} from './pile.ts';
import {removeFrom} from './remove-from.ts';
import {anchorsOf, type LabelSelector} from './selector.ts';
import {SelectorIndex} from './selector-index.ts';
import {NOTHING, Slot, type Watcher} from './slot.ts';
import type {Subscriber} from './subscribers.ts';
import {SortedSlots} from './sorted-slots.ts';

/** A node that processes a store's changes at a higher rank than the store's own. */
export type StoreListener = {onSourceChange(slot: Slot, old: unknown): void};

/** A node that runs a transform for every row: hears of rows that appear; of their changes it hears from the slots. */
export type StoreFollower = {onRow(slot: Slot): void};

const NO_LABELS: Labels = {};

/**
 * The rows of one collection with its indexes and with those who depend on it. Changes enter by `apply`, one at a
 * time; at once every reader whose answer may differ is told, and the change joins the epoch's delta.
 */
export class Store {
  readonly name: string;
  readonly collection: AnyCollection;
  readonly node: Node;
  readonly followers: StoreFollower[] = [];
  readonly listeners: StoreListener[] = [];
  /** Who wants to hear of changes. */
  subscribers: Bag<Subscriber> = undefined;
  size = 0;
  readonly equal: (old: unknown, now: unknown) => boolean;
  readonly #host: Host;
  readonly #slots = new Map<string, Slot>();
  readonly #sorted = new SortedSlots();
  #rows: readonly unknown[] | undefined = undefined;
  /** Who depends on the whole collection. */
  #readers: Bag<Watcher> = undefined;
  readonly #tables = new Map<AnyIndex, IndexTable>();
  #labels: {readonly scoped: LabelIndex; readonly unscoped: LabelIndex} | undefined = undefined;
  readonly #selectors: SelectorIndex[] = [];
  readonly #selectorsByScope = new Map<boolean, SelectorIndex>();
  /** Slots changed in this epoch. */
  readonly #changed = new Pile<Slot>();
  /** Whether one of them changed more than once. */
  #twice = false;

  constructor(host: Host, collection: AnyCollection, node: Node) {
    this.name = collection.name;
    this.collection = collection;
    this.node = node;
    this.#host = host;
    this.equal = equalityOf(collection.equals, (error) =>
      this.diagnose(`comparing two rows failed, they count as different: ${messageOf(error)}`),
    );
  }

  get development(): boolean {
    return this.#host.development;
  }

  get(key: string): Slot | undefined {
    return this.#slots.get(key);
  }

  row(key: string): unknown {
    return this.#slots.get(key)?.row;
  }

  /** The slot of a key, whether there is such a row or not. Whoever gets it here and has no use for it calls `forget`. */
  slot(key: string): Slot {
    let slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, (slot = new Slot(this, key)));
    return slot;
  }

  /** Lets go of a slot that nothing hangs on. */
  forget(slot: Slot): void {
    if (slot.row !== undefined || slot.readers !== undefined || slot.next !== NOTHING) return;
    if (this.#slots.get(slot.key) === slot) this.#slots.delete(slot.key);
  }

  /** Slots that have a row, in no particular order. */
  *rows(): IterableIterator<Slot> {
    for (const slot of this.#slots.values()) if (slot.row !== undefined) yield slot;
  }

  /** All slots, also of keys that somebody only waits for. */
  slots(): IterableIterator<Slot> {
    return this.#slots.values();
  }

  /** Sorted by key (code units), so that answers do not depend on the order of writes. The same array until a row changes. */
  list(): readonly unknown[] {
    if (this.#rows !== undefined) return this.#rows;
    this.#rows = this.#sorted.list(() => this.rows()).map(({row}) => row);
    if (this.development) Object.freeze(this.#rows);
    return this.#rows;
  }

  sortedSlots(): readonly Slot[] {
    return this.#sorted.list(() => this.rows());
  }

  /** The live index; built on first use. */
  table(index: AnyIndex): IndexTable {
    let table = this.#tables.get(index);
    if (table === undefined) {
      for (const {name} of this.#tables.keys()) {
        if (name === index.name) this.diagnose(`index ${name} exists twice; an index is made once and shared`);
      }
      this.#tables.set(index, (table = new IndexTable(this, index)));
    }
    return table;
  }

  labelIndex(scoped: boolean): LabelIndex {
    this.#labels ??= {scoped: new LabelIndex(this, true), unscoped: new LabelIndex(this, false)};
    return scoped ? this.#labels.scoped : this.#labels.unscoped;
  }

  selectorIndex(scoped: boolean): SelectorIndex {
    let index = this.#selectorsByScope.get(scoped);
    if (index === undefined) {
      index = new SelectorIndex(this, scoped);
      this.#selectorsByScope.set(scoped, index);
      this.#selectors.push(index);
    }
    return index;
  }

  watch(reader: Watcher): void {
    this.#readers = withItem(this.#readers, reader);
  }

  unwatch(reader: Watcher): void {
    this.#readers = withoutItem(this.#readers, reader);
  }

  /** Puts one change into effect. `row` undefined removes. The caller has made sure that it differs. */
  apply(slot: Slot, row: unknown): void {
    const old = slot.row;
    slot.row = row;
    slot.epoch = this.#host.epoch;
    this.#rows = undefined;
    if (old === undefined) {
      this.size++;
      this.#sorted.added(slot);
    } else if (row === undefined) {
      this.size--;
      this.#sorted.removed(slot);
    }
    if (this.subscribers !== undefined) this.#record(slot, old);
    slot.tell(old);
    if (this.#readers !== undefined) this.#tellReaders(this.#readers, slot, old);
    if (this.#tables.size > 0) for (const table of this.#tables.values()) table.update(slot, old);
    for (const selectors of this.#selectors) selectors.update(slot, old);
    for (const listener of this.listeners) listener.onSourceChange(slot, old);
    if (old === undefined) for (const follower of this.followers) follower.onRow(slot);
    else if (row === undefined) this.forget(slot);
  }

  #tellReaders(readers: Bag<Watcher>, slot: Slot, old: unknown): void {
    const was = old !== undefined;
    const is = slot.row !== undefined;
    for (const reader of itemsOf(readers)) reader.onChange(slot, old, was, is, was !== is);
  }

  #record(slot: Slot, old: unknown): void {
    if (slot.before !== NOTHING) this.#twice = true;
    else {
      slot.before = old;
      if (this.#changed.size === 0) this.#host.touched(this);
      this.#changed.add(slot);
    }
  }

  /** The net changes since the last call: what the epoch did to this collection. */
  takeDelta(epoch: number): Delta<unknown> | undefined {
    const changes = this.#changed.size === 1 ? this.#takeOne() : this.#takeAll();
    this.#changed.clear();
    this.#twice = false;
    return changes && {epoch, collection: this.name, snapshot: false, changes};
  }

  /**
   * Most commits change one row, which is by itself for the sake of V8 too: it sees that the changes of a first load
   * survive, and puts all that is made in their place into old space from then on, where each edit leaves garbage.
   */
  #takeOne(): Change<unknown>[] | undefined {
    const slot = this.#changed.at(0);
    if (slot === undefined) return undefined;
    const change = {key: slot.key, old: slot.before, new: slot.row};
    slot.before = NOTHING;
    return this.#twice && this.#isUndone(change) ? undefined : [change];
  }

  #takeAll(): Change<unknown>[] | undefined {
    const changes: Change<unknown>[] = [];
    for (let i = 0; i < this.#changed.size; i++) {
      const slot = this.#changed.at(i);
      if (slot === undefined) continue;
      const change = {key: slot.key, old: slot.before, new: slot.row};
      slot.before = NOTHING;
      if (!this.#twice || !this.#isUndone(change)) changes.push(change);
    }
    return changes.length > 0 ? changes : undefined;
  }

  /** A later change of the same epoch may have taken the first one back. */
  #isUndone({old, new: now}: Change<unknown>): boolean {
    return old === now || (old !== undefined && now !== undefined && this.equal(old, now));
  }

  snapshot(epoch: number): Delta<unknown> {
    const changes = [...this.rows()].map(({key, row}) => ({key, old: undefined, new: row}));
    return {epoch, collection: this.name, snapshot: true, changes};
  }

  /** Everybody who is registered on this store; nobody once everything that read it is gone. */
  *watchers(): Iterable<Watcher> {
    yield* itemsOf(this.#readers);
    for (const {readers} of this.#slots.values()) yield* itemsOf(readers);
    for (const table of this.#tables.values()) for (const {readers} of table.buckets()) yield* itemsOf(readers);
    for (const selectors of this.#selectors) yield* selectors.readers();
  }

  /** Lets go of the indexes that nobody uses. They are made again when somebody does. */
  prune(): void {
    for (const [index, table] of this.#tables) if (!table.isUsed) this.#tables.delete(index);
    for (const [scoped, selectors] of this.#selectorsByScope) {
      if (selectors.isUsed) continue;
      this.#selectorsByScope.delete(scoped);
      removeFrom(this.#selectors, selectors);
    }
  }

  /** The labels of a row; none, and a diagnostic, where the function that knows them throws. */
  labelsOf(row: unknown): Labels {
    try {
      return this.collection.labelsOf?.(erased(row)) ?? NO_LABELS;
    } catch (error) {
      this.diagnose(`the labels of ${this.describe(row)} failed, it counts as without any: ${messageOf(error)}`);
      return NO_LABELS;
    }
  }

  namespaceOf(row: unknown): string {
    try {
      return this.collection.namespaceOf?.(erased(row)) ?? '';
    } catch (error) {
      this.diagnose(`the namespace of ${this.describe(row)} failed, it counts as without one: ${messageOf(error)}`);
      return '';
    }
  }

  /** The selector of a row; none, and a diagnostic, where the function that knows it throws or it is not one. */
  selectorOf(row: unknown): LabelSelector | undefined {
    try {
      const selector = this.collection.selectorOf?.(erased(row));
      if (selector !== undefined) anchorsOf(selector);
      return selector;
    } catch (error) {
      this.diagnose(`the selector of ${this.describe(row)} failed, it selects nothing: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** The key of a row, for messages. */
  describe(row: unknown): string {
    try {
      return this.collection.keyOf(erased(row));
    } catch {
      return 'a row';
    }
  }

  diagnose(message: string): void {
    this.#host.diagnose(this.name, message);
  }
}
