import type {JoinDefinition} from './definition.ts';
import type {Change} from './delta.ts';
import {structurallyEqual} from './equality.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import type {Store} from './store.ts';

/** `join` and `union`: the first source that has a key wins. Rows are shared with the source, not copied. */
export class JoinNode implements Node {
  readonly kind = 'join';
  readonly name: string;
  readonly outputs: readonly Store[];
  rank = 0;
  readonly counters = new Tally();
  readonly dependencyCount = 0;
  readonly #host: Host;
  readonly #sources: readonly Store[];
  readonly #disjoint: boolean;
  readonly #store: Store;
  readonly #changedAt = new Map<string, number>();
  #touched = new Set<string>();

  constructor(host: Host, definition: JoinDefinition, sources: readonly Store[], store: Store) {
    this.#host = host;
    this.name = definition.name;
    this.#sources = sources;
    this.#disjoint = definition.disjoint;
    this.#store = store;
    this.outputs = [store];
    for (const source of sources) source.listeners.add(this);
  }

  start(): void {
    for (const source of this.#sources) for (const key of source.keys()) this.#touched.add(key);
    if (this.#touched.size > 0) this.#host.schedule(this);
  }

  onSourceChange(_store: Store, change: Change<unknown>): void {
    this.#touched.add(change.key);
    this.#host.schedule(this);
  }

  process(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    for (const key of touched) {
      const next = this.#winner(key)?.get(key);
      const current = this.#store.get(key);
      if (current === next || (next !== undefined && structurallyEqual(current, next))) continue;
      if (next === undefined) this.#changedAt.delete(key);
      else this.#changedAt.set(key, this.#host.epoch);
      this.#store.apply(key, next);
      this.counters.changed++;
    }
  }

  #winner(key: string): Store | undefined {
    const holders = this.#sources.filter((source) => source.get(key) !== undefined);
    if (this.#disjoint && holders.length > 1) {
      this.#host.diagnose(this.name, `${key} is in ${holders.map(({name}) => name).join(' and in ')}; the first wins`);
    }
    return holders[0];
  }

  origin(_store: Store, key: string): Origin | undefined {
    const epoch = this.#changedAt.get(key);
    const winner = this.#sources.find((source) => source.get(key) !== undefined);
    if (epoch === undefined || winner === undefined) return undefined;
    return {epoch, causes: [{collection: winner.name, key}], changed: true};
  }

  madeOf(_store: Store, key: string): {readonly dependencies: readonly string[]} {
    return {
      dependencies: this.#sources
        .filter((source) => source.get(key) !== undefined)
        .map((source) => `${source.name}[${key}]`),
    };
  }
}
