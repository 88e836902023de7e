import {strict as assert} from 'node:assert';
import {type Change, type Row, structurallyEqual} from '../../src/krt/index.ts';

/** What a system under test calls for every row of its output that it adds, changes or removes. */
export type Listener<T> = (change: Change<T>) => void;

/** The cheapest listener there is, for timed rounds: it counts. */
export class Counter {
  told = 0;
  readonly listen = (): void => {
    this.told++;
  };
}

/**
 * A listener for checks: a map rebuilt from what it is told. That every change fits the one before is checked on the
 * way; what does not is thrown by `verify`, since a graph keeps the errors of its subscribers to itself.
 */
export class Mirror<T extends Row> {
  told = 0;
  readonly #rows = new Map<string, T>();
  #broken: string | undefined;

  readonly listen = ({key, old, new: now}: Change<T>): void => {
    this.told++;
    if (this.#rows.get(key) !== old) this.#broken ??= `the old row of ${key} is not the one of the change before`;
    if (structurallyEqual(old, now)) this.#broken ??= `a change of ${key} changes nothing`;
    if (now === undefined) this.#rows.delete(key);
    else this.#rows.set(key, now);
  };

  /** Throws unless what was told adds up to these rows. */
  verify(rows: readonly T[]): void {
    assert(this.#broken === undefined, this.#broken);
    sameRows('the sum of what was told', [...this.#rows.values()], rows);
  }
}

/** Throws unless both hold equal rows under the same keys, in whatever order. */
export function sameRows<T extends Row>(who: string, actual: readonly T[], expected: readonly T[]): void {
  const rows = new Map(actual.map((row) => [row.key, row]));
  assert(rows.size === actual.length, `${who}: a key occurs twice`);
  assert(rows.size === expected.length, `${who}: ${rows.size} rows, not ${expected.length}`);
  for (const row of expected) {
    if (!structurallyEqual(rows.get(row.key), row)) assert.deepEqual(rows.get(row.key), row, `${who}: ${row.key}`);
  }
}
