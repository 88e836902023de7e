import type {Observable} from 'rxjs';
import type {AnyCollection, AnyIndex, Collection, Input} from './definition.ts';
import type {Commit, Delta} from './delta.ts';
import {Dependency, Registration} from './dependency.ts';
import {describeError, Diagnostics} from './diagnostics.ts';
import type {Entry} from './entry.ts';
import {erased} from './erased.ts';
import {dumpOf, explain, ratesOf, toMermaid} from './explain.ts';
import {Failures, transformErrors} from './failures.ts';
import type {
  Conflated,
  Counters,
  Graph,
  GraphOptions,
  HistoryEntry,
  InputSource,
  Transaction,
  TransformError,
} from './graph-api.ts';
import type {Grouping} from './grouping.ts';
import {History} from './history.ts';
import type {InputNode} from './input-node.ts';
import {connectSource} from './input-source.ts';
import {Instances} from './instances.ts';
import type {Host, Node} from './node.ts';
import {Ranks} from './ranks.ts';
import {Scheduler} from './scheduler.ts';
import {commitInSlices} from './slices.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';
import {commits$, conflated$, deltas$} from './streams.ts';
import {Subscribers} from './subscribers.ts';
import {EpochTracer} from './tracing.ts';
import {StagedWrites} from './transaction.ts';
import {type Write, WriteQueue} from './write-queue.ts';

const HISTORY_KEPT = 1024;

/**
 * Makes a graph of the definitions that `outputs` reach. Throws where two definitions share a name or depend on each
 * other. See graph-api.ts for what each method promises.
 */
export function createGraph(options: GraphOptions): Graph {
  return new LiveGraph(options);
}

