import {itemsOf} from './bag.ts';
import type {DeriveDefinition} from './definition.ts';
import {Entry, type EntryOwner} from './entry.ts';
import {structurallyEqual} from './equality.ts';
import {erased, messageOf} from './erased.ts';
import {Fetcher} from './fetcher.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import {Dispute, Ownership} from './ownership.ts';
import {Pile} from './pile.ts';
import {isRow, rowsOf} from './produced.ts';
import {removeFrom} from './remove-from.ts';
import type {Slot} from './slot.ts';
import {Store, type StoreFollower} from './store.ts';

/** A `derive`, `deriveOutputs` or `singleton`: runs its transform for each input row that is dirty. */
export class DeriveNode implements Node, EntryOwner, StoreFollower {
  readonly kind = 'derive';
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  isScheduled = false;
  scheduledNext: Node | undefined = undefined;
  readonly counters = new Tally();
  readonly #host: Host;
  readonly #definition: DeriveDefinition;
  readonly #source: Store | undefined;
  /** By the property under which the transform returns the rows. */
  readonly #outputs: readonly {readonly property: string; readonly ownership: Ownership}[];
  /** The output, where there is but one and the transform returns its rows. */
  readonly #only: Ownership | undefined;
  readonly #singleton: Entry | undefined;
  #fetcher: Fetcher;
  readonly #dirty = new Pile<Entry>();

