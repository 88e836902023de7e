import type {AnyIndex, Labels} from './definition.ts';
import type {Change} from './delta.ts';
import type {Cause, Dependency} from './dependency.ts';
import {structurallyEqual} from './equality.ts';
import {type LabelSelector, selectorAnchor, selectorMatches} from './selector.ts';
import {erased, labelPair} from './erased.ts';
import {ReaderTable} from './reader-table.ts';
import type {Bucket, Store} from './store.ts';

/**
 * The reverse index of one store: who depends on which key (absent ones too), index value, label or on everything. A
 * change looks up only those it can concern; selections without a demanded label pair are the one case that has
 * to be tried one by one, and each try is counted.
 */
export class Readers {
  readonly #byKey = new ReaderTable();
  readonly #byIndex = new Map<AnyIndex, ReaderTable>();
  readonly #byLabel = new ReaderTable();
  readonly #unanchored = new Set<Dependency>();
  readonly #all = new Set<Dependency>();

  add(dependency: Dependency): void {
    const {where} = dependency;
    switch (where.kind) {
      case 'key':
        this.#byKey.add(where.value, dependency);
        return;
      case 'index': {
        let table = this.#byIndex.get(where.index);
        if (table === undefined) this.#byIndex.set(where.index, (table = new ReaderTable()));
        table.add(where.value, dependency);
        return;
      }
      case 'all':
        this.#all.add(dependency);
        return;
      case 'select': {
        const anchor = selectorAnchor(where.selector);
        if (anchor === undefined) this.#unanchored.add(dependency);
        else this.#byLabel.add(labelPair(...anchor), dependency);
      }
    }
  }

  remove(dependency: Dependency): void {
    const {where} = dependency;
    switch (where.kind) {
      case 'key':
        this.#byKey.remove(where.value, dependency);
        return;
      case 'index': {
        const table = this.#byIndex.get(where.index);
        if (table === undefined) return;
        table.remove(where.value, dependency);
        if (table.isEmpty) this.#byIndex.delete(where.index);
        return;
      }
      case 'all':
        this.#all.delete(dependency);
        return;
      case 'select': {
        const anchor = selectorAnchor(where.selector);
        if (anchor === undefined) this.#unanchored.delete(dependency);
        else this.#byLabel.remove(labelPair(...anchor), dependency);
      }
    }
  }

  /** Registered dependencies in total; 0 once everything that read this store is gone. */
  get size(): number {
    let size = this.#all.size + this.#unanchored.size;
    for (const table of [this.#byKey, this.#byLabel, ...this.#byIndex.values()]) size += table.size;
    return size;
  }

  /** Tells readers by key, of everything, and by selection. The store holds the change already. */
  onChange(store: Store, change: Change<unknown>): void {
    const cause: Cause = {collection: store.name, key: change.key};
    const was = change.old !== undefined;
    const is = change.new !== undefined;
    for (const dependency of this.#byKey.get(change.key)) notify(dependency, change, was, is, was !== is, cause);
    if (this.#all.size > 0) {
      const flips = was !== is && store.size === (is ? 1 : 0);
      for (const dependency of this.#all) notify(dependency, change, was, is, flips, cause);
    }
    if (!this.#byLabel.isEmpty || this.#unanchored.size > 0) this.#onLabelChange(store, change, cause);
  }

  #onLabelChange(store: Store, change: Change<unknown>, cause: Cause): void {
    const before = change.old === undefined ? undefined : store.labelsOf(change.old);
    const after = change.new === undefined ? undefined : store.labelsOf(change.new);
    const candidates = new Set<Dependency>();
    for (const labels of [before, after]) {
      for (const [key, value] of Object.entries(labels ?? {})) {
        for (const dependency of this.#byLabel.get(labelPair(key, value))) candidates.add(dependency);
      }
    }
    for (const dependency of this.#unanchored) {
      dependency.reader.countScan();
      candidates.add(dependency);
    }
    for (const dependency of candidates) {
      if (dependency.where.kind !== 'select') continue;
      const was = before !== undefined && maySelect(dependency.where.selector, before);
      const is = after !== undefined && maySelect(dependency.where.selector, after);
      notify(dependency, change, was, is, was !== is, cause);
    }
  }

  /** Tells readers by index value. */
  onIndexChange(
    index: AnyIndex,
    change: Change<unknown>,
    before: readonly string[],
    after: readonly string[],
    table: ReadonlyMap<string, Bucket>,
  ): void {
    const readers = this.#byIndex.get(index);
    if (readers === undefined) return;
    const cause: Cause = {collection: index.of.name, key: change.key};
    for (const value of before) {
      const is = after.includes(value);
      const flips = !is && !table.has(value);
      for (const dependency of readers.get(value)) notify(dependency, change, true, is, flips, cause);
    }
    for (const value of after) {
      if (before.includes(value)) continue;
      const flips = table.get(value)?.rows.size === 1;
      for (const dependency of readers.get(value)) notify(dependency, change, false, true, flips, cause);
    }
  }
}

/** `was`/`is`: whether the row belongs to the answer; `flips`: whether the answer turned empty or non-empty. */
function notify(
  {reader, interest, project}: Dependency,
  change: Change<unknown>,
  was: boolean,
  is: boolean,
  flips: boolean,
  cause: Cause,
): void {
  if (!was && !is) return;
  switch (interest) {
    case 'count':
      if (was !== is) reader.markDirty(cause);
      return;
    case 'exists':
      if (flips) reader.markDirty(cause);
      return;
    case 'rows':
      if (was && is && project !== undefined && sameProjection(project, change)) return;
      reader.markDirty(cause);
  }
}

/** A selector too broken to be tried tells nothing: the reader runs, and meets the error itself. */
function maySelect(selector: LabelSelector, labels: Labels): boolean {
  try {
    return selectorMatches(selector, labels);
  } catch {
    return true;
  }
}

/** A projection that throws tells nothing: the reader runs, and meets the error itself. */
function sameProjection(project: (row: never) => unknown, change: Change<unknown>): boolean {
  try {
    return structurallyEqual(project(erased(change.old)), project(erased(change.new)));
  } catch {
    return false;
  }
}
