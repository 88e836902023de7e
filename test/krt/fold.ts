import {strict as assert} from 'node:assert';
import type {Change, Delta, Row} from '../../src/krt/index.ts';
import {canonical} from './program-rows.ts';

export type FoldOptions<T> = {
  /** What holds between an old row and the one the change before brought; by default that it is the very row. */
  readonly sameRow?: (old: T | undefined, known: T | undefined) => boolean;
  /** What is worth telling; by default what differs structurally. */
  readonly isChange?: (old: T | undefined, now: T | undefined) => boolean;
};

const differs = (old: unknown, now: unknown): boolean => canonical(old ?? null) !== canonical(now ?? null);

/**
 * Rows rebuilt from a stream of deltas alone, with the promises of `Delta` and `Change` checked on the way. What is
 * broken is thrown by `list`, since the graph keeps the errors of its subscribers to itself.
 */
export class Fold<T extends Row> {
  readonly rows: Map<string, T>;
  deltas = 0;
  readonly #sameRow: (old: T | undefined, known: T | undefined) => boolean;
  readonly #isChange: (old: T | undefined, now: T | undefined) => boolean;
  #epoch = 0;
  #broken: unknown;

  constructor(start: readonly T[] = [], {sameRow = Object.is, isChange = differs}: FoldOptions<T> = {}) {
    this.#sameRow = sameRow;
    this.#isChange = isChange;
    this.rows = new Map(start.map((row) => [row.key, row]));
  }

  add(delta: Delta<T>): void {
    try {
      this.#add(delta);
    } catch (error) {
      this.#broken ??= error;
    }
  }

  #add({epoch, snapshot, changes}: Delta<T>): void {
    assert(changes.length > 0, 'an empty delta');
    assert(new Set(changes.map(({key}) => key)).size === changes.length, 'a key occurs twice');
    assert(epoch >= this.#epoch, 'epochs go back');
    assert(!snapshot || this.deltas === 0, 'a snapshot that is not the first delta');
    this.#epoch = epoch;
    this.deltas++;
    for (const change of changes) this.#apply(change);
  }

  #apply({key, old, new: now}: Change<T>): void {
    assert(this.#sameRow(old, this.rows.get(key)), `the old row of ${key} is not the one of the change before`);
    assert(this.#isChange(old, now), `an update of ${key} that changes nothing`);
    assert(now === undefined || now.key === key, `a change of ${key} brings another key`);
    if (now === undefined) this.rows.delete(key);
    else this.rows.set(key, now);
  }

  list(): readonly T[] {
    if (this.#broken !== undefined) throw this.#broken;
    return [...this.rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
