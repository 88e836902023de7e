import type {AnyCollection, AnyIndex} from './definition.ts';
import {describeError, Diagnostics} from './diagnostics.ts';
import type {Entry} from './entry.ts';
import {Failures, transformErrors} from './failures.ts';
import type {GraphOptions, HistoryEntry, Transaction, TransformError} from './graph-api.ts';
import type {Grouping} from './grouping.ts';
import {History} from './history.ts';
import type {InputNode} from './input-node.ts';
import {Instances} from './instances.ts';
import type {Host, Node} from './node.ts';
import {Ranks} from './ranks.ts';
import {Scheduler} from './scheduler.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';
import {Subscribers} from './subscribers.ts';
import {EpochTracer} from './tracing.ts';
import {StagedWrites} from './transaction.ts';
import {type Write, WriteQueue} from './write-queue.ts';

const HISTORY_KEPT = 1024;

/**
 * Runs commits over the live nodes: writes are staged, nodes brought up to date in order of rank, subscribers told. Owns
 * what lives as long as the graph does. How users see it is the matter of graph.ts.
 */
export class Runtime implements Host {
  readonly development: boolean;
  epoch = 0;
  readonly instances: Instances;
  readonly ranks: Ranks;
  readonly subscribers: Subscribers;
  readonly diagnostics: Diagnostics;
  readonly failures = new Failures();
  readonly history: History;
  readonly #scheduler = new Scheduler();
  readonly #queue = new WriteQueue();
  readonly #tracer: EpochTracer | undefined;
  /** Collections that the graph was made with or that were asked for since. */
  readonly #wanted = new Set<Store>();
  /** Stores with changes of this epoch that somebody is subscribed to: most often one. */
  #touched: Store | undefined = undefined;
  #touchedToo: Store[] | undefined = undefined;
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
  /** Something happened that most commits know nothing of: a failure, a diagnostic, a write or a leave of a subscriber. */
  #isEventful = false;
  /** Of the one commit that is being written, if any. */
  readonly #writes = new StagedWrites((input) => this.#inputNode(input));
  readonly #onDispose = new Set<() => void>();

