import type {AnyCollection, DistinctDefinition, GroupDefinition, GroupRow, Row} from './definition.ts';
import {structurallyEqual} from './equality.ts';
import {deepFreeze} from './freeze.ts';
import type {Grouping, GroupingListener} from './grouping.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import {Pile} from './pile.ts';
import {removeFrom} from './remove-from.ts';
import {NOTHING, Slot} from './slot.ts';
import {Store} from './store.ts';

/**
 * Group rows are made as copies of this one. After a first load in which most survive, V8 would put an object literal of
 * this place into old space for good, where each later edit then leaves garbage that only a full collection finds.
 */
const BLANK: GroupRow<unknown> = {key: '', rows: []};

const identical = (a: unknown, b: unknown): boolean => a === b;

/** `group` and `distinct`: an index as a collection, one row per value in use. */
export class GroupNode implements Node, GroupingListener {
  readonly kind: 'group' | 'distinct';
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  isScheduled = false;
  scheduledNext: Node | undefined = undefined;
  readonly counters = new Tally();
  readonly #host: Host;
  readonly #grouping: Grouping;
  readonly #store: Store;
  readonly #same: typeof identical;
  /** Slots of values whose rows may be others now. */
  readonly #touched = new Pile<Slot>();

  constructor(
    host: Host,
    collection: AnyCollection,
    definition: GroupDefinition | DistinctDefinition,
    grouping: Grouping,
  ) {
    this.#host = host;
    this.kind = definition.kind;
    this.name = definition.name;
    this.#grouping = grouping;
    this.#same = grouping.of.collection.equals === undefined ? identical : structurallyEqual;
    this.#store = new Store(host, collection, this);
    this.outputs = [this.#store];
    grouping.listeners.push(this);
  }

  start(): void {
    for (const value of this.#grouping.values()) this.onValue(value, undefined);
  }

  onValue(value: string, cause: Slot | undefined): void {
    const slot = this.#store.slot(value);
    slot.maker = cause;
    if (slot.next !== NOTHING) return;
    slot.next = undefined;
    this.#touched.add(slot);
    if (!this.isScheduled) this.#host.schedule(this);
  }

  process(): void {
    const touched = this.#touched;
    for (let i = 0; i < touched.size; i++) {
      const slot = touched.at(i);
      if (slot === undefined || slot.next === NOTHING) continue;
      const {key} = slot;
      const row = this.#rowOf(key);
      const cause = slot.maker instanceof Slot ? slot.maker : undefined;
      slot.next = NOTHING;
      if (row === undefined) slot.maker = undefined;
      if (row === undefined ? slot.row === undefined : this.#sameMembers(slot.row, row, cause)) {
        this.#store.forget(slot);
        continue;
      }
      if (this.#host.development) deepFreeze(row);
      this.#store.apply(slot, row);
      this.counters.changed++;
      this.#host.remember(
        this,
        key,
        cause,
        row === undefined ? 'removed' : 'changed',
        row === undefined ? this.name : undefined,
      );
    }
    touched.clear();
  }

  #rowOf(value: string): (Row & {readonly rows?: readonly unknown[]}) | undefined {
    if (this.kind === 'distinct') return this.#grouping.has(value) ? {key: value} : undefined;
    const rows = this.#grouping.rowsOf(value);
    if (rows.length === 0) return undefined;
    this.counters.examined += rows.length;
    const row: GroupRow<unknown> = {...BLANK, key: value, rows};
    return row;
  }

  /** Rows keep their reference while they are structurally equal, unless their collection has another idea of that. */
  #sameMembers(current: unknown, next: {readonly rows?: readonly unknown[]}, cause: Slot | undefined): boolean {
    if (typeof current !== 'object' || current === null) return false;
    if (!('rows' in current)) return next.rows === undefined;
    const {rows} = current;
    if (rows === next.rows) return true;
    if (!Array.isArray(rows) || rows.length !== next.rows?.length) return false;
    // Most often a member is another row now. To look for that one row in a list touches none of the others.
    if (this.#same === identical && cause?.row !== undefined && !rows.includes(cause.row)) return false;
    for (let i = 0; i < rows.length; i++) if (!this.#same(rows[i], next.rows[i])) return false;
    return true;
  }

  origin(slot: Slot): Origin | undefined {
    if (slot.row === undefined) return undefined;
    const causes = slot.maker instanceof Slot ? [slot.maker] : this.#grouping.slotsOf(slot.key).slice(0, 1);
    return {epoch: slot.epoch, causes, changed: true};
  }

  madeOf(slot: Slot): {readonly dependencies: readonly string[]} {
    const members = this.#grouping.slotsOf(slot.key);
    return {dependencies: members.map(({key}) => `${this.#grouping.of.name}[${key}]`)};
  }

  detach(): void {
    removeFrom(this.#grouping.listeners, this);
    this.#touched.clear();
  }
}
