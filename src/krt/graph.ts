import type {Observable} from 'rxjs';
import type {AnyCollection, Collection, Input} from './definition.ts';
import type {Commit, Delta} from './delta.ts';
import {Dependency, Registration} from './dependency.ts';
import {describeError} from './diagnostics.ts';
import {erased} from './erased.ts';
import {dumpOf, explain, ratesOf, toMermaid} from './explain.ts';
import type {Conflated, Counters, Graph, GraphOptions, HistoryEntry, InputSource, TransformError} from './graph-api.ts';
import {connectSource} from './input-source.ts';
import {Runtime} from './runtime.ts';
import {commitInSlices} from './slices.ts';
import type {Store} from './store.ts';
import {commits$, conflated$, deltas$} from './streams.ts';
import type {Write} from './write-queue.ts';

/**
 * Makes a graph of the definitions that `outputs` reach. Throws where two definitions share a name or depend on each
 * other. See graph-api.ts for what each method promises.
 */
export function createGraph(options: GraphOptions): Graph {
  return new LiveGraph(options);
}

/** The graph as users see it; the runtime does the work. */
class LiveGraph implements Graph {
  readonly #runtime: Runtime;
  #countingSince = performance.now();

  constructor(options: GraphOptions) {
    this.#runtime = new Runtime(options);
  }

  get epoch(): number {
    return this.#runtime.epoch;
  }

  commit(write: Write): number {
    return this.#runtime.commit(write);
  }

  commitInSlices(
    writes: Iterable<Write>,
    options?: {readonly budget?: number; readonly signal?: AbortSignal},
  ): Promise<number> {
    return commitInSlices(this, writes, options);
  }

  connect<T>(input: Input<T>, source: InputSource<T>): () => void {
    const disconnect = connectSource(this, input, source, (error) => {
      this.#runtime.diagnose(input.name, `its source failed, the last rows stand: ${describeError(error)}`);
      if (!this.#runtime.isBusy) this.#runtime.diagnostics.flush();
    });
    const forget = this.onDispose(disconnect);
    return () => {
      forget();
      disconnect();
    };
  }

  get<T>(collection: Collection<T>, key: string): T | undefined {
    const row = this.#read(collection).row(key);
    return row === undefined ? undefined : erased(row);
  }

  list<T>(collection: Collection<T>): readonly T[] {
    return erased(this.#read(collection).list());
  }

  size(collection: AnyCollection): number {
    return this.#read(collection).size;
  }

  errors(): readonly TransformError[] {
    return this.#runtime.failures.list();
  }

  subscribe<T>(
    collection: Collection<T>,
    onDelta: (delta: Delta<T>) => void,
    {replay = false}: {readonly replay?: boolean} = {},
  ): () => void {
    const unsubscribe = this.#runtime.subscribers.addDelta(this.#read(collection), (delta) => onDelta(erased(delta)));
    if (replay) this.#replay(this.#read(collection), onDelta);
    return unsubscribe;
  }

  #replay<T>(store: Store, onDelta: (delta: Delta<T>) => void): void {
    if (store.size === 0) return;
    const tell = () => this.#runtime.isolate(() => onDelta(erased(store.snapshot(this.#runtime.epoch))));
    // What the subscriber commits on seeing the snapshot comes after it.
    if (this.#runtime.isBusy) tell();
    else this.#runtime.hold(tell);
  }

  onCommit(collections: readonly AnyCollection[], call: (commit: Commit) => void): () => void {
    const stores = collections.map((collection) => this.#read(collection));
    return this.#runtime.subscribers.addCommit(stores, call);
  }

  deltas$<T>(collection: Collection<T>): Observable<Delta<T>> {
    return deltas$(this, collection);
  }

  commits$(collections: readonly AnyCollection[]): Observable<Commit> {
    return commits$(this, collections);
  }

  conflated$<T>(collection: Collection<T>): Observable<Conflated<T>> {
    return conflated$(this, collection);
  }

  retire(collection: AnyCollection): void {
    this.#runtime.retire(collection);
  }

  counters(): ReadonlyMap<string, Counters> {
    return new Map([...this.#runtime.instances.nodes].map(([name, {counters}]) => [name, counters.read()]));
  }

  resetCounters(): void {
    for (const node of this.#runtime.instances.nodes.values()) node.counters.reset();
    this.#countingSince = performance.now();
  }

  nodes() {
    const seconds = (performance.now() - this.#countingSince) / 1000;
    return [...this.#runtime.instances.nodes.values()].map((node) => ({
      name: node.name,
      kind: node.kind,
      outputs: node.outputs.map(({name}) => name),
      rank: node.rank,
      rows: node.outputs.reduce((sum, {size}) => sum + size, 0),
      counters: node.counters.read(),
      rates: ratesOf(node.counters, seconds),
    }));
  }

  edges() {
    return [...this.#runtime.ranks.edges()];
  }

  mermaid(): string {
    return toMermaid(this.nodes(), this.edges());
  }

  dump(collection: AnyCollection | string) {
    return dumpOf(this.#named(collection));
  }

  why(collection: AnyCollection | string, key: string) {
    return explain(this.#named(collection), key, this.#runtime.history.entries());
  }

  history(): readonly HistoryEntry[] {
    return this.#runtime.history.entries();
  }

  find(name: string): AnyCollection | undefined {
    return this.#runtime.instances.stores.get(name)?.collection;
  }

  registrations(): number {
    const found = new Set<Dependency>();
    const watched = [...this.#runtime.instances.stores.values(), ...this.#runtime.instances.nodes.values()];
    for (const one of watched) {
      for (const watcher of one.watchers?.() ?? []) {
        if (watcher instanceof Dependency) found.add(watcher);
        else if (watcher instanceof Registration) found.add(watcher.dependency);
      }
    }
    return found.size;
  }

  dispose(): void {
    this.#runtime.dispose();
  }

  /** For streams, which are complete then. Returns the way out. */
  onDispose(callback: () => void): () => void {
    return this.#runtime.onDispose(callback);
  }

  #read(collection: AnyCollection): Store {
    return this.#runtime.read(collection);
  }

  #named(collection: AnyCollection | string): Store {
    if (typeof collection !== 'string') return this.#read(collection);
    const store = this.#runtime.instances.stores.get(collection);
    if (store !== undefined) return store;
    const names = [...this.#runtime.instances.stores.keys()].sort().join(', ');
    throw new Error(`there is no collection ${collection}; there are: ${names}`);
  }
}
