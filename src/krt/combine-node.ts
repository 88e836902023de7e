import type {AnyCollection, JoinDefinition, MergeDefinition, NestedDefinition, Row} from './definition.ts';
import {erased, messageOf} from './erased.ts';
import {deepFreeze} from './freeze.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import {Pile} from './pile.ts';
import {NOTHING, type Slot} from './slot.ts';
import {removeFrom} from './remove-from.ts';
import {Store, type StoreListener} from './store.ts';

type CombiningDefinition = JoinDefinition | MergeDefinition | NestedDefinition;

/** The way from all rows of a key, at least one, to the row that stands for them. */
type Merge = (rows: readonly unknown[], key: string) => unknown;

const NO_SLOTS: Slot[] = [];

/**
 * `join`, `union` and `merge`: the rows of several collections as one, in the order of the collections. Rows that are
 * alone are shared with their source, not copied. Nested collections build on it (nested-node.ts).
 */
export class CombineNode implements Node, StoreListener {
  readonly kind: CombiningDefinition['kind'];
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  isScheduled = false;
  scheduledNext: Node | undefined = undefined;
  readonly counters = new Tally();
  protected readonly host: Host;
  readonly #store: Store;
  readonly #disjoint: boolean;
  readonly #merge: Merge | undefined;
  /** Rows are those of the sources, and compared as they are there. */
  readonly #takesOver: boolean;
  #sources: readonly Store[] = [];
  /** Own slots of keys whose rows may be others now. */
  readonly #touched = new Pile<Slot>();

  constructor(host: Host, collection: AnyCollection, definition: CombiningDefinition) {
    this.host = host;
    this.kind = definition.kind;
    this.name = definition.name;
    this.#store = new Store(host, collection, this);
    this.outputs = [this.#store];
    this.#disjoint = definition.kind === 'join' && definition.disjoint;
    this.#merge = mergeOf(definition);
    this.#takesOver = this.#merge === undefined && collection.equals === undefined;
  }

  /** The collections in order of priority. A collection may occur twice, which changes nothing. */
  protected setSources(sources: readonly Store[]): void {
    const [before, after] = [new Set(this.#sources), new Set(sources)];
    this.#sources = [...after];
    for (const source of before) {
      if (after.has(source)) continue;
      removeFrom(source.listeners, this);
      for (const slot of source.rows()) this.touch(slot);
    }
    for (const source of after) {
      if (before.has(source)) continue;
      source.listeners.push(this);
      for (const slot of source.rows()) this.touch(slot);
    }
  }

  protected order(): readonly Store[] {
    return this.#sources;
  }

  /** All keys may have another order of sources now. */
  protected touchAll(): void {
    for (const source of this.#sources) for (const slot of source.rows()) this.touch(slot);
  }

  start(sources: readonly Store[]): void {
    this.setSources(sources);
  }

  onSourceChange(slot: Slot): void {
    this.touch(slot);
  }

  protected touch(source: Slot): void {
    const slot = this.#store.slot(source.key);
    const isPending = slot.next !== NOTHING;
    // Spares one look-up later; the last counts, since a slot may be replaced. The row is made when all are up to date.
    slot.next = source;
    if (isPending) return;
    this.#touched.add(slot);
    if (!this.isScheduled) this.host.schedule(this);
  }

  process(): void {
    const touched = this.#touched;
    for (let i = 0; i < touched.size; i++) {
      const slot = touched.at(i);
      if (slot === undefined || slot.next === NOTHING) continue;
      const touchedBy: Slot = erased(slot.next);
      slot.next = NOTHING;
      const holders = this.#holders(slot.key, touchedBy);
      const row = this.#rowOf(holders, slot);
      if (this.#isSame(slot, row, holders)) {
        this.#store.forget(slot);
        continue;
      }
      const [first] = holders;
      slot.maker = first;
      if (this.host.development) deepFreeze(row);
      this.#store.apply(slot, row);
      this.counters.changed++;
      this.host.remember(
        this,
        slot.key,
        first,
        row === undefined ? 'removed' : 'changed',
        row === undefined ? this.name : undefined,
      );
    }
    touched.clear();
  }

  /** A row that is taken over from the same source as before is compared there. */
  #isSame(slot: Slot, row: unknown, [first]: readonly Slot[]): boolean {
    if (row === slot.row) return true;
    if (row === undefined || slot.row === undefined) return false;
    if (slot.maker === first && this.#takesOver && first?.store.collection.equals === undefined) return false;
    return this.#store.equal(slot.row, row);
  }

  /** The last good row stands where the function that merges throws or returns what is not a row of that key. */
  #rowOf(holders: readonly Slot[], {key, row: last}: Slot): unknown {
    const [first] = holders;
    if (first === undefined || this.#merge === undefined) {
      if (this.#disjoint && holders.length > 1) this.#reportShared(key, holders);
      return first?.row;
    }
    try {
      const row = this.#merge(
        holders.map((holder) => holder.row),
        key,
      );
      if (!isRowOf(row, key)) throw new Error(`what it returned is not a row with the key ${key}`);
      return row;
    } catch (error) {
      this.host.diagnose(this.name, `merging failed for ${key}, its last good row stands: ${messageOf(error)}`);
      return last;
    }
  }

  #reportShared(key: string, holders: readonly Slot[]): void {
    const names = holders.map(({store}) => store.name);
    this.host.diagnose(this.name, `${key} is in ${names.join(' and in ')}; the first wins`);
  }

  /** The rows of a key, in the order of the sources. */
  #holders(key: string, known?: Slot): readonly Slot[] {
    let holders: Slot[] = NO_SLOTS;
    for (const source of this.#sources) {
      const slot = known?.store === source ? known : source.get(key);
      if (slot?.row === undefined) continue;
      if (holders === NO_SLOTS) holders = [slot];
      else holders.push(slot);
    }
    return holders;
  }

  origin(slot: Slot): Origin | undefined {
    if (slot.row === undefined) return undefined;
    const holders = this.#holders(slot.key);
    const causes = this.kind === 'merge' ? holders : holders.slice(0, 1);
    return {epoch: slot.epoch, causes, changed: true};
  }

  madeOf({key}: Slot): {readonly dependencies: readonly string[]} {
    return {dependencies: this.#holders(key).map(({store}) => `${store.name}[${key}]`)};
  }

  detach(): void {
    for (const source of this.#sources) removeFrom(source.listeners, this);
    this.#sources = [];
    this.#touched.clear();
  }
}

/** None where the first wins. */
function mergeOf(definition: CombiningDefinition): Merge | undefined {
  if (definition.kind === 'join' || definition.merge === undefined) return undefined;
  const {merge} = definition;
  return (rows, key) => merge(erased(rows), key);
}

const isRowOf = (row: unknown, key: string): row is Row =>
  typeof row === 'object' && row !== null && 'key' in row && row.key === key;