  constructor(host: Host, definition: DeriveDefinition, source: Store | undefined) {
    this.#host = host;
    this.#definition = definition;
    this.#source = source;
    this.name = definition.name;
    this.#outputs = [...definition.outputs].map(([property, collection]) => {
      const store = new Store(host, collection, this);
      return {
        property,
        ownership: new Ownership(store, definition.outputs.size === 1, (message) => host.diagnose(this.name, message)),
      };
    });
    this.outputs = this.#outputs.map(({ownership}) => ownership.store);
    const [first] = this.#outputs;
    this.#only = first?.property === '' ? first.ownership : undefined;
    this.#fetcher = new Fetcher(host, this);
    this.#singleton = source === undefined ? new Entry(this, undefined) : undefined;
    source?.followers.push(this);
  }

  /** Marks everything dirty: for a node that comes alive. */
  start(): void {
    if (this.#singleton !== undefined) {
      this.#singleton.isDirty = true;
      this.onDirty(this.#singleton);
    }
    for (const slot of this.#source?.rows() ?? []) this.onRow(slot);
  }

  onRow(slot: Slot): void {
    // A row that comes back in the epoch in which it went has its entry still.
    if (slot.readers !== undefined && this.#entryOf(slot) !== undefined) return;
    const entry = new Entry(this, slot);
    slot.watch(entry);
    entry.markDirty(slot);
  }

  onDirty(entry: Entry): void {
    this.#dirty.add(entry);
    if (!this.isScheduled) this.#host.schedule(this);
  }

  countScan(): void {
    this.counters.scans++;
  }

  process(): void {
    const dirty = this.#dirty;
    for (let i = 0; i < dirty.size; i++) {
      const entry = dirty.at(i);
      if (entry === undefined || this.#runEntry(entry)) continue;
      // Once a source of higher rank has appeared, the rest waits too: it may read the same source, which is not up to
      // date yet. Nothing is published before all have run, so nobody sees a key in between.
      dirty.drop(i);
      this.#host.schedule(this);
      return;
    }
    dirty.clear();
    if (this.#only !== undefined) this.counters.changed += this.#only.publish(this.#onRemoved);
    else for (const {ownership} of this.#outputs) this.counters.changed += ownership.publish(this.#onRemoved);
  }

  readonly #onRemoved = (slot: Slot, cause: Slot | undefined): void => {
    this.#host.remember(this, slot.key, cause, 'removed', slot.store.name);
  };

  /** False when the run has to be made again later in this epoch. */
  #runEntry(entry: Entry): boolean {
    const {source} = entry;
    if (source !== undefined && source.row === undefined) {
      this.#remove(entry);
      return true;
    }
    if (this.#host.development) this.#fetcher = new Fetcher(this.#host, this);
    const fetcher = this.#fetcher;
    let produced: unknown;
    let failure: {readonly error: unknown} | undefined;
    fetcher.begin(entry);
    try {
      produced = this.#definition.run(fetcher, erased(source === undefined ? null : source.row));
    } catch (error) {
      failure = {error};
    }
    fetcher.end();
    if (fetcher.deferred) return false;
    entry.isDirty = false;
    this.counters.runs++;
    entry.epoch = this.#host.epoch;
    entry.changed = false;
    if (failure === undefined && !(fetcher.discarded && entry.hasRun)) failure = this.#accept(entry, produced);
    if (failure !== undefined) this.#fail(entry, failure.error);
    else {
      if (entry.error !== undefined) this.#heal(entry);
      if (this.#host.development && !fetcher.discarded) this.#checkPurity(entry, produced);
    }
    if (!entry.changed) this.counters.cutOff++;
    const outcome = failure !== undefined ? 'failed' : entry.changed ? 'changed' : 'cut off';
    this.#host.remember(this, entry.key, entry.cause, outcome);
    return true;
  }

  /** Takes over what a run yields; returns why that cannot be, if so. */
  #accept(entry: Entry, produced: unknown): {readonly error: unknown} | undefined {
    const only = this.#only;
    try {
      if (only !== undefined) {
        entry.changed = isRow(produced) ? only.replaceOne(entry, produced) : only.replace(entry, rowsOf(produced));
      } else {
        const rows = this.#outputs.map(({property}) => rowsOf(propertyOf(produced, property)));
        this.#outputs.forEach(({ownership}, i) => {
          if (ownership.replace(entry, rows[i] ?? [])) entry.changed = true;
        });
      }
    } catch (error) {
      return {error};
    }
    entry.hasRun = true;
    return undefined;
  }

  #fail(entry: Entry, failure: unknown): void {
    const {onError} = this.#definition;
    const message = messageOf(failure);
    if (onError === 'drop') {
      for (const {ownership} of this.#outputs) if (ownership.replace(entry, [])) entry.changed = true;
    }
    const {key} = entry;
    const known = entry.error?.message === message ? entry.error : undefined;
    const {epoch} = this.#host;
    entry.error = known ?? {key: `${this.name}/${key}`, collection: this.name, input: key, message, epoch};
    const rows = onError === 'drop' ? 'its rows are dropped' : 'its last good rows stand';
    this.#host.diagnose(this.name, `the transform failed for ${key}, ${rows}: ${message}`);
    this.#host.errorChanged(entry, entry.error, onError === 'fail');
  }

  #heal(entry: Entry): void {
    entry.error = undefined;
    this.#host.errorChanged(entry, undefined, false);
  }

  #remove(entry: Entry): void {
    for (const {ownership} of this.#outputs) ownership.replace(entry, []);
    this.#release(entry);
    if (entry.error !== undefined) this.#heal(entry);
  }

  #release(entry: Entry): void {
    entry.isDirty = false;
    entry.dropDependencies(entry.dependencies, undefined);
    entry.source?.unwatch(entry);
  }

  #checkPurity(entry: Entry, first: unknown): void {
    const fetcher = new Fetcher(this.#host, this);
    const {examined} = this.counters;
    let second: unknown;
    fetcher.begin(entry);
    try {
      second = this.#definition.run(fetcher, erased(entry.source === undefined ? null : entry.source.row));
    } catch {
      // That the first run did not fail is a difference too.
    }
    fetcher.end();
    this.counters.examined = examined;
    const same = this.#outputs.every(({property}) => {
      const of = (produced: unknown): unknown => (property === '' ? produced : propertyOf(produced, property));
      return structurallyEqual(yieldOf(of(first)), yieldOf(of(second)));
    });
    if (!same) this.#host.diagnose(this.name, `not pure: two runs for ${entry.key} gave different rows`);
  }

  #entryOf(slot: Slot): Entry | undefined {
    for (const reader of itemsOf(slot.readers)) if (reader instanceof Entry && reader.owner === this) return reader;
    return undefined;
  }

  #makerOf({maker}: Slot): Entry | undefined {
    if (maker instanceof Dispute) return maker.winner;
    return maker instanceof Entry ? maker : undefined;
  }

  origin(slot: Slot): Origin | undefined {
    const entry = this.#makerOf(slot);
    return entry && {epoch: entry.epoch, causes: entry.causes(), changed: entry.changed};
  }

  madeOf(slot: Slot): {readonly from?: string; readonly dependencies: readonly string[]} {
    const entry = this.#makerOf(slot);
    if (entry === undefined) return {dependencies: []};
    const dependencies: string[] = [];
    for (let one = entry.dependencies; one !== undefined; one = one.following) dependencies.push(one.describe());
    return this.#source === undefined ? {dependencies} : {from: `${this.#source.name}[${entry.key}]`, dependencies};
  }

  detach(): void {
    if (this.#source !== undefined) removeFrom(this.#source.followers, this);
    if (this.#singleton !== undefined) this.#release(this.#singleton);
    for (const slot of this.#source?.slots() ?? []) {
      const entry = this.#entryOf(slot);
      if (entry === undefined) continue;
      this.#release(entry);
      if (entry.error !== undefined) this.#heal(entry);
    }
    this.#dirty.clear();
  }
}

/** One of the outputs of a transform that yields several; none where it returned nothing. */
function propertyOf(produced: unknown, property: string): unknown {
  if (typeof produced !== 'object' || produced === null) {
    throw new Error('a transform with several outputs returns an object with the rows of each');
  }
  const rows: unknown = Reflect.get(produced, property);
  return rows;
}

/** Rows as they compare: one row is the list of one. */
const yieldOf = (produced: unknown): unknown =>
  produced === undefined ? [] : Array.isArray(produced) ? produced : [produced];
