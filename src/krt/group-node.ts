import type {AnyIndex, DistinctDefinition, GroupDefinition, Row} from './definition.ts';
import type {Change} from './delta.ts';
import type {Cause} from './dependency.ts';
import {structurallyEqual} from './equality.ts';
import {deepFreeze} from './freeze.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import type {Store} from './store.ts';

/** `group` and `distinct`: an index as a collection, one row per value in use. */
export class GroupNode implements Node {
  readonly kind: 'group' | 'distinct';
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  readonly counters = new Tally();
  readonly dependencyCount = 0;
  readonly #host: Host;
  readonly #index: AnyIndex;
  readonly #source: Store;
  readonly #store: Store;
  readonly #origins = new Map<string, Origin>();
  #touched = new Map<string, Cause>();

  constructor(host: Host, definition: GroupDefinition | DistinctDefinition, source: Store, store: Store) {
    this.#host = host;
    this.kind = definition.kind;
    this.name = definition.name;
    this.#index = definition.index;
    this.#source = source;
    this.#store = store;
    this.outputs = [store];
    source.listeners.add(this);
  }

  start(): void {
    for (const [value, bucket] of this.#source.table(this.#index)) {
      const [key = ''] = bucket.rows.keys();
      this.#touch(value, {collection: this.#source.name, key});
    }
  }

  onSourceChange(store: Store, change: Change<unknown>): void {
    const cause = {collection: store.name, key: change.key};
    for (const row of [change.old, change.new]) {
      if (row !== undefined) for (const value of store.valuesOf(this.#index, row)) this.#touch(value, cause);
    }
  }

  process(): void {
    const touched = this.#touched;
    this.#touched = new Map();
    for (const [value, cause] of touched) {
      const row = this.#rowOf(value);
      if (row === undefined && this.#store.get(value) === undefined) continue;
      if (row !== undefined && sameMembers(this.#store.get(value), row)) continue;
      if (row === undefined) this.#origins.delete(value);
      else this.#origins.set(value, {epoch: this.#host.epoch, causes: [cause], changed: true});
      if (this.#host.development) deepFreeze(row);
      this.#store.apply(value, row);
      this.counters.changed++;
    }
  }

  #rowOf(value: string): (Row & {readonly rows?: readonly unknown[]}) | undefined {
    const bucket = this.#source.bucket(this.#index, value);
    if (bucket === undefined) return undefined;
    if (this.kind === 'distinct') return {key: value};
    const rows = bucket.list();
    this.counters.examined += rows.length;
    return {key: value, rows};
  }

  #touch(value: string, cause: Cause): void {
    this.#touched.set(value, cause);
    this.#host.schedule(this);
  }

  origin(_store: Store, key: string): Origin | undefined {
    return this.#origins.get(key);
  }

  madeOf(_store: Store, key: string): {readonly dependencies: readonly string[]} {
    const rows = this.#source.bucket(this.#index, key)?.rows ?? new Map<string, unknown>();
    return {dependencies: [...rows.keys()].sort().map((member) => `${this.#source.name}[${member}]`)};
  }
}

/** Rows keep their reference while they are equal, so this compares a group's members by identity but for new ones. */
function sameMembers(current: unknown, next: {readonly rows?: readonly unknown[]}): boolean {
  if (typeof current !== 'object' || current === null) return false;
  if (!('rows' in current)) return next.rows === undefined;
  const {rows} = current;
  return (
    Array.isArray(rows) &&
    rows.length === next.rows?.length &&
    rows.every((row, i) => structurallyEqual(row, next.rows?.[i]))
  );
}
