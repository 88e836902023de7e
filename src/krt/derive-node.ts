import type {DeriveDefinition, Row} from './definition.ts';
import type {Change} from './delta.ts';
import {type Cause, type Dependency, describeDependency, type Reader} from './dependency.ts';
import {structurallyEqual} from './equality.ts';
import {Fetcher, Probe} from './fetcher.ts';
import {deepFreeze} from './freeze.ts';
import type {TransformError} from './graph-api.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import {OutputTable} from './output-table.ts';
import {erased, messageOf} from './erased.ts';
import type {Store} from './store.ts';

/** Enough causes to explain a run; a row fed by thousands keeps the first ones. */
const CAUSES_KEPT = 4;

/** The key of the one entry of a singleton, which has no input row. */
const SINGLETON = '';

type Outputs = ReadonlyMap<string, readonly Row[]>;

/** One input row and what its transform made of it. */
class Entry implements Reader {
  readonly key: string;
  readonly dependencies: Dependency[] = [];
  readonly #node: DeriveNode;
  outputs: Outputs = new Map();
  error: TransformError | undefined;
  epoch = 0;
  changed = false;
  causes: Cause[] = [];
  /** Causes gathered for the next run. */
  pending: Cause[] = [];

  constructor(node: DeriveNode, key: string) {
    this.#node = node;
    this.key = key;
  }

  markDirty(cause: Cause): void {
    if (this.pending.length < CAUSES_KEPT) this.pending.push(cause);
    this.#node.markDirty(this);
  }

  countScan(): void {
    this.#node.countScan();
  }
}

/** A `derive`, `deriveOutputs` or `singleton`: runs its transform for each input row that is dirty. */
export class DeriveNode implements Node {
  readonly kind = 'derive';
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  readonly counters = new Tally();
  readonly #host: Host;
  readonly #definition: DeriveDefinition;
  readonly #source: Store | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #tables: ReadonlyMap<string, OutputTable>;
  readonly #failed = new Set<Entry>();
  #dirty = new Set<Entry>();

  constructor(host: Host, definition: DeriveDefinition, source: Store | undefined, stores: ReadonlyMap<string, Store>) {
    this.#host = host;
    this.#definition = definition;
    this.#source = source;
    this.name = definition.name;
    this.outputs = [...stores.values()];
    this.#tables = new Map(
      [...stores].map(([output, store]) => [
        output,
        new OutputTable(
          store,
          (input, key) => rowOf(this.#entries.get(input)?.outputs.get(output), key),
          (message) => host.diagnose(this.name, message),
        ),
      ]),
    );
    source?.listeners.add(this);
  }

