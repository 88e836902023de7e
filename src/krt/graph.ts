import type {Observable} from 'rxjs';
import type {AnyCollection, Collection, Input} from './definition.ts';
import type {Commit, Delta} from './delta.ts';
import {dumpOf, explain, toMermaid} from './explain.ts';
import type {Conflated, Counters, Graph, GraphOptions, Transaction} from './graph-api.ts';
import {Instances} from './instances.ts';
import type {Host, Node} from './node.ts';
import {Ranks} from './ranks.ts';
import {Scheduler} from './scheduler.ts';
import {erased} from './erased.ts';
import type {Store} from './store.ts';
import {commits$, conflated$, deltas$} from './streams.ts';

/** A subscriber that writes on every commit it is told of is a loop; this many in a row is taken for one. */
const MAX_SELF_CAUSED_EPOCHS = 1000;

type Subscriber = {readonly stores: readonly Store[]; readonly call: (commit: Commit) => void};

/**
 * Makes a graph of the definitions that `outputs` reach. Throws where two definitions share a name or depend on each
 * other. See graph-api.ts for what each method promises.
 */
export function createGraph(options: GraphOptions): Graph {
  return new LiveGraph(options);
}

class LiveGraph implements Graph, Host {
  readonly development: boolean;
  readonly #onDiagnostic: GraphOptions['onDiagnostic'];
  readonly #scheduler = new Scheduler();
  readonly #ranks = new Ranks((node) => this.#scheduler.moved(node));
  readonly #instances = new Instances(this, this.#ranks);
  readonly #subscribers = new Set<Subscriber>();
  readonly #queue: ((tx: Transaction) => void)[] = [];
  #running: string | undefined;
  /** Set when a collection came alive inside a transform: it has no rows before the scheduler has been at it. */
  #fresh = false;
  #committing = false;
  #disposed = false;
  epoch = 0;

  constructor({outputs, development = false, onDiagnostic}: GraphOptions) {
    this.development = development;
    this.#onDiagnostic = onDiagnostic;
    for (const output of outputs) this.#instances.storeOf(output);
    this.commit(() => {});
  }

  commit(write: (tx: Transaction) => void): number {
    if (this.#running !== undefined) throw new Error(`${this.#running}: a transform must not write`);
    if (this.#disposed) throw new Error('the graph is disposed of');
    this.#queue.push(write);
    // A subscriber's write becomes an epoch of its own, after the one that the subscriber is being told of.
    if (this.#committing) return this.epoch + this.#queue.length;
    this.#committing = true;
    const first = this.epoch + 1;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        if (this.epoch - first > MAX_SELF_CAUSED_EPOCHS) {
          throw new Error(`subscribers kept writing for ${MAX_SELF_CAUSED_EPOCHS} epochs: a loop`);
        }
        this.#runEpoch(next);
      }
    } finally {
      this.#committing = false;
      this.#queue.length = 0;
    }
    return first;
  }

  #runEpoch(write: (tx: Transaction) => void): void {
    const written = new Set<AnyCollection>();
    try {
      write(this.#transaction(written));
    } catch (error) {
      for (const input of written) this.#instances.inputNode(input).discard();
      throw error;
    }
    this.epoch++;
    this.#settle();
    this.#tell();
  }

  #settle(): void {
    for (let node = this.#scheduler.next(); node !== undefined; node = this.#scheduler.next()) node.process();
  }

  #transaction(written: Set<AnyCollection>): Transaction {
    const node = (input: AnyCollection) => {
      written.add(input);
      return this.#instances.inputNode(input);
    };
    return {
      set: <T>(input: Input<T>, row: T) => node(input).stage(input.keyOf(row), row),
      delete: <T>(input: Input<T>, key: string) => node(input).stage(key, undefined),
      replaceAll: <T>(input: Input<T>, rows: Iterable<T>) =>
        node(input).stageAll(new Map([...rows].map((row) => [input.keyOf(row), row]))),
    };
  }

