import type {Row} from './definition.ts';
import {structurallyEqual} from './equality.ts';
import type {Store} from './store.ts';

/**
 * Who owns which output key. Two inputs that yield one key are a mistake, which is reported; the lowest input key then
 * wins, whatever the order of events, and the other takes over when the first lets go: also inside one commit.
 */
export class OutputTable {
  readonly store: Store;
  readonly #owners = new Map<string, string | Set<string>>();
  readonly #rowFrom: (input: string, key: string) => Row | undefined;
  readonly #diagnose: (message: string) => void;
  /** Keys whose published row may differ; with the new row where an input has just yielded one. */
  #touched = new Map<string, Row | undefined>();

  constructor(
    store: Store,
    rowFrom: (input: string, key: string) => Row | undefined,
    diagnose: (message: string) => void,
  ) {
    this.store = store;
    this.#rowFrom = rowFrom;
    this.#diagnose = diagnose;
  }

  /** The input whose row is published under that key. */
  owner(key: string): string | undefined {
    const owners = this.#owners.get(key);
    return owners === undefined || typeof owners === 'string' ? owners : [...owners].sort()[0];
  }

  /**
   * Notes what an input yields now. Rows equal to the old ones keep the old reference. Nothing is published yet, so that
   * a key may pass from one input to another before anyone looks.
   */
  replace(
    input: string,
    before: readonly Row[],
    after: readonly Row[],
  ): {readonly rows: readonly Row[]; readonly changed: boolean} {
    if (before.length === 0 && after.length === 0) return {rows: before, changed: false};
    const [next] = after;
    if (next !== undefined && after.length === 1 && before.length <= 1) {
      const [previous] = before;
      if (previous === undefined || previous.key === next.key) return this.#replaceOne(input, previous, next, before);
    }
    const old = new Map(before.map((row) => [row.key, row]));
    const now = new Map(after.map((row) => [row.key, row]));
    if (now.size < after.length) this.#diagnose(`${input} yields one key twice; the last row counts`);
    let changed = old.size !== now.size;
    const rows: Row[] = [];
    for (const [key, row] of now) {
      const previous = old.get(key);
      if (previous !== undefined && structurallyEqual(previous, row)) {
        rows.push(previous);
        continue;
      }
      rows.push(row);
      changed = true;
      this.#touched.set(key, row);
      if (previous === undefined) this.#claim(key, input);
    }
    for (const key of old.keys()) {
      if (now.has(key)) continue;
      changed = true;
      if (!this.#touched.has(key)) this.#touched.set(key, undefined);
      this.#release(key, input);
    }
    return {rows: changed ? rows : before, changed};
  }

  /** The same for what is by far the most frequent: one row, new or under its old key. */
  #replaceOne(
    input: string,
    previous: Row | undefined,
    next: Row,
    before: readonly Row[],
  ): {readonly rows: readonly Row[]; readonly changed: boolean} {
    if (previous !== undefined && structurallyEqual(previous, next)) return {rows: before, changed: false};
    this.#touched.set(next.key, next);
    if (previous === undefined) this.#claim(next.key, input);
    return {rows: [next], changed: true};
  }

  /** Publishes what was touched since the last call; returns how many rows changed. */
  publish(): number {
    const touched = this.#touched;
    this.#touched = new Map();
    let changed = 0;
    for (const [key, row] of touched) {
      const next = this.#settle(key, row);
      const current = this.store.get(key);
      if (current === next || (next !== undefined && structurallyEqual(current, next))) continue;
      this.store.apply(key, next);
      changed++;
    }
    return changed;
  }

  /** The row to publish. `yielded` is that of a present owner, so it is the one to publish where there is but one. */
  #settle(key: string, yielded: Row | undefined): Row | undefined {
    const owners = this.#owners.get(key);
    if (owners === undefined) return undefined;
    if (typeof owners === 'string') return yielded ?? this.#rowFrom(owners, key);
    const [winner = '', ...losers] = [...owners].sort();
    this.#diagnose(`${key} is yielded by ${winner} and by ${losers.join(', ')}; the first wins`);
    return this.#rowFrom(winner, key);
  }

  #claim(key: string, input: string): void {
    const owners = this.#owners.get(key);
    if (owners === undefined) this.#owners.set(key, input);
    else if (typeof owners === 'string') this.#owners.set(key, new Set([owners, input]));
    else owners.add(input);
  }

  #release(key: string, input: string): void {
    const owners = this.#owners.get(key);
    if (owners === input) this.#owners.delete(key);
    if (owners === undefined || typeof owners === 'string') return;
    owners.delete(input);
    const [only] = owners;
    if (owners.size === 1 && only !== undefined) this.#owners.set(key, only);
  }
}