class LiveGraph implements Graph, Host {
  readonly development: boolean;
  epoch = 0;
  readonly #scheduler = new Scheduler();
  readonly #ranks = new Ranks((node) => this.#scheduler.moved(node));
  readonly #instances = new Instances(this, this.#ranks);
  readonly #subscribers = new Subscribers(
    (error) => this.diagnose('subscriber', describeError(error)),
    (stores) => this.#onLeft(stores),
  );
  readonly #queue = new WriteQueue();
  readonly #diagnostics: Diagnostics;
  readonly #failures = new Failures();
  readonly #history: History;
  readonly #tracer: EpochTracer | undefined;
  /** Collections that the graph was made with or that were asked for since. */
  readonly #wanted = new Set<Store>();
  /** Stores with changes of this epoch that somebody is subscribed to. */
  #touched: Store[] | undefined = undefined;
  /** The node being processed: nothing may read the graph meanwhile but through a context. */
  #running: Node | undefined = undefined;
  /** A commit is under way or being told of. */
  #busy = false;
  #writing = false;
  /** The graph itself writes to the collection of errors. */
  #writingErrors = false;
  /** Set when a collection came alive inside a transform: it has no rows before the scheduler has been at it. */
  #fresh = false;
  #disposed = false;
  #sweepIsDue = false;
  /** Of the one commit that is being written, if any. */
  readonly #writes = new StagedWrites((input) => this.#inputNode(input));
  readonly #onDispose = new Set<() => void>();
  #countingSince = performance.now();

  constructor({outputs, development = false, history = HISTORY_KEPT, tracer, onDiagnostic}: GraphOptions) {
    this.development = development;
    this.#diagnostics = new Diagnostics(onDiagnostic);
    this.#history = new History(history);
    this.#tracer = tracer && new EpochTracer(tracer);
    for (const output of outputs) this.#wanted.add(this.#instances.storeOf(output));
    this.commit(() => {});
  }

  commit(write: Write): number {
    if (this.#running !== undefined || this.#writing || this.#disposed) throw this.#misused();
    // A subscriber's write becomes an epoch of its own, after the one that the subscriber is being told of.
    if (this.#busy) return this.epoch + this.#queue.push(write);
    const epoch = this.epoch + 1;
    this.#busy = true;
    try {
      this.#runEpoch(write);
      if (!this.#queue.isEmpty) this.#drain();
    } finally {
      this.#busy = false;
    }
    this.#diagnostics.flush();
    if (this.#sweepIsDue) this.#sweep();
    this.#failures.throwFatal();
    return epoch;
  }

  #misused(): Error {
    if (this.#running !== undefined) return new Error(`${this.#running.name}: a transform must not write`);
    return this.#writing ? new Error('a commit inside the write of another: use its transaction') : disposed();
  }

  /** Does the work as if it were part of a commit, then runs what subscribers committed meanwhile. */
  #hold(work: () => void): void {
    this.#busy = true;
    try {
      work();
      this.#drain();
    } finally {
      this.#busy = false;
    }
    this.#diagnostics.flush();
  }

  #drain(): void {
    try {
      this.#queue.drain((write) => {
        if (this.#disposed) return [];
        try {
          return this.#runEpoch(write).map(({name}) => name);
        } catch (error) {
          // The subscriber was promised an epoch; it is one in which nothing happened.
          this.epoch++;
          this.diagnose('subscriber', `its write failed: ${describeError(error)}`);
          return [];
        }
      });
    } finally {
      this.#queue.reset();
    }
  }

  /** Returns the inputs written to. */
  #runEpoch(write: Write): readonly InputNode[] {
    const span = this.#tracer?.begin(this.#instances.nodes);
    const written = this.#stage(write);
    this.epoch++;
    for (const node of written) this.#scheduler.add(node);
    this.#settle();
    if (this.#touched !== undefined) this.#subscribers.tell(this.epoch, this.#takeTouched());
    if (this.#failures.hasNews) this.#queueErrors();
    this.#diagnostics.flush();
    span?.end(this.epoch, written);
    return written;
  }

  #stage(write: Write): readonly InputNode[] {
    const writes = this.#writes;
    writes.open();
    this.#writing = true;
    try {
      write(writes);
    } catch (error) {
      writes.discard();
      throw error;
    } finally {
      this.#writing = false;
      writes.close();
    }
    return writes.written;
  }

  #inputNode(input: AnyCollection): InputNode {
    if (input.definition === transformErrors.definition && !this.#writingErrors) {
      throw new Error(`${input.name} is written by the graph itself`);
    }
    const node = this.#instances.inputNode(input);
    // What was written is kept, whether anything reads it yet or not.
    this.#wanted.add(node.store);
    return node;
  }

  #settle(): void {
    for (let node = this.#scheduler.next(); node !== undefined; node = this.#scheduler.next()) {
      this.#running = node;
      try {
        node.process();
      } catch (error) {
        // What users supply is guarded where it is called. Should anything get this far, the other nodes go on.
        this.diagnose(node.name, `could not be brought up to date: ${describeError(error)}`);
      }
      this.#running = undefined;
    }
  }

  /** Stores with changes that somebody is subscribed to. */
  #takeTouched(): readonly Store[] {
    const touched = this.#touched;
    this.#touched = undefined;
    return touched ?? [];
  }

  /** Where transforms failed or healed and somebody reads of it, that is the next epoch. */
  #queueErrors(): void {
    if (this.#instances.peek(transformErrors) === undefined) return;
    const write = this.#failures.takeWrite();
    if (write === undefined) return;
    this.#queue.push((tx: Transaction) => {
      this.#writingErrors = true;
      try {
        write(tx);
      } finally {
        this.#writingErrors = false;
      }
    });
  }

  #isolate(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.diagnose('subscriber', describeError(error));
    }
  }

  commitInSlices(
    writes: Iterable<Write>,
    options?: {readonly budget?: number; readonly signal?: AbortSignal},
  ): Promise<number> {
    return commitInSlices(this, writes, options);
  }

  connect<T>(input: Input<T>, source: InputSource<T>): () => void {
    const disconnect = connectSource(this, input, source, (error) => {
      this.diagnose(input.name, `its source failed, the last rows stand: ${describeError(error)}`);
      if (!this.#busy) this.#diagnostics.flush();
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
    return this.#failures.list();
  }

  subscribe<T>(
    collection: Collection<T>,
    onDelta: (delta: Delta<T>) => void,
    {replay = false}: {readonly replay?: boolean} = {},
  ): () => void {
    const unsubscribe = this.#subscribers.addDelta(this.#read(collection), (delta) => onDelta(erased(delta)));
    if (replay) this.#replay(this.#read(collection), onDelta);
    return unsubscribe;
  }

  #replay<T>(store: Store, onDelta: (delta: Delta<T>) => void): void {
    if (store.size === 0) return;
    const tell = () => this.#isolate(() => onDelta(erased(store.snapshot(this.epoch))));
    // What the subscriber commits on seeing the snapshot comes after it.
    if (this.#busy) tell();
    else this.#hold(tell);
  }

  onCommit(collections: readonly AnyCollection[], call: (commit: Commit) => void): () => void {
    const stores = collections.map((collection) => this.#read(collection));
    return this.#subscribers.addCommit(stores, call);
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
    if (this.#running !== undefined || this.#busy) throw new Error('a collection is retired between commits');
    const store = this.#instances.peek(collection);
    if (store === undefined) return;
    this.#wanted.delete(store);
    this.#sweep();
  }

  /** Frees what nobody wants or is subscribed to, with all that only it needed. */
  #sweep(): void {
    this.#sweepIsDue = false;
    const wanted = [...this.#wanted, ...this.#subscribers.stores].map(({node}) => node);
    const swept = new Set(this.#instances.sweep(wanted));
    if (swept.size === 0) return;
    for (const node of swept) this.#scheduler.drop(node);
    this.#history.forget(swept);
    this.#writes.forget();
    this.#tellErrors();
  }

  /** The last subscriber of a collection that was let go of before has left. */
  #onLeft(stores: readonly Store[]): void {
    if (this.#disposed || stores.every((store) => this.#wanted.has(store) || store.observers > 0)) return;
    if (this.#busy || this.#running !== undefined) this.#sweepIsDue = true;
    else this.#sweep();
  }

  counters(): ReadonlyMap<string, Counters> {
    return new Map([...this.#instances.nodes].map(([name, {counters}]) => [name, counters.read()]));
  }

  resetCounters(): void {
    for (const node of this.#instances.nodes.values()) node.counters.reset();
    this.#countingSince = performance.now();
  }

  nodes() {
    const seconds = (performance.now() - this.#countingSince) / 1000;
    return [...this.#instances.nodes.values()].map((node) => ({
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
    return [...this.#ranks.edges()];
  }

  mermaid(): string {
    return toMermaid(this.nodes(), this.edges());
  }

  dump(collection: AnyCollection | string) {
    return dumpOf(this.#named(collection));
  }

  why(collection: AnyCollection | string, key: string) {
    return explain(this.#named(collection), key, this.#history.entries());
  }

  history(): readonly HistoryEntry[] {
    return this.#history.entries();
  }

  find(name: string): AnyCollection | undefined {
    return this.#instances.stores.get(name)?.collection;
  }

  registrations(): number {
    const found = new Set<Dependency>();
    const watched = [...this.#instances.stores.values(), ...this.#instances.nodes.values()];
    for (const one of watched) {
      for (const watcher of one.watchers?.() ?? []) {
        if (watcher instanceof Dependency) found.add(watcher);
        else if (watcher instanceof Registration) found.add(watcher.dependency);
      }
    }
    return found.size;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const callback of this.#onDispose) this.#isolate(callback);
    this.#onDispose.clear();
    this.#subscribers.clear();
    this.#instances.sweep([]);
    this.#wanted.clear();
    this.#failures.clear();
    this.#history.clear();
    this.#writes.forget();
    this.#touched = undefined;
  }

  /** For streams, which are complete then. Returns the way out. */
  onDispose(callback: () => void): () => void {
    this.#onDispose.add(callback);
    return () => void this.#onDispose.delete(callback);
  }

  // What follows is for the nodes.

  storeOf(collection: AnyCollection): Store {
    const known = this.#instances.peek(collection);
    if (known !== undefined) return known;
    const store = this.#instances.storeOf(collection);
    this.#fresh = true;
    this.#retellErrors(collection);
    return store;
  }

  #retellErrors(collection: AnyCollection): void {
    if (collection.definition === transformErrors.definition) this.#failures.retell();
  }

  groupingOf(index: AnyIndex): Grouping {
    return this.#instances.groupingOf(index);
  }

  schedule(node: Node): void {
    this.#scheduler.add(node);
  }

  link(source: Node, reader: Node, how: 'primary' | 'fetch'): boolean {
    const fresh = this.#fresh;
    this.#fresh = false;
    if (this.#ranks.has(source, reader)) return !fresh;
    const behind = source.rank >= reader.rank;
    this.#ranks.connect(source, reader, how);
    return !behind && !fresh;
  }

  diagnose(node: string, message: string): void {
    this.#diagnostics.keep(node, message);
  }

  touched(store: Store): void {
    if (this.#touched === undefined) this.#touched = [store];
    else this.#touched.push(store);
  }

  errorChanged(entry: Entry, error: TransformError | undefined, fatal: boolean): void {
    this.#failures.changed(entry, error, fatal);
  }

  remember(
    node: Node,
    key: string,
    cause: Slot | undefined,
    outcome: HistoryEntry['outcome'],
    collection?: string,
  ): void {
    this.#history.remember(this.epoch, node, key, cause, outcome, collection);
  }

  #read(collection: AnyCollection): Store {
    if (this.#running !== undefined) {
      throw new Error(
        `${this.#running.name}: ${collection.name} is read without the context, so no dependency is known`,
      );
    }
    if (this.#disposed) throw disposed();
    const known = this.#instances.peek(collection);
    if (known !== undefined) {
      this.#wanted.add(known);
      return known;
    }
    // Asked for the first time, between commits or by a subscriber: the graph is at rest, so it can be filled at once.
    const store = this.#instances.storeOf(collection);
    this.#wanted.add(store);
    this.#retellErrors(collection);
    this.#settle();
    for (const live of this.#takeTouched()) live.takeDelta(this.epoch);
    this.#tellErrors();
    if (!this.#busy) this.#failures.throwFatal();
    return store;
  }

  /** Between commits, what is news of errors makes a commit by itself. */
  #tellErrors(): void {
    this.#queueErrors();
    if (!this.#busy && !this.#queue.isEmpty) this.#hold(() => {});
    else this.#diagnostics.flush();
  }

  #named(collection: AnyCollection | string): Store {
    if (typeof collection !== 'string') return this.#read(collection);
    const store = this.#instances.stores.get(collection);
    if (store !== undefined) return store;
    const names = [...this.#instances.stores.keys()].sort().join(', ');
    throw new Error(`there is no collection ${collection}; there are: ${names}`);
  }
}

const disposed = (): Error => new Error('the graph is disposed of');
