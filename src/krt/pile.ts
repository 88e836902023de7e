/** A pile that once grew larger than this gives its memory back. */
const LARGEST_KEPT = 1024;

/**
 * Things that wait to be seen to in this epoch, in the order in which they came. Most commits are small: a pile that
 * stays costs them neither an array nor the note that old space points to a new one, which a fresh list would.
 */
export class Pile<T extends object> {
  size = 0;
  #items: (T | undefined)[] = [];

  add(item: T): void {
    this.#items[this.size++] = item;
  }

  at(place: number): T | undefined {
    return this.#items[place];
  }

  includes(item: T): boolean {
    for (let i = 0; i < this.size; i++) if (this.#items[i] === item) return true;
    return false;
  }

  /** Forgets the first so many; what came after them moves up. */
  drop(count: number): void {
    const rest = this.size - count;
    for (let i = 0; i < rest; i++) this.#items[i] = this.#items[i + count];
    // What is seen to must not be kept alive.
    for (let i = rest; i < this.size; i++) this.#items[i] = undefined;
    this.size = rest;
    if (rest === 0 && this.#items.length > LARGEST_KEPT) this.#items = [];
  }

  clear(): void {
    if (this.size === 1) {
      this.#items[0] = undefined;
      this.size = 0;
    } else this.drop(this.size);
  }
}
