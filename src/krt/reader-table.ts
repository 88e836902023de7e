import type {Dependency} from './dependency.ts';

const nobody: readonly Dependency[] = [];

/**
 * Dependencies by a string: a key, an index value, a label pair. Most strings have one reader, which stands by itself:
 * a set is made only for a second one, since a set of one costs more than all else about it.
 */
export class ReaderTable {
  readonly #readers = new Map<string, Dependency | Set<Dependency>>();

  get(value: string): Iterable<Dependency> {
    const readers = this.#readers.get(value);
    if (readers === undefined) return nobody;
    return readers instanceof Set ? readers : [readers];
  }

  add(value: string, dependency: Dependency): void {
    const readers = this.#readers.get(value);
    if (readers === undefined) this.#readers.set(value, dependency);
    else if (readers instanceof Set) readers.add(dependency);
    else this.#readers.set(value, new Set([readers, dependency]));
  }

  remove(value: string, dependency: Dependency): void {
    const readers = this.#readers.get(value);
    if (readers === dependency) this.#readers.delete(value);
    if (!(readers instanceof Set)) return;
    readers.delete(dependency);
    if (readers.size === 0) this.#readers.delete(value);
  }

  get isEmpty(): boolean {
    return this.#readers.size === 0;
  }

  /** Dependencies in all. */
  get size(): number {
    let size = 0;
    for (const readers of this.#readers.values()) size += readers instanceof Set ? readers.size : 1;
    return size;
  }
}
