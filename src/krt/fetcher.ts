import type {Context} from './context.ts';
import type {AnyCollection, Collection, Index, Labelled} from './definition.ts';
import {type Dependency, type Interest, type Reader, sameDependency, type Where} from './dependency.ts';
import type {Host, Node, Tally} from './node.ts';
import {type LabelSelector, selectorAnchor, selectorMatches} from './selector.ts';
import {erased, labelPair} from './erased.ts';
import type {Store} from './store.ts';

/** Thrown through a transform whose node has to be processed later in the epoch; never seen by users. */
export class Deferred extends Error {}

type Projection = ((row: never) => unknown) | undefined;

/**
 * The context of one run. Dependencies are kept in the order of the calls; a run that asks the same as the last one
 * walks them with a cursor and touches no reverse index.
 */
export class Fetcher implements Context {
  readonly #host: Host;
  readonly #node: Node;
  readonly #tally: Tally;
  readonly #reader: Reader;
  readonly #dependencies: Dependency[];
  #cursor = 0;
  #alive = true;
  #deferred = false;

  constructor(host: Host, node: Node, tally: Tally, reader: Reader, dependencies: Dependency[]) {
    this.#host = host;
    this.#node = node;
    this.#tally = tally;
    this.#reader = reader;
    this.#dependencies = dependencies;
  }

  /** True when a fetch met a source that is not up to date yet: whatever the transform returned does not count. */
  get deferred(): boolean {
    return this.#deferred;
  }

  /**
   * Ends the run: dependencies that were not asked for again are dropped. After an error all read so far stay. A run
   * that is made again later leaves the old ones for then.
   */
  close(): void {
    this.#alive = false;
    if (this.#deferred) return;
    for (const dependency of this.#dependencies.splice(this.#cursor)) dependency.store.readers.remove(dependency);
  }

  get<T, P>(from: Collection<T>, key: string, project?: (row: T) => P): T | P | undefined {
    const store = this.#depend(from, {kind: 'key', value: key}, 'rows', project);
    const row = store.get(key);
    if (row === undefined) return undefined;
    this.#tally.examined++;
    return project === undefined ? erased(row) : project(erased(row));
  }

  list<T, P>(from: Collection<T> | Index<T>, value?: string, project?: (row: T) => P): readonly (T | P)[] {
    let rows: unknown[];
    if (isIndex(from)) {
      const store = this.#depend(from.of, {kind: 'index', index: from, value: must(value)}, 'rows', project);
      rows = store.bucket(from, must(value))?.list() ?? [];
    } else {
      rows = this.#depend(from, {kind: 'all'}, 'rows', project).list();
    }
    this.#tally.examined += rows.length;
    return project === undefined ? erased(rows) : rows.map((row) => project(erased(row)));
  }

  count<T>(from: Collection<T> | Index<T>, value?: string): number {
    this.#tally.examined++;
    if (!isIndex(from)) return this.#depend(from, {kind: 'all'}, 'count').size;
    const store = this.#depend(from.of, {kind: 'index', index: from, value: must(value)}, 'count');
    return store.bucket(from, must(value))?.rows.size ?? 0;
  }

  exists<T>(from: Collection<T> | Index<T>, keyOrValue: string): boolean {
    this.#tally.examined++;
    if (!isIndex(from)) {
      return this.#depend(from, {kind: 'key', value: keyOrValue}, 'exists').get(keyOrValue) !== undefined;
    }
    const store = this.#depend(from.of, {kind: 'index', index: from, value: keyOrValue}, 'exists');
    return store.bucket(from, keyOrValue) !== undefined;
  }

  select<T>(from: Labelled<T>, selector: LabelSelector | undefined): readonly T[] {
    if (selector === undefined) return [];
    const store = this.#depend(from, {kind: 'select', selector}, 'rows');
    const anchor = selectorAnchor(selector);
    const candidates =
      anchor === undefined ? store.list() : (store.bucket(store.labelIndex(), labelPair(...anchor))?.list() ?? []);
    this.#tally.examined += candidates.length;
    return erased(candidates.filter((row) => selectorMatches(selector, store.labelsOf(row))));
  }

  #depend(collection: AnyCollection, where: Where, interest: Interest, project?: Projection): Store {
    if (!this.#alive) throw usedLate(this.#node.name);
    const store = this.#host.storeOf(collection);
    if (!this.#host.connect(store, this.#node, 'fetch')) {
      this.#deferred = true;
      throw new Deferred(`${this.#node.name} waits for ${store.name}`);
    }
    const existing = this.#dependencies[this.#cursor];
    if (existing !== undefined && sameDependency(existing, store, where, interest)) {
      existing.project = project;
    } else {
      const dependency: Dependency = {store, where, interest, project, reader: this.#reader};
      // The rest no longer lines up; what is asked for again is registered again.
      for (const old of this.#dependencies.splice(this.#cursor)) old.store.readers.remove(old);
      store.readers.add(dependency);
      this.#dependencies.push(dependency);
    }
    this.#cursor++;
    return store;
  }
}

/** The same answers without dependencies: for the second run that development mode makes to catch impurity. */
export class Probe implements Context {
  readonly #host: Host;
  readonly #node: Node;
  #alive = true;

  constructor(host: Host, node: Node) {
    this.#host = host;
    this.#node = node;
  }

  close(): void {
    this.#alive = false;
  }

  #storeOf(collection: AnyCollection): Store {
    if (!this.#alive) throw usedLate(this.#node.name);
    return this.#host.storeOf(collection);
  }

  get<T, P>(from: Collection<T>, key: string, project?: (row: T) => P): T | P | undefined {
    const row = this.#storeOf(from).get(key);
    if (row === undefined) return undefined;
    return project === undefined ? erased(row) : project(erased(row));
  }

  list<T, P>(from: Collection<T> | Index<T>, value?: string, project?: (row: T) => P): readonly (T | P)[] {
    const rows = isIndex(from)
      ? (this.#storeOf(from.of).bucket(from, must(value))?.list() ?? [])
      : this.#storeOf(from).list();
    return project === undefined ? erased(rows) : rows.map((row) => project(erased(row)));
  }

  count<T>(from: Collection<T> | Index<T>, value?: string): number {
    if (!isIndex(from)) return this.#storeOf(from).size;
    return this.#storeOf(from.of).bucket(from, must(value))?.rows.size ?? 0;
  }

  exists<T>(from: Collection<T> | Index<T>, keyOrValue: string): boolean {
    if (!isIndex(from)) return this.#storeOf(from).get(keyOrValue) !== undefined;
    return this.#storeOf(from.of).bucket(from, keyOrValue) !== undefined;
  }

  select<T>(from: Labelled<T>, selector: LabelSelector | undefined): readonly T[] {
    const store = this.#storeOf(from);
    return erased(store.list().filter((row) => selectorMatches(selector, store.labelsOf(row))));
  }
}

const usedLate = (node: string): Error => new Error(`${node}: a context was used after its transform had returned`);

function isIndex<T>(from: Collection<T> | Index<T>): from is Index<T> {
  return 'of' in from;
}

function must(value: string | undefined): string {
  if (value === undefined) throw new Error('an index is read with the value to look for');
  return value;
}
