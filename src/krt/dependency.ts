import {structurallyEqual} from './equality.ts';
import {erased} from './erased.ts';
import type {ReadableBucket} from './grouping.ts';
import {isEmpty, type LabelSelector, selectorMatches} from './selector.ts';
import type {PlacedWatcher, Slot, Watcher} from './slot.ts';
import type {Store} from './store.ts';

/** Who is told when an answer may have changed: one transform for one input row. */
export type Reader = {markDirty(cause: Slot): void; countScan(): void};

/** What part of the answer the reader uses: the rows, their number, or only whether there is one. */
export type Interest = 'rows' | 'count' | 'exists';

export type Projection = ((row: never) => unknown) | undefined;

/**
 * One fetch of one run, registered where changes that concern it pass by. Those of a run form a chain in the order of
 * the calls. `project` is replaced on every run, since it is usually a closure made anew.
 */
export abstract class Dependency implements Watcher {
  readonly reader: Reader;
  readonly interest: Interest;
  project: Projection;
  following: Dependency | undefined = undefined;

  constructor(reader: Reader, interest: Interest, project: Projection) {
    this.reader = reader;
    this.interest = interest;
    this.project = project;
  }

  abstract unregister(): void;
  abstract describe(): string;

  onChange(slot: Slot, old: unknown, was: boolean, is: boolean, flips: boolean): void {
    switch (this.interest) {
      case 'count':
        if (was !== is) this.reader.markDirty(slot);
        return;
      case 'exists':
        if (flips) this.reader.markDirty(slot);
        return;
      case 'rows':
        if (was && is && this.project !== undefined && sameProjection(this.project, old, slot.row)) return;
        this.reader.markDirty(slot);
    }
  }
}

/** On one key, whether it exists or not. */
export class KeyDependency extends Dependency {
  position = -1;
  readonly slot: Slot;

  constructor(reader: Reader, interest: Interest, project: Projection, slot: Slot) {
    super(reader, interest, project);
    this.slot = slot;
    slot.watch(this);
  }

  unregister(): void {
    this.slot.unwatch(this);
  }

  describe(): string {
    return `${this.slot.store.name}[${this.slot.key}]`;
  }
}

/** On the rows with one value of an index, or matched in a match. */
export class BucketDependency extends Dependency {
  position = -1;
  readonly bucket: ReadableBucket;

  constructor(reader: Reader, interest: Interest, project: Projection, bucket: ReadableBucket) {
    super(reader, interest, project);
    this.bucket = bucket;
    bucket.watch(this);
  }

  unregister(): void {
    this.bucket.unwatch(this);
  }

  describe(): string {
    const {grouping, value} = this.bucket;
    return `${grouping.of.name} by ${grouping.name}[${value}]`;
  }
}

/** On a whole collection. */
export class AllDependency extends Dependency {
  readonly store: Store;

  constructor(reader: Reader, interest: Interest, project: Projection, store: Store) {
    super(reader, interest, project);
    this.store = store;
    store.watch(this);
  }

  unregister(): void {
    this.store.unwatch(this);
  }

  describe(): string {
    return this.store.name;
  }
}

type Place = {watch(reader: PlacedWatcher): void; unwatch(reader: PlacedWatcher): void};

/** A dependency at one of the places where changes that concern it pass by. */
export class Registration implements PlacedWatcher {
  position = -1;
  readonly dependency: Dependency;
  readonly #place: Place;

  constructor(dependency: Dependency, place: Place) {
    this.dependency = dependency;
    this.#place = place;
    place.watch(this);
  }

  onChange(slot: Slot, old: unknown, was: boolean, is: boolean, flips: boolean): void {
    this.dependency.onChange(slot, old, was, is, flips);
  }

  end(): void {
    this.#place.unwatch(this);
  }
}

/** On the rows that a selector matches: registered under a label that all of them have, or else tried on every change. */
export class SelectDependency extends Dependency {
  readonly store: Store;
  readonly selector: LabelSelector;
  /** Undefined = of all namespaces. */
  readonly namespace: string | undefined;
  /** The last answer, good until the next change that concerns it. */
  answer: readonly unknown[] | undefined = undefined;
  readonly #registrations: readonly Registration[];
  readonly #scans: boolean;

  constructor(reader: Reader, store: Store, selector: LabelSelector, namespace: string | undefined) {
    super(reader, 'rows', undefined);
    this.store = store;
    this.selector = selector;
    this.namespace = namespace;
    const {buckets, anchored} = store.labelIndex(namespace !== undefined).places(selector, namespace ?? '');
    this.#scans = !anchored && !isEmpty(selector);
    this.#registrations = (buckets ?? [store]).map((place) => new Registration(this, place));
  }

  /** Slots of the rows that match, in order of their keys, and how many had to be looked at. */
  query(): {readonly slots: readonly Slot[]; readonly examined: number} {
    return this.store.labelIndex(this.namespace !== undefined).query(this.selector, this.namespace ?? '');
  }

  unregister(): void {
    for (const registration of this.#registrations) registration.end();
  }

  describe(): string {
    const scope = this.namespace === undefined ? '' : ` in ${this.namespace}`;
    return `${this.store.name} selected by ${JSON.stringify(this.selector)}${scope}`;
  }

  override onChange(slot: Slot, old: unknown): void {
    if (this.#scans) this.reader.countScan();
    if (!this.#selects(old) && !this.#selects(slot.row)) return;
    this.answer = undefined;
    this.reader.markDirty(slot);
  }

  #selects(row: unknown): boolean {
    if (row === undefined) return false;
    if (this.namespace !== undefined && this.store.namespaceOf(row) !== this.namespace) return false;
    try {
      return selectorMatches(this.selector, this.store.labelsOf(row));
    } catch {
      // A selector too broken to be tried tells nothing: the reader runs, and meets the error itself.
      return true;
    }
  }
}

/** A projection that throws tells nothing: the reader runs, and meets the error itself. */
function sameProjection(project: (row: never) => unknown, old: unknown, now: unknown): boolean {
  try {
    return structurallyEqual(project(erased(old)), project(erased(now)));
  } catch {
    return false;
  }
}
