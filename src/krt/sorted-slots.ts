import {byKey, type Slot} from './slot.ts';

/** Single additions and removals are worked in up to so many times between two readings; beyond, sorting anew is cheaper. */
const EDITS = 16;

/** The members of a store or bucket in order of their keys (code units), kept for who reads them again. */
export class SortedSlots {
  #slots: Slot[] | undefined;
  #edits = 0;

  added(slot: Slot): void {
    if (this.#slots === undefined) return;
    if (this.#edits++ < EDITS) this.#slots.splice(position(this.#slots, slot), 0, slot);
    else this.#slots = undefined;
  }

  removed(slot: Slot): void {
    if (this.#slots === undefined) return;
    if (this.#edits++ < EDITS) this.#slots.splice(position(this.#slots, slot), 1);
    else this.#slots = undefined;
  }

  /** `members` is asked only where the order is not known. */
  list(members: () => Iterable<Slot>): readonly Slot[] {
    this.#edits = 0;
    return (this.#slots ??= [...members()].sort(byKey));
  }
}

/** Where the slot is, or would be. */
function position(slots: readonly Slot[], {key}: Slot): number {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle]?.key ?? key) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