  #tell(): void {
    const deltas = new Map<Store, Delta<unknown>>();
    for (const store of this.#instances.stores.values()) {
      const delta = store.takeDelta(this.epoch);
      if (delta !== undefined) deltas.set(store, delta);
    }
    if (deltas.size === 0) return;
    for (const subscriber of this.#subscribers) {
      const own = new Map<string, Delta<unknown>>();
      for (const store of subscriber.stores) {
        const delta = deltas.get(store);
        if (delta !== undefined) own.set(store.name, delta);
      }
      if (own.size > 0) this.#isolate(() => subscriber.call({epoch: this.epoch, deltas: own}));
    }
  }

  #isolate(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.diagnose('subscriber', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  get<T>(collection: Collection<T>, key: string): T | undefined {
    const row = this.#read(collection).get(key);
    return row === undefined ? undefined : erased(row);
  }

  list<T>(collection: Collection<T>): readonly T[] {
    return this.#read(collection).list().map(erased);
  }

  size(collection: AnyCollection): number {
    return this.#read(collection).size;
  }

  errors() {
    const errors = [...this.#instances.nodes.values()].flatMap((node) => [...node.errors()]);
    return errors.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  subscribe<T>(
    collection: Collection<T>,
    onDelta: (delta: Delta<T>) => void,
    {replay = false}: {readonly replay?: boolean} = {},
  ): () => void {
    const store = this.#read(collection);
    if (replay && store.size > 0) this.#isolate(() => onDelta(erased(store.snapshot(this.epoch))));
    return this.onCommit([collection], ({deltas}) => onDelta(erased(deltas.get(store.name))));
  }

  onCommit(collections: readonly AnyCollection[], call: (commit: Commit) => void): () => void {
    const subscriber: Subscriber = {stores: collections.map((collection) => this.#read(collection)), call};
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
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

  counters(): ReadonlyMap<string, Counters> {
    return new Map([...this.#instances.nodes].map(([name, {counters}]) => [name, {...counters}]));
  }

  resetCounters(): void {
    for (const node of this.#instances.nodes.values()) node.resetCounters();
  }

  nodes() {
    return [...this.#instances.nodes.values()].map((node) => ({
      name: node.name,
      kind: node.kind,
      outputs: node.outputs.map(({name}) => name),
      rank: node.rank,
      rows: node.outputs.reduce((sum, {size}) => sum + size, 0),
      counters: {...node.counters},
    }));
  }

  edges() {
    return [...this.#ranks.edges()];
  }

  mermaid(): string {
    return toMermaid(this.nodes(), this.edges());
  }

  dump(collection: AnyCollection | string) {
    const store = this.#named(collection);
    return dumpOf(store, this.#instances.nodeOf(store));
  }

  why(collection: AnyCollection | string, key: string) {
    return explain(this.#named(collection), key, this.#instances);
  }

  find(name: string): AnyCollection | undefined {
    return this.#instances.stores.get(name)?.collection;
  }

  dispose(): void {
    this.#disposed = true;
    this.#subscribers.clear();
  }

  // What follows is for the nodes.

  storeOf(collection: AnyCollection): Store {
    const known = this.#instances.peek(collection);
    if (known !== undefined) return known;
    this.#fresh = true;
    return this.#instances.storeOf(collection);
  }

  schedule(node: Node): void {
    this.#scheduler.add(node);
  }

  connect(source: Store, reader: Node, how: 'primary' | 'fetch'): boolean {
    const node = this.#instances.nodeOf(source);
    const fresh = this.#fresh;
    this.#fresh = false;
    if (this.#ranks.has(node, reader)) return !fresh;
    const behind = node.rank >= reader.rank;
    this.#ranks.connect(node, reader, how);
    return !behind && !fresh;
  }

  diagnose(node: string, message: string): void {
    this.#onDiagnostic?.({node, message});
  }

  enter(node: string): void {
    this.#running = node;
  }

  leave(): void {
    this.#running = undefined;
  }

  #read(collection: AnyCollection): Store {
    if (this.#running !== undefined) {
      throw new Error(`${this.#running}: ${collection.name} is read without the context, so no dependency is known`);
    }
    const known = this.#instances.peek(collection);
    if (known !== undefined) return known;
    // Asked for the first time, between commits or by a subscriber: the graph is at rest, so it can be filled at once.
    const store = this.#instances.storeOf(collection);
    this.#settle();
    for (const live of this.#instances.stores.values()) live.takeDelta(this.epoch);
    return store;
  }

  #named(collection: AnyCollection | string): Store {
    if (typeof collection !== 'string') return this.#read(collection);
    const store = this.#instances.stores.get(collection);
    if (store !== undefined) return store;
    const names = [...this.#instances.stores.keys()].sort().join(', ');
    throw new Error(`there is no collection ${collection}; there are: ${names}`);
  }
}