  constructor({outputs, development = false, history = HISTORY_KEPT, tracer, onDiagnostic}: GraphOptions) {
    this.development = development;
    this.ranks = new Ranks((node) => this.#scheduler.moved(node));
    this.instances = new Instances(this, this.ranks);
    this.diagnostics = new Diagnostics(onDiagnostic);
    this.subscribers = new Subscribers(
      (error) => this.diagnose('subscriber', describeError(error)),
      (stores) => this.#onLeft(stores),
    );
    this.history = new History(history);
    this.#tracer = tracer && new EpochTracer(tracer);
    for (const output of outputs) this.#wanted.add(this.instances.storeOf(output));
    this.commit(() => {});
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  commit(write: Write): number {
    if (this.#running !== undefined || this.#writing || this.#disposed) throw this.#misused();
    // A subscriber's write becomes an epoch of its own, after the one that the subscriber is being told of.
    if (this.#busy) {
      this.#isEventful = true;
      return this.epoch + this.#queue.push(write);
    }
    const epoch = this.epoch + 1;
    this.#busy = true;
    try {
      this.#runEpoch(write);
      if (this.#isEventful && !this.#queue.isEmpty) this.#drain();
    } finally {
      this.#busy = false;
    }
    if (this.#isEventful) this.#conclude();
    return epoch;
  }

  /** Sees to what a commit left behind. */
  #conclude(): void {
    this.#isEventful = false;
    this.diagnostics.flush();
    if (this.#sweepIsDue) this.#sweep();
    this.failures.throwFatal();
  }

  #misused(): Error {
    if (this.#running !== undefined) return new Error(`${this.#running.name}: a transform must not write`);
    return this.#writing ? new Error('a commit inside the write of another: use its transaction') : disposed();
  }

  /** Does the work as if it were part of a commit, then runs what subscribers committed meanwhile. */
  hold(work: () => void): void {
    this.#busy = true;
    try {
      work();
      this.#drain();
    } finally {
      this.#busy = false;
    }
    this.diagnostics.flush();
  }

  #drain(): void {
    try {
      this.#queue.drain((write) => {
        if (this.#disposed) return [];
        try {
          this.#runEpoch(write);
          return this.#writes.names();
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

  #runEpoch(write: Write): void {
    const span = this.#tracer?.begin(this.instances.nodes);
    this.#stage(write);
    this.epoch++;
    const {written} = this.#writes;
    for (let i = 0; i < written.size; i++) {
      const node = written.at(i);
      if (node !== undefined) this.#scheduler.add(node);
    }
    this.#settle();
    // Before subscribers are told: what they write comes later.
    const inputs = span && this.#writes.names();
    if (this.#touched !== undefined) this.#tell(this.#touched);
    if (this.#isEventful) {
      if (this.failures.hasNews) this.#queueErrors();
      this.diagnostics.flush();
    }
    span?.end(this.epoch, inputs ?? []);
  }

  #stage(write: Write): void {
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
  }

  #inputNode(input: AnyCollection): InputNode {
    if (input.definition === transformErrors.definition && !this.#writingErrors) {
      throw new Error(`${input.name} is written by the graph itself`);
    }
    const node = this.instances.inputNode(input);
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

  #tell(first: Store): void {
    const others = this.#touchedToo;
    this.#touched = this.#touchedToo = undefined;
    if (others === undefined) this.subscribers.tellOf(first, this.epoch);
    else this.subscribers.tell([first, ...others], this.epoch);
  }

  /** Where transforms failed or healed and somebody reads of it, that is the next epoch. */
  #queueErrors(): void {
    if (this.instances.peek(transformErrors) === undefined) return;
    const write = this.failures.takeWrite();
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

  /** Between commits, what is news of errors makes a commit by itself. */
  #tellErrors(): void {
    this.#queueErrors();
    if (!this.#busy && !this.#queue.isEmpty) this.hold(() => {});
    else this.diagnostics.flush();
  }

  #retellErrors(collection: AnyCollection): void {
    if (collection.definition !== transformErrors.definition) return;
    this.#isEventful = true;
    this.failures.retell();
  }

  /** The store of a collection that users ask for, up to date. */
  read(collection: AnyCollection): Store {
    if (this.#running !== undefined) {
      throw new Error(
        `${this.#running.name}: ${collection.name} is read without the context, so no dependency is known`,
      );
    }
    if (this.#disposed) throw disposed();
    const known = this.instances.peek(collection);
    if (known !== undefined) {
      this.#wanted.add(known);
      return known;
    }
    // Asked for the first time, between commits or by a subscriber: the graph is at rest, so it can be filled at once.
    const store = this.instances.storeOf(collection);
    this.#wanted.add(store);
    this.#retellErrors(collection);
    this.#settle();
    this.#touched?.takeDelta(this.epoch);
    for (const live of this.#touchedToo ?? []) live.takeDelta(this.epoch);
    this.#touched = this.#touchedToo = undefined;
    this.#tellErrors();
    if (!this.#busy) this.failures.throwFatal();
    return store;
  }

  /** See Graph.retire. */
  retire(collection: AnyCollection): void {
    if (this.#running !== undefined || this.#busy) throw new Error('a collection is retired between commits');
    const store = this.instances.peek(collection);
    if (store === undefined) return;
    this.#wanted.delete(store);
    this.#sweep();
  }

  /** Frees what nobody wants or is subscribed to, with all that only it needed. */
  #sweep(): void {
    this.#sweepIsDue = false;
    const wanted = [...this.#wanted, ...this.subscribers.stores].map(({node}) => node);
    const swept = new Set(this.instances.sweep(wanted));
    if (swept.size === 0) return;
    for (const node of swept) this.#scheduler.drop(node);
    this.history.forget(swept);
    this.#writes.forget();
    this.#tellErrors();
  }

  /** The last subscriber of a collection that was let go of before has left. */
  #onLeft(stores: readonly Store[]): void {
    if (this.#disposed || stores.every((store) => this.#wanted.has(store) || store.subscribers !== undefined)) return;
    if (this.#busy || this.#running !== undefined) this.#sweepIsDue = this.#isEventful = true;
    else this.#sweep();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const callback of this.#onDispose) this.isolate(callback);
    this.#onDispose.clear();
    this.subscribers.clear();
    this.instances.sweep([]);
    this.#wanted.clear();
    this.failures.clear();
    this.history.clear();
    this.#writes.forget();
    this.#touched = this.#touchedToo = undefined;
  }

  /** Returns the way out. */
  onDispose(callback: () => void): () => void {
    this.#onDispose.add(callback);
    return () => void this.#onDispose.delete(callback);
  }

  /** Calls what users gave; what it throws is reported. */
  isolate(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.diagnose('subscriber', describeError(error));
    }
  }

  // What follows is for the nodes.

  storeOf(collection: AnyCollection): Store {
    const known = this.instances.peek(collection);
    if (known !== undefined) return known;
    const store = this.instances.storeOf(collection);
    this.#fresh = true;
    this.#retellErrors(collection);
    return store;
  }

  groupingOf(index: AnyIndex): Grouping {
    return this.instances.groupingOf(index);
  }

  schedule(node: Node): void {
    this.#scheduler.add(node);
  }

  link(source: Node, reader: Node, how: 'primary' | 'fetch'): boolean {
    const fresh = this.#fresh;
    this.#fresh = false;
    if (this.ranks.has(source, reader)) return !fresh;
    const behind = source.rank >= reader.rank;
    this.ranks.connect(source, reader, how);
    return !behind && !fresh;
  }

  diagnose(node: string, message: string): void {
    this.#isEventful = true;
    this.diagnostics.keep(node, message);
  }

  touched(store: Store): void {
    if (this.#touched === undefined) this.#touched = store;
    else if (this.#touchedToo === undefined) this.#touchedToo = [store];
    else this.#touchedToo.push(store);
  }

  errorChanged(entry: Entry, error: TransformError | undefined, fatal: boolean): void {
    this.#isEventful = true;
    this.failures.changed(entry, error, fatal);
  }

  remember(
    node: Node,
    key: string,
    cause: Slot | undefined,
    outcome: HistoryEntry['outcome'],
    collection?: string,
  ): void {
    this.history.remember(this.epoch, node, key, cause, outcome, collection);
  }
}

const disposed = (): Error => new Error('the graph is disposed of');
