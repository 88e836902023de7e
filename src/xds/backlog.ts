/** Everything one client is still to be sent: puts items in their places, wakes those that wait, watches how long. */
import type {Clock} from './clock.ts';
import {Item, type Place} from './item.ts';
import {refOf} from './ref.ts';
import type {TypeState} from './type-state.ts';

export class Backlog {
  /** Additions by what they wait for. */
  readonly #waiting = new Map<string, Set<Item>>();
  /** Removals that wait until nothing refers to them, by their own name. */
  readonly #leaving = new Map<string, Item>();
  /** When patience with an item ends; in that order, since all are given the same time. */
  readonly #deadlines = new Map<Item, number>();
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #expired: (items: readonly Item[]) => void;
  #stopTimer: (() => void) | undefined;

  /** `expired` is called with items that have waited `patience` milliseconds; they wait no longer. */
  constructor(clock: Clock, patience: number, expired: (items: readonly Item[]) => void) {
    this.#clock = clock;
    this.#patience = patience;
    this.#expired = expired;
  }

  /** Puts a name (again) among those to be looked at; what it waited for before counts no more. */
  touch(
    state: TypeState,
    name: string,
    order: number,
    flags: {readonly forced?: boolean; readonly asked?: boolean; readonly suspect?: boolean} = {},
  ): void {
    let item = state.items.get(name);
    if (item === undefined) state.items.set(name, (item = new Item(state, name)));
    this.#unplace(item);
    item.order = this.#orderFor(item, order);
    item.forced ||= flags.forced ?? false;
    item.asked ||= flags.asked ?? false;
    item.suspect ||= flags.suspect ?? false;
    this.#place(item, item.suspect ? 'suspects' : 'adds');
  }

  /** The name is as it should be, or on its way. */
  drop(item: Item): void {
    this.#unplace(item);
    this.#deadlines.delete(item);
    item.state.items.delete(item.name);
  }

  /** An addition that has to wait until `ref` was acknowledged. */
  waitFor(item: Item, ref: string): void {
    this.#unplace(item);
    item.waitsFor = ref;
    this.#place(item, 'waiting');
    this.#startPatience(item, 'addition');
  }

  /** A removal that has to wait until nothing on the client refers to it. */
  waitToLeave(item: Item): void {
    this.#unplace(item);
    item.leaving = true;
    this.#place(item, 'waiting');
    this.#startPatience(item, 'removal');
  }

  /** A removal that has to wait until no addition is pending. */
  queueRemoval(item: Item): void {
    this.#unplace(item);
    this.#place(item, item.isOverdue('removal') ? 'urgent' : 'removals');
    this.#startPatience(item, 'removal');
  }

  /** Whoever waits for `ref` looks again. */
  wake(ref: string): void {
    const items = this.#waiting.get(ref);
    if (items === undefined) return;
    for (const item of items) this.#requeue(item);
  }

  /** Nothing on the client refers to `ref` any more. */
  free(ref: string): void {
    const item = this.#leaving.get(ref);
    if (item !== undefined) this.queueRemoval(item);
  }

  /** What lower orders wait for must not wait for them. */
  promote(item: Item, order: number): void {
    if (item.order <= order || item.place === undefined) return;
    const {place, waitsFor, leaving} = item;
    this.#unplace(item);
    item.order = order;
    item.waitsFor = waitsFor;
    item.leaving = leaving;
    this.#place(item, place);
  }

  close(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** Its own order, or a lower one of the same type that waits for it. */
  #orderFor(item: Item, order: number): number {
    let lowest = order;
    for (const waiter of this.#waiting.get(refOf(item.state.type, item.name)) ?? []) {
      if (waiter.state === item.state) lowest = Math.min(lowest, waiter.order);
    }
    return lowest;
  }

  #requeue(item: Item): void {
    this.#unplace(item);
    this.#place(item, item.suspect ? 'suspects' : 'adds');
  }

  #place(item: Item, place: Place): void {
    item.place = place;
    if (place !== 'waiting') {
      item.state.queues[place].add(item);
      return;
    }
    if (item.leaving) {
      this.#leaving.set(refOf(item.state.type, item.name), item);
      return;
    }
    item.state.waitingAdds.add(item.order, 1);
    const ref = item.waitsFor ?? '';
    const items = this.#waiting.get(ref);
    if (items === undefined) this.#waiting.set(ref, new Set([item]));
    else items.add(item);
  }

  #unplace(item: Item): void {
    const {place, state} = item;
    if (place === undefined) return;
    item.place = undefined;
    if (place !== 'waiting') {
      state.queues[place].delete(item);
      return;
    }
    if (item.leaving) {
      item.leaving = false;
      this.#leaving.delete(refOf(state.type, item.name));
      return;
    }
    state.waitingAdds.add(item.order, -1);
    const ref = item.waitsFor ?? '';
    item.waitsFor = undefined;
    const items = this.#waiting.get(ref);
    items?.delete(item);
    if (items?.size === 0) this.#waiting.delete(ref);
  }

  #startPatience(item: Item, as: 'addition' | 'removal'): void {
    if (item.waited !== as) {
      item.waited = as;
      item.expired = false;
      this.#deadlines.delete(item);
    }
    if (item.expired || this.#deadlines.has(item)) return;
    this.#deadlines.set(item, this.#clock.now() + this.#patience);
    this.#watch();
  }

  #watch(): void {
    if (this.#stopTimer !== undefined) return;
    const first = this.#deadlines.values().next();
    if (first.done === true) return;
    this.#stopTimer = this.#clock.after(Math.max(0, first.value - this.#clock.now()), () => {
      this.#stopTimer = undefined;
      this.#expire();
      this.#watch();
    });
  }

  #expire(): void {
    const now = this.#clock.now();
    const late: Item[] = [];
    for (const [item, deadline] of this.#deadlines) {
      if (deadline > now) break;
      this.#deadlines.delete(item);
      item.expired = true;
      late.push(item);
      if (item.place === 'waiting' && !item.leaving) this.#requeue(item);
      else if (item.place === 'waiting' || item.place === 'removals') this.queueRemoval(item);
    }
    if (late.length > 0) this.#expired(late);
  }
}
