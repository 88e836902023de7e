import type {AnyCollection, AnyIndex, Labels} from './definition.ts';
import type {Change, Delta} from './delta.ts';
import {structurallyEqual} from './equality.ts';
import {erased, labelPair, messageOf} from './erased.ts';
import {Readers} from './readers.ts';

/** Who processes a store's changes inside an epoch, at a higher rank than the store's own node. */
export type StoreListener = {onSourceChange(store: Store, change: Change<unknown>): void};

/** Rows by one value of an index, in key order on demand. */
export class Bucket {
  readonly rows = new Map<string, unknown>();
  #sortedKeys: readonly string[] | undefined;

  set(key: string, row: unknown): void {
    if (!this.rows.has(key)) this.#sortedKeys = undefined;
    this.rows.set(key, row);
  }

  delete(key: string): void {
    if (this.rows.delete(key)) this.#sortedKeys = undefined;
  }

  /** Sorted by key (code units), so that answers do not depend on the order of writes. */
  list(): unknown[] {
    this.#sortedKeys ??= [...this.rows.keys()].sort();
    return this.#sortedKeys.map((key) => this.rows.get(key));
  }
}

/**
 * The rows of one collection with its indexes and with those who depend on it. Changes enter by `apply`, one at a
 * time; at once every reader whose answer may differ is told, and the change joins the epoch's delta.
 */
export class Store {
  readonly name: string;
  readonly collection: AnyCollection;
  readonly readers = new Readers();
  readonly listeners = new Set<StoreListener>();
  readonly #all = new Bucket();
  readonly #indexes = new Map<AnyIndex, Map<string, Bucket>>();
  /** Net changes of this epoch. */
  #changes = new Map<string, Change<unknown>>();
  #labels: AnyIndex | undefined;
  readonly #diagnose: (message: string) => void;

  constructor(collection: AnyCollection, diagnose: (message: string) => void) {
    this.name = collection.name;
    this.collection = collection;
    this.#diagnose = diagnose;
  }

  get size(): number {
    return this.#all.rows.size;
  }

  get(key: string): unknown {
    return this.#all.rows.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#all.rows.keys();
  }

  list(): unknown[] {
    return this.#all.list();
  }

  /** The bucket of that index value; undefined when no row has it. Builds the index on first use. */
  bucket(index: AnyIndex, value: string): Bucket | undefined {
    return this.table(index).get(value);
  }

  table(index: AnyIndex): ReadonlyMap<string, Bucket> {
    let table = this.#indexes.get(index);
    if (table === undefined) {
      for (const {name} of this.#indexes.keys()) {
        if (name === index.name) this.#diagnose(`index ${name} exists twice; an index is made once and shared`);
      }
      table = new Map();
      this.#indexes.set(index, table);
      for (const [key, row] of this.#all.rows) addToTable(table, this.valuesOf(index, row), key, row);
    }
    return table;
  }

  /** The index over `label=value` pairs that selections are answered from. */
  labelIndex(): AnyIndex {
    this.#labels ??= {
      name: 'labels',
      of: this.collection,
      values: (row) => Object.entries(this.labelsOf(row)).map(([key, value]) => labelPair(key, value)),
    };
    return this.#labels;
  }

  /** The values of a row under an index; none, and a diagnostic, where the function of the index throws. */
  valuesOf(index: AnyIndex, row: unknown): readonly string[] {
    try {
      return index.values(erased(row));
    } catch (error) {
      this.#diagnose(`index ${index.name} failed for ${this.#keyOf(row)}, which it does not find: ${messageOf(error)}`);
      return [];
    }
  }

  /** The labels of a row; none, and a diagnostic, where the function that knows them throws. */
  labelsOf(row: unknown): Labels {
    try {
      return this.collection.labelsOf?.(erased(row)) ?? {};
    } catch (error) {
      this.#diagnose(`the labels of ${this.#keyOf(row)} failed, it counts as without any: ${messageOf(error)}`);
      return {};
    }
  }

  #keyOf(row: unknown): string {
    try {
      return this.collection.keyOf(erased(row));
    } catch {
      return 'a row';
    }
  }

  /** Puts one change into effect. `next` undefined removes. The caller has made sure that it differs. */
  apply(key: string, next: unknown): void {
    const previous = this.#all.rows.get(key);
    if (next === undefined) this.#all.delete(key);
    else this.#all.set(key, next);
    const change: Change<unknown> = {
      key,
      ...(previous !== undefined && {old: previous}),
      ...(next !== undefined && {new: next}),
    };
    this.readers.onChange(this, change);
    for (const [index, table] of this.#indexes) {
      const before = previous === undefined ? [] : this.valuesOf(index, previous);
      const after = next === undefined ? [] : this.valuesOf(index, next);
      for (const value of before) if (!after.includes(value)) removeFromTable(table, value, key);
      if (next !== undefined) addToTable(table, after, key, next);
      this.readers.onIndexChange(index, change, before, after, table);
    }
    for (const listener of this.listeners) listener.onSourceChange(this, change);
    this.#consolidate(change);
  }

  /** The net changes since the last call: what the epoch did to this collection. */
  takeDelta(epoch: number): Delta<unknown> | undefined {
    if (this.#changes.size === 0) return undefined;
    const changes = [...this.#changes.values()];
    this.#changes = new Map();
    return {epoch, collection: this.name, snapshot: false, changes};
  }

  snapshot(epoch: number): Delta<unknown> {
    const changes = [...this.#all.rows].map(([key, row]) => ({key, new: row}));
    return {epoch, collection: this.name, snapshot: true, changes};
  }

  #consolidate(change: Change<unknown>): void {
    const earlier = this.#changes.get(change.key);
    if (earlier === undefined) {
      this.#changes.set(change.key, change);
      return;
    }
    const merged: Change<unknown> = {
      key: change.key,
      ...(earlier.old !== undefined && {old: earlier.old}),
      ...(change.new !== undefined && {new: change.new}),
    };
    if (structurallyEqual(merged.old, merged.new)) this.#changes.delete(change.key);
    else this.#changes.set(change.key, merged);
  }
}

function addToTable(table: Map<string, Bucket>, values: readonly string[], key: string, row: unknown): void {
  for (const value of values) {
    let bucket = table.get(value);
    if (bucket === undefined) table.set(value, (bucket = new Bucket()));
    bucket.set(key, row);
  }
}

function removeFromTable(table: Map<string, Bucket>, value: string, key: string): void {
  const bucket = table.get(value);
  bucket?.delete(key);
  if (bucket?.rows.size === 0) table.delete(value);
}
