import type {Context} from './context.ts';
import type {AnyCollection, AnyIndex, Collection, Index, Labelled, Labels, Selecting, Trigger} from './definition.ts';
import {
  AllDependency,
  BucketDependency,
  type Dependency,
  type Interest,
  KeyDependency,
  type Projection,
  SelectDependency,
} from './dependency.ts';
import type {Entry} from './entry.ts';
import {structurallyEqual} from './equality.ts';
import {erased} from './erased.ts';
import type {ReadableBucket} from './grouping.ts';
import type {Host, Node} from './node.ts';
import {SelectingDependency} from './selecting-dependency.ts';
import type {LabelSelector} from './selector.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';

/** Thrown through a transform whose node has to be processed later in the epoch; never seen by users. */
class Deferred extends Error {}

/**
 * The context of the runs of one node, one at a time. The fetches of a run are kept in the order of the calls; a run that
 * asks the same as the last one walks them with a cursor and touches no reverse index.
 */
export class Fetcher implements Context {
  readonly #host: Host;
  readonly #node: Node;
  /** What the node is known to read, and ranks above. */
  readonly #linked = new Map<AnyCollection, Store>();
  #entry: Entry | undefined = undefined;
  /** The fetch of the last run that comes next, and the one of this run that came before. */
  #next: Dependency | undefined = undefined;
  #previous: Dependency | undefined = undefined;
  #deferred = false;
  #discarded = false;

  constructor(host: Host, node: Node) {
    this.#host = host;
    this.#node = node;
  }

  /** True when a fetch met a source that is not up to date yet: whatever the transform returned does not count. */
  get deferred(): boolean {
    return this.#deferred;
  }

  get discarded(): boolean {
    return this.#discarded;
  }

  begin(entry: Entry): void {
    this.#entry = entry;
    this.#next = entry.dependencies;
    this.#previous = undefined;
    this.#deferred = this.#discarded = false;
  }

  /**
   * Ends the run: dependencies that were not asked for again are dropped. After an error all read so far stay. A run
   * that is made again later leaves the old ones for then.
   */
  end(): void {
    if (!this.#deferred && this.#next !== undefined) this.#entry?.dropDependencies(this.#next, this.#previous);
    this.#entry = this.#next = this.#previous = undefined;
  }

  discard(): void {
    this.#alive();
    this.#discarded = true;
  }

  depend(on: Trigger): void {
    this.#keySlot(on, on.name, 'rows');
  }

  get<T, P>(from: Collection<T>, key: string, project?: (row: T) => P): T | P | undefined {
    const {row} = this.#keySlot(from, key, 'rows', project);
    if (row === undefined) return undefined;
    this.#node.counters.examined++;
    return project === undefined ? erased(row) : project(erased(row));
  }

  list<T, P>(from: Collection<T> | Index<T>, value?: string, project?: (row: T) => P): readonly (T | P)[] {
    const rows = isIndex(from)
      ? this.#bucket(from, must(value), 'rows', project).rows()
      : this.#all(from, 'rows').list();
    this.#node.counters.examined += rows.length;
    return project === undefined ? erased(rows) : rows.map((row) => project(erased(row)));
  }

  count<T>(from: Collection<T> | Index<T>, value?: string): number {
    this.#node.counters.examined++;
    return isIndex(from) ? this.#bucket(from, must(value), 'count').size : this.#all(from, 'count').size;
  }

  exists<T>(from: Collection<T> | Index<T>, keyOrValue: string): boolean {
    this.#node.counters.examined++;
    if (isIndex(from)) return this.#bucket(from, keyOrValue, 'exists').size > 0;
    return this.#keySlot(from, keyOrValue, 'exists').row !== undefined;
  }

  select<T>(from: Labelled<T>, selector: LabelSelector | undefined, namespace?: string): readonly T[] {
    this.#alive();
    checkNamespace(from, namespace);
    if (selector === undefined) return [];
    const dependency = this.#selection(from, selector, namespace);
    if (dependency.answer === undefined) {
      const {slots, examined} = dependency.query();
      this.#node.counters.examined += examined;
      dependency.answer = this.#rows(slots);
    }
    return erased(dependency.answer);
  }

  #selection(from: AnyCollection, selector: LabelSelector, namespace: string | undefined): SelectDependency {
    const known = this.#next;
    if (
      known instanceof SelectDependency &&
      known.store.collection === from &&
      known.namespace === namespace &&
      structurallyEqual(known.selector, selector)
    ) {
      return this.#advance(known);
    }
    return this.#append(new SelectDependency(this.#alive(), this.#store(from), selector, namespace));
  }

