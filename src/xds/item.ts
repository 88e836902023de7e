/**
 * A name whose state on one client may differ from what it should be. There is at most one item for a name: what
 * changes again before it was sent is the same item, so a slow client costs memory by names, never by changes.
 */
import type {TypeState} from './type-state.ts';

/**
 * Where an item is:
 * - `adds`: to be decided when its type may be sent; most turn out to be additions;
 * - `suspects`: the same, tried again apart from the rest after a rejection;
 * - `waiting`: for what it refers to, or (removals) for what refers to it;
 * - `removals`: a removal, until no addition is pending;
 * - `urgent`: a removal that has waited long enough.
 */
export type Place = 'adds' | 'suspects' | 'waiting' | 'removals' | 'urgent';

export class Item {
  readonly state: TypeState;
  readonly name: string;
  order = 0;
  place: Place | undefined;
  /** Send it even if the client has this version, or rejected it. */
  forced = false;
  /** The client named it: if it does not exist, say so. */
  asked = false;
  /** Was part of a response rejected as a whole. */
  suspect = false;
  /** What it has waited as; a removal that becomes an addition starts anew. */
  waited: 'addition' | 'removal' | undefined;
  /** Has waited long enough as that: references do not hold it back any more. */
  expired = false;
  /** What it waits for; with place `waiting` only. */
  waitsFor: string | undefined;
  /** Is a removal that waits; with place `waiting` only. */
  leaving = false;

  constructor(state: TypeState, name: string) {
    this.state = state;
    this.name = name;
  }

  isOverdue(as: 'addition' | 'removal'): boolean {
    return this.expired && this.waited === as;
  }
}

/** Items by order, first come first served within one order. */
export class ItemQueue {
  readonly #byOrder = new Map<number, Set<Item>>();
  #orders: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    let items = this.#byOrder.get(item.order);
    if (items === undefined) {
      this.#byOrder.set(item.order, (items = new Set()));
      this.#orders = [...this.#byOrder.keys()].sort((a, b) => a - b);
    }
    items.add(item);
    this.#size += 1;
  }

  delete(item: Item): void {
    if (this.#byOrder.get(item.order)?.delete(item) === true) this.#size -= 1;
  }

  /** Items may be taken out meanwhile. */
  *ascending(): Generator<Item> {
    for (const order of this.#orders) yield* this.#byOrder.get(order) ?? [];
  }

  *descending(): Generator<Item> {
    for (const order of this.#orders.toReversed()) yield* this.#byOrder.get(order) ?? [];
  }
}

/** How many of a thing there are of each order. */
export class OrderCounts {
  readonly #counts = new Map<number, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** The smallest order present; Infinity if none is. */
  get lowest(): number {
    return this.#total === 0 ? Infinity : Math.min(...this.#counts.keys());
  }

  add(order: number, by: 1 | -1): void {
    const count = (this.#counts.get(order) ?? 0) + by;
    if (count === 0) this.#counts.delete(order);
    else this.#counts.set(order, count);
    this.#total += by;
  }
}
