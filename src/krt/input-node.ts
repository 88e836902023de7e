import type {InputDefinition} from './definition.ts';
import {structurallyEqual} from './equality.ts';
import {deepFreeze} from './freeze.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import type {Store} from './store.ts';

/** An input: applies what a commit staged, one net change per key. */
export class InputNode implements Node {
  readonly kind = 'input';
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  readonly counters = new Tally();
  readonly dependencyCount = 0;
  readonly #host: Host;
  readonly #store: Store;
  readonly #writtenAt = new Map<string, number>();
  #staged = new Map<string, unknown>();

  constructor(host: Host, definition: InputDefinition, store: Store) {
    this.#host = host;
    this.name = definition.name;
    this.#store = store;
    this.outputs = [store];
  }

  /** `row` undefined deletes. The last write to a key counts. Whoever stages schedules the node in the end. */
  stage(key: string, row: unknown): void {
    this.#staged.set(key, row);
  }

  /** Stages what turns the current rows, with what is staged already, into exactly these. */
  stageAll(rows: ReadonlyMap<string, unknown>): void {
    this.#staged = new Map();
    for (const key of this.#store.keys()) if (!rows.has(key)) this.stage(key, undefined);
    for (const [key, row] of rows) this.stage(key, row);
  }

  /** Forgets what is staged: the commit's writer threw. */
  discard(): void {
    this.#staged = new Map();
  }

  process(): void {
    const staged = this.#staged;
    this.#staged = new Map();
    for (const [key, row] of staged) {
      const current = this.#store.get(key);
      if (current === row || (row !== undefined && unchanged(current, row))) continue;
      if (this.#host.development && row !== undefined) deepFreeze(row);
      if (row === undefined) this.#writtenAt.delete(key);
      else this.#writtenAt.set(key, this.#host.epoch);
      this.#store.apply(key, row);
      this.counters.changed++;
    }
  }

  origin(_store: Store, key: string): Origin | undefined {
    const epoch = this.#writtenAt.get(key);
    return epoch === undefined ? undefined : {epoch, causes: [], changed: true};
  }

  madeOf(): {readonly dependencies: readonly string[]} {
    return {dependencies: []};
  }
}

function unchanged(current: unknown, next: unknown): boolean {
  return current !== undefined && structurallyEqual(current, next);
}