  selecting<T>(from: Selecting<T>, labels: Labels, namespace?: string): readonly T[] {
    checkNamespace(from, namespace);
    const dependency = this.#selecting(from, labels, namespace);
    if (dependency.answer === undefined) {
      const slots = dependency.slots();
      this.#node.counters.examined += slots.length;
      dependency.answer = this.#rows(slots);
    }
    return erased(dependency.answer);
  }

  #selecting(from: AnyCollection, labels: Labels, namespace: string | undefined): SelectingDependency {
    const entry = this.#alive();
    const known = this.#next;
    if (known instanceof SelectingDependency && known.store.collection === from && known.asks(labels, namespace)) {
      return this.#advance(known);
    }
    return this.#append(new SelectingDependency(entry, this.#store(from), labels, namespace));
  }

  #rows(slots: readonly Slot[]): readonly unknown[] {
    const rows = slots.map(({row}) => row);
    return this.#host.development ? Object.freeze(rows) : rows;
  }

  #keySlot(from: AnyCollection, key: string, interest: Interest, project?: Projection): Slot {
    const entry = this.#alive();
    const known = this.#next;
    if (
      known instanceof KeyDependency &&
      known.slot.key === key &&
      known.interest === interest &&
      known.slot.store.collection === from
    ) {
      this.#advance(known, project);
      return known.slot;
    }
    const slot = this.#store(from).slot(key);
    this.#append(new KeyDependency(entry, interest, project, slot));
    return slot;
  }

  #bucket(from: AnyIndex, value: string, interest: Interest, project?: Projection): ReadableBucket {
    const entry = this.#alive();
    const known = this.#next;
    if (
      known instanceof BucketDependency &&
      known.bucket.value === value &&
      known.interest === interest &&
      known.bucket.grouping.index === from
    ) {
      this.#advance(known, project);
      return known.bucket;
    }
    this.#store(from.of);
    const grouping = this.#host.groupingOf(from);
    this.#link(grouping.node);
    const bucket = grouping.readable(value);
    this.#append(new BucketDependency(entry, interest, project, bucket));
    return bucket;
  }

  #all(from: AnyCollection, interest: Interest): Store {
    const entry = this.#alive();
    const known = this.#next;
    if (known instanceof AllDependency && known.interest === interest && known.store.collection === from) {
      this.#advance(known);
      return known.store;
    }
    const store = this.#store(from);
    this.#append(new AllDependency(entry, interest, undefined, store));
    return store;
  }

  /** Throws where the transform has returned. */
  #alive(): Entry {
    if (this.#entry === undefined) {
      throw new Error(`${this.#node.name}: a context was used after its transform had returned`);
    }
    return this.#entry;
  }

  /** The same fetch as in the last run: its registration stays. */
  #advance<D extends Dependency>(dependency: D, project?: Projection): D {
    dependency.project = project;
    this.#previous = dependency;
    this.#next = dependency.following;
    return dependency;
  }

  /** Another fetch than in the last run: the rest no longer lines up; what is asked for again is registered again. */
  #append<D extends Dependency>(dependency: D): D {
    const entry = this.#alive();
    if (this.#next !== undefined) entry.dropDependencies(this.#next, this.#previous);
    this.#next = undefined;
    if (this.#previous === undefined) entry.dependencies = dependency;
    else this.#previous.following = dependency;
    this.#previous = dependency;
    return dependency;
  }

  #store(collection: AnyCollection): Store {
    const known = this.#linked.get(collection);
    if (known !== undefined) return known;
    const store = this.#host.storeOf(collection);
    this.#link(store.node);
    this.#linked.set(collection, store);
    return store;
  }

  #link(source: Node): void {
    if (this.#host.link(source, this.#node, 'fetch')) return;
    this.#deferred = true;
    throw new Deferred(`${this.#node.name} waits for ${source.name}`);
  }
}

function isIndex<T>(from: Collection<T> | Index<T>): from is Index<T> {
  return 'of' in from;
}

/** What can only be a mistake finds an error, not nothing. */
function checkNamespace({name, namespaceOf}: AnyCollection, namespace: string | undefined): void {
  if (namespace !== undefined && namespaceOf === undefined) {
    throw new Error(`${name} is asked for rows of a namespace, and does not say what namespace they are in`);
  }
}

function must(value: string | undefined): string {
  if (value === undefined) throw new Error('an index is read with the value to look for');
  return value;
}
