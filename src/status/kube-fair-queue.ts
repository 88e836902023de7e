/** Of four places, three go to those who come first while there are any. */
const SHARE = 4;
/** Places that were taken are cleared away when there are so many, and as many as those that wait. */
const MOST_TAKEN = 1_024;

/**
 * First come, first served, in two lines: what has waited for its very first status goes before what only changes, but
 * never holds it up altogether. Nobody stands in it twice.
 */
export class FairQueue<T> {
  readonly #members = new Set<T>();
  readonly #first = new Line<T>();
  readonly #rest = new Line<T>();
  #turn = 0;

  get size(): number {
    return this.#members.size;
  }

  has(item: T): boolean {
    return this.#members.has(item);
  }

  add(item: T, isFirst: boolean): void {
    if (this.#members.has(item)) return;
    this.#members.add(item);
    (isFirst ? this.#first : this.#rest).add(item);
  }

  take(): T | undefined {
    this.#turn = (this.#turn + 1) % SHARE;
    const [line, other] = this.#turn === 0 ? [this.#rest, this.#first] : [this.#first, this.#rest];
    const item = line.take() ?? other.take();
    if (item !== undefined) this.#members.delete(item);
    return item;
  }

  clear(): void {
    this.#members.clear();
    this.#first.clear();
    this.#rest.clear();
  }
}

/** Not a Set: taking the first of a large one walks over all that were taken before. */
class Line<T> {
  #items: T[] = [];
  #taken = 0;

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    const item = this.#items[this.#taken];
    if (item === undefined) return undefined;
    this.#taken++;
    if (this.#taken >= MOST_TAKEN && this.#taken * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#taken = 0;
  }
}
