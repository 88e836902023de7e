import type {Observable} from 'rxjs';
import type {AnyCollection, Collection} from './definition.ts';
import type {Commit, Delta} from './delta.ts';
import {describeError, Diagnostics} from './diagnostics.ts';
import {dumpOf, explain, toMermaid} from './explain.ts';
import type {Conflated, Counters, Graph, GraphOptions, Transaction} from './graph-api.ts';
import {Instances} from './instances.ts';
import type {Host, Node} from './node.ts';
import {Ranks} from './ranks.ts';
import {Scheduler} from './scheduler.ts';
import {erased} from './erased.ts';
import type {Store} from './store.ts';
import {commits$, conflated$, deltas$} from './streams.ts';
import {collectWrites} from './transaction.ts';
import {WriteQueue} from './write-queue.ts';

type Subscriber = {readonly stores: readonly Store[]; readonly call: (commit: Commit) => void};
type Write = (tx: Transaction) => void;

/**
 * Makes a graph of the definitions that `outputs` reach. Throws where two definitions share a name or depend on each
 * other. See graph-api.ts for what each method promises.
 */
export function createGraph(options: GraphOptions): Graph {
  return new LiveGraph(options);
}

class LiveGraph implements Graph, Host {
  readonly development: boolean;
  readonly #scheduler = new Scheduler();
  readonly #ranks = new Ranks((node) => this.#scheduler.moved(node));
  readonly #instances = new Instances(this, this.#ranks);
  readonly #subscribers = new Set<Subscriber>();
  readonly #queue = new WriteQueue();
  readonly #diagnostics: Diagnostics;
  /** The node being processed: nothing may read the graph meanwhile but through a context. */
  #running: string | undefined;
  #writing = false;
  /** Set when a collection came alive inside a transform: it has no rows before the scheduler has been at it. */
  #fresh = false;
  #disposed = false;
  epoch = 0;

  constructor({outputs, development = false, onDiagnostic}: GraphOptions) {
    this.development = development;
    this.#diagnostics = new Diagnostics(onDiagnostic);
    for (const output of outputs) this.#instances.storeOf(output);
    this.commit(() => {});
  }

  commit(write: Write): number {
    if (this.#running !== undefined) throw new Error(`${this.#running}: a transform must not write`);
    if (this.#writing) throw new Error('a commit inside the write of another: use its transaction');
    if (this.#disposed) throw new Error('the graph is disposed of');
    // A subscriber's write becomes an epoch of its own, after the one that the subscriber is being told of.
    if (this.#queue.busy) return this.epoch + this.#queue.push(write);
    const epoch = this.epoch + 1;
    this.#hold(() => void this.#runEpoch(write));
    return epoch;
  }

  /** Does the work, then runs what subscribers committed meanwhile. */
  #hold(work: () => void): void {
    this.#queue.hold(work, (write) => {
      try {
        return this.#runEpoch(write);
      } catch (error) {
        // The subscriber was promised an epoch; it is one in which nothing happened.
        this.epoch++;
        this.diagnose('subscriber', `its write failed: ${describeError(error)}`);
        return [];
      }
    });
    this.#diagnostics.flush();
  }

  /** Returns the names of the inputs written to. */
  #runEpoch(write: Write): readonly string[] {
    this.#writing = true;
    let written: ReadonlySet<Node>;
    try {
      written = collectWrites(write, (input) => this.#instances.inputNode(input));
    } finally {
      this.#writing = false;
    }
    this.epoch++;
    for (const node of written) this.schedule(node);
    this.#settle();
    this.#tell();
    this.#diagnostics.flush();
    return [...written].map(({name}) => name);
  }

  #settle(): void {
    for (let node = this.#scheduler.next(); node !== undefined; node = this.#scheduler.next()) {
      this.#running = node.name;
      try {
        node.process();
      } catch (error) {
        // What users supply is guarded where it is called. Should anything get this far, the other nodes go on.
        this.diagnose(node.name, `could not be brought up to date: ${describeError(error)}`);
      }
      this.#running = undefined;
    }
  }

  #tell(): void {
    const deltas = new Map<Store, Delta<unknown>>();
    for (const store of this.#instances.stores.values()) {
      const delta = store.takeDelta(this.epoch);
      if (delta !== undefined) deltas.set(store, delta);
    }
    if (deltas.size === 0) return;
    // Who subscribes now has seen this epoch in its snapshot.
    const subscribers = [...this.#subscribers];
    for (const subscriber of subscribers) {
      if (!this.#subscribers.has(subscriber)) continue;
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
      this.diagnose('subscriber', describeError(error));
    }
  }

  get<T>(collection: Collection<T>, key: string): T | undefined {
    const row = this.#read(collection).get(key);
    return row === undefined ? undefined : erased(row);
  }

  list<T>(collection: Collection<T>): readonly T[] {
    return erased(this.#read(collection).list());
  }

  size(collection: AnyCollection): number {
    return this.#read(collection).size;
  }

  errors() {
    const errors = [...this.#instances.nodes.values()].flatMap((node) => [...(node.errors?.() ?? [])]);
    return errors.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  subscribe<T>(
    collection: Collection<T>,
    onDelta: (delta: Delta<T>) => void,
    {replay = false}: {readonly replay?: boolean} = {},
  ): () => void {
    const store = this.#read(collection);
    const unsubscribe = this.onCommit([collection], ({deltas}) => onDelta(erased(deltas.get(store.name))));
    if (!replay || store.size === 0) return unsubscribe;
    const tell = () => this.#isolate(() => onDelta(erased(store.snapshot(this.epoch))));
    // What the subscriber commits on seeing the snapshot comes after it.
    if (this.#queue.busy) tell();
    else this.#hold(tell);
    return unsubscribe;
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
    return new Map([...this.#instances.nodes].map(([name, {counters}]) => [name, counters.read()]));
  }

  resetCounters(): void {
    for (const node of this.#instances.nodes.values()) node.counters.reset();
  }

  nodes() {
    return [...this.#instances.nodes.values()].map((node) => ({
      name: node.name,
      kind: node.kind,
      outputs: node.outputs.map(({name}) => name),
      rank: node.rank,
      rows: node.outputs.reduce((sum, {size}) => sum + size, 0),
      counters: node.counters.read(),
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

  registrations(): number {
    return [...this.#instances.stores.values()].reduce((sum, {readers}) => sum + readers.size, 0);
  }

  dispose(): void {
    this.#disposed = true;
    this.#subscribers.clear();
  }

  // What follows is for the nodes.

  storeOf(collection: AnyCollection): Store {
    const known = this.#instances.peek(collection);
    if (known !== undefined) return known;
    const store = this.#instances.storeOf(collection);
    this.#fresh = true;
    return store;
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
    this.#diagnostics.keep(node, message);
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
    this.#diagnostics.flush();
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
