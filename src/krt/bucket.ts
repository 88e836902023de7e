import {type PlacedBag, withoutPlaced, withPlaced} from './bag.ts';
import type {Grouping} from './grouping.ts';
import type {PlacedWatcher, Slot} from './slot.ts';
import {SortedSlots} from './sorted-slots.ts';

/** The rows with one value of an index, and who reads them. It lives as long as it has either. */
export class Bucket {
  readonly grouping: Grouping;
  readonly value: string;
  readers: PlacedBag<PlacedWatcher> = undefined;
  /** A bucket of one, the usual case, needs no set. */
  #members: Slot | Set<Slot> | undefined = undefined;
  #sorted: SortedSlots | undefined = undefined;
  #rows: unknown[] | undefined = undefined;
  /** Whether somebody was given `#rows`, which then stays as it is. */
  #given = false;

  constructor(grouping: Grouping, value: string) {
    this.grouping = grouping;
    this.value = value;
  }

  get size(): number {
    if (this.#members === undefined) return 0;
    return this.#members instanceof Set ? this.#members.size : 1;
  }

  get isVacant(): boolean {
    return this.readers === undefined && this.#members === undefined;
  }

  /** The rows in order of their keys; the same array until one of them changes. */
  rows(): readonly unknown[] {
    this.#given = true;
    if (this.#rows !== undefined) return this.#rows;
    const members = this.#members;
    if (members === undefined) this.#rows = [];
    else if (members instanceof Set) this.#rows = this.#order(members).map(({row}) => row);
    else this.#rows = [members.row];
    const rows: readonly unknown[] = this.#rows;
    return this.grouping.of.development ? Object.freeze(rows) : rows;
  }

  slots(): readonly Slot[] {
    const members = this.#members;
    if (members === undefined) return [];
    return members instanceof Set ? this.#order(members) : [members];
  }

  #order(members: Set<Slot>): readonly Slot[] {
    return (this.#sorted ??= new SortedSlots()).list(() => members);
  }

  add(slot: Slot): void {
    const members = this.#members;
    if (members === undefined) this.#members = slot;
    else if (members instanceof Set) members.add(slot);
    else this.#members = new Set([members, slot]);
    this.#sorted?.added(slot);
    this.#rows = undefined;
    this.#tell(slot, undefined, false, true, members === undefined);
  }

  remove(slot: Slot, old: unknown): void {
    if (this.#members instanceof Set) {
      this.#members.delete(slot);
      if (this.#members.size === 0) this.#members = undefined;
    } else this.#members = undefined;
    this.#sorted?.removed(slot);
    this.#rows = undefined;
    this.#tell(slot, old, true, false, this.#members === undefined);
  }

  /** A member has another row. */
  changed(slot: Slot, old: unknown): void {
    if (this.#rows !== undefined) this.#replaceRow(this.#rows, old, slot.row);
    this.#tell(slot, old, true, true, false);
  }

  /** One row for another under the same key keeps the order: cheaper than looking at every member again. */
  #replaceRow(rows: unknown[], old: unknown, row: unknown): void {
    const own = this.#given ? rows.slice() : rows;
    const at = own.indexOf(old);
    if (at >= 0) own[at] = row;
    this.#rows = at >= 0 ? own : undefined;
    this.#given = false;
  }

  #tell(slot: Slot, old: unknown, was: boolean, is: boolean, flips: boolean): void {
    const {readers} = this;
    if (readers === undefined) return;
    if (Array.isArray(readers)) for (const reader of readers) reader.onChange(slot, old, was, is, flips);
    else readers.onChange(slot, old, was, is, flips);
  }

  watch(reader: PlacedWatcher): void {
    this.readers = withPlaced(this.readers, reader);
    this.grouping.watched++;
  }

  unwatch(reader: PlacedWatcher): void {
    this.readers = withoutPlaced(this.readers, reader);
    this.grouping.watched--;
    this.grouping.forget(this);
  }
}