  /** Marks everything dirty: for a node that comes alive. */
  start(): void {
    if (this.#source === undefined) this.markDirty(this.#entry(SINGLETON));
    else for (const key of this.#source.keys()) this.#entry(key).markDirty({collection: this.#source.name, key});
  }

  onSourceChange(store: Store, change: Change<unknown>): void {
    this.#entry(change.key).markDirty({collection: store.name, key: change.key});
  }

  markDirty(entry: Entry): void {
    this.#dirty.add(entry);
    this.#host.schedule(this);
  }

  countScan(): void {
    this.counters.scans++;
  }

  process(): void {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const entry of dirty) {
      // Once a source of higher rank has appeared, the rest waits too: it may read the same source, which is not up to
      // date yet. Nothing is published before all have run, so nobody sees a key in between.
      if (this.#dirty.size > 0 || !this.#runEntry(entry)) this.#dirty.add(entry);
    }
    if (this.#dirty.size > 0) this.#host.schedule(this);
    else for (const table of this.#tables.values()) this.counters.changed += table.publish();
  }

  /** False when the run has to be made again later in this epoch. */
  #runEntry(entry: Entry): boolean {
    const row = this.#source === undefined ? null : this.#source.get(entry.key);
    if (row === undefined) {
      this.#remove(entry);
      return true;
    }
    const fetcher = new Fetcher(this.#host, this, this.counters, entry, entry.dependencies);
    let produced: Outputs | undefined;
    let failure: unknown;
    try {
      produced = this.#definition.run(fetcher, erased(row));
    } catch (error) {
      failure = error;
    }
    fetcher.close();
    if (fetcher.deferred) return false;
    this.counters.runs++;
    entry.epoch = this.#host.epoch;
    entry.causes = entry.pending;
    entry.pending = [];
    if (produced === undefined) this.#fail(entry, failure);
    else this.#accept(entry, produced);
    if (produced !== undefined && this.#host.development) this.#checkPurity(entry, row, produced);
    return true;
  }

  #accept(entry: Entry, produced: Outputs): void {
    entry.error = undefined;
    this.#failed.delete(entry);
    entry.changed = false;
    const outputs = new Map<string, readonly Row[]>();
    for (const [output, table] of this.#tables) {
      const before = entry.outputs.get(output) ?? [];
      const {rows, changed} = table.replace(entry.key, before, produced.get(output) ?? []);
      if (this.#host.development) for (const row of rows) deepFreeze(row);
      outputs.set(output, rows);
      if (changed) entry.changed = true;
    }
    entry.outputs = outputs;
    if (!entry.changed) this.counters.cutOff++;
  }

  #fail(entry: Entry, failure: unknown): void {
    const message = messageOf(failure);
    entry.changed = false;
    entry.error = {
      key: `${this.name}/${entry.key}`,
      collection: this.name,
      input: entry.key,
      message,
      epoch: this.#host.epoch,
    };
    this.#failed.add(entry);
    this.#host.diagnose(this.name, `the transform failed for ${entry.key}, its last good rows stand: ${message}`);
  }

  #remove(entry: Entry): void {
    for (const [output, table] of this.#tables) table.replace(entry.key, entry.outputs.get(output) ?? [], []);
    entry.outputs = new Map();
    for (const dependency of entry.dependencies.splice(0)) dependency.store.readers.remove(dependency);
    this.#failed.delete(entry);
    this.#entries.delete(entry.key);
  }

  #checkPurity(entry: Entry, row: unknown, first: Outputs): void {
    let second: Outputs | undefined;
    const probe = new Probe(this.#host, this);
    try {
      second = this.#definition.run(probe, erased(row));
    } catch {
      // That the first run did not fail is a difference too.
    }
    probe.close();
    const same = [...first].every(([output, rows]) => structurallyEqual(rows, second?.get(output)));
    if (!same) this.#host.diagnose(this.name, `not pure: two runs for ${entry.key} gave different rows`);
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, (entry = new Entry(this, key)));
    return entry;
  }

  #entryOf(store: Store, key: string): Entry | undefined {
    for (const table of this.#tables.values()) {
      if (table.store !== store) continue;
      const owner = table.owner(key);
      return owner === undefined ? undefined : this.#entries.get(owner);
    }
    return undefined;
  }

  origin(store: Store, key: string): Origin | undefined {
    const entry = this.#entryOf(store, key);
    return entry && {epoch: entry.epoch, causes: entry.causes, changed: entry.changed};
  }

  madeOf(store: Store, key: string): {readonly from?: string; readonly dependencies: readonly string[]} {
    const entry = this.#entryOf(store, key);
    if (entry === undefined) return {dependencies: []};
    const dependencies = entry.dependencies.map(describeDependency);
    return this.#source === undefined ? {dependencies} : {from: `${this.#source.name}[${entry.key}]`, dependencies};
  }

  *errors(): Iterable<TransformError> {
    for (const entry of this.#failed) if (entry.error !== undefined) yield entry.error;
  }

  get dependencyCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) count += entry.dependencies.length;
    return count;
  }
}

function rowOf(rows: readonly Row[] | undefined, key: string): Row | undefined {
  // The last of two rows with one key counts, as in OutputTable.replace.
  return rows?.findLast((row) => row.key === key);
}
