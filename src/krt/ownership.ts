import {itemsOf} from './bag.ts';
import type {Row} from './definition.ts';
import {Entry} from './entry.ts';
import {deepFreeze} from './freeze.ts';
import {Pile} from './pile.ts';
import {NOTHING, type Slot} from './slot.ts';
import type {Store} from './store.ts';

/** Several inputs yield a row under one key: a mistake, settled so that the order of events does not matter. */
export class Dispute {
  readonly claims = new Map<Entry, unknown>();

  /** The claim of the lowest input key counts. */
  get winner(): Entry | undefined {
    return this.inOrder()[0];
  }

  inOrder(): readonly Entry[] {
    return [...this.claims.keys()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/**
 * Which input yields which row of an output. What inputs yield is staged and published once all have run, so that a key
 * may pass from one input to another before anyone looks. Two inputs that yield one key are reported; the lowest input
 * key wins, and the other takes over when the first lets go. Rows equal to the published ones keep the old reference.
 */
export class Ownership {
  readonly store: Store;
  readonly #isOnly: boolean;
  readonly #diagnose: (message: string) => void;
  readonly #touched = new Pile<Slot>();

  /** `isOnly` = the transform has no other outputs, so all slots that an input yields are of this one. */
  constructor(store: Store, isOnly: boolean, diagnose: (message: string) => void) {
    this.store = store;
    this.#isOnly = isOnly;
    this.#diagnose = diagnose;
  }

  /** Notes what an input yields now; `rows` are checked to be rows. Returns whether anything differs. */
  replace(entry: Entry, rows: readonly Row[]): boolean {
    const {yields} = entry;
    const [row] = rows;
    if (row === undefined && yields === undefined) return false;
    if (rows.length === 1 && row !== undefined) return this.replaceOne(entry, row);
    const held = this.#heldBy(entry);
    if (held === undefined && areDistinct(rows)) {
      for (const one of rows) this.#claim(entry, this.store.slot(one.key), one);
      return true;
    }
    if (Array.isArray(held) && sameKeys(held, rows)) return this.#updateAll(entry, held, rows);
    const now = new Map(rows.map((one) => [one.key, one]));
    if (now.size < rows.length) this.#diagnose(`${entry.key} yields one key twice; the last row counts`);
    return this.#replaceAll(entry, now);
  }

  /** The same for what is by far the most frequent: one row, new or under its old key. */
  replaceOne(entry: Entry, row: Row): boolean {
    const held = this.#heldBy(entry);
    if (held === undefined) {
      this.#claim(entry, this.store.slot(row.key), row);
      return true;
    }
    if (!Array.isArray(held) && held.key === row.key) return this.#update(entry, held, row);
    return this.#replaceAll(entry, new Map([[row.key, row]]));
  }

  /** The slot of this output that the input yields a row for, or several. */
  #heldBy(entry: Entry): Slot | Slot[] | undefined {
    const {yields, onlyYield} = entry;
    if (yields === undefined) return undefined;
    if (onlyYield !== undefined) return onlyYield.store === this.store ? onlyYield : undefined;
    const all = itemsOf<Slot>(yields);
    if (this.#isOnly) return Array.isArray(all) ? all : [...all];
    const own: Slot[] = [];
    for (const slot of all) if (slot.store === this.store) own.push(slot);
    return own.length > 1 ? own : own[0];
  }

  /** The rows of a run that yields the keys of the last one. */
  #updateAll(entry: Entry, held: readonly Slot[], rows: readonly Row[]): boolean {
    let changed = false;
    for (let i = 0; i < rows.length; i++) {
      const [slot, row] = [held[i], rows[i]];
      if (slot !== undefined && row !== undefined) changed = this.#update(entry, slot, row) || changed;
    }
    return changed;
  }

  #replaceAll(entry: Entry, now: ReadonlyMap<string, Row>): boolean {
    let changed = false;
    const before = [...itemsOf<Slot>(this.#heldBy(entry))];
    const held = new Set(before);
    for (const [key, row] of now) {
      const slot = this.store.slot(key);
      if (held.has(slot)) changed = this.#update(entry, slot, row) || changed;
      else {
        this.#claim(entry, slot, row);
        changed = true;
      }
    }
    for (const slot of before) {
      if (now.has(slot.key)) continue;
      this.#release(entry, slot);
      changed = true;
    }
    return changed;
  }

  /** A row for a key that the input has yielded before. */
  #update(entry: Entry, slot: Slot, row: Row): boolean {
    const {maker} = slot;
    const settled = this.#settled(slot, row);
    if (maker !== entry && maker instanceof Dispute) {
      if (maker.claims.get(entry) === settled) return false;
      maker.claims.set(entry, settled);
      this.#stage(slot, settled);
      return true;
    }
    if (settled === (slot.next === NOTHING ? slot.row : slot.next)) return false;
    this.#stage(slot, settled);
    return true;
  }

  #claim(entry: Entry, slot: Slot, row: Row): void {
    entry.addYield(slot);
    const settled = this.#settled(slot, row);
    const {maker} = slot;
    const isFree = maker === undefined || (maker instanceof Entry && slot.next === undefined);
    if (isFree) slot.maker = entry;
    else if (maker instanceof Dispute) maker.claims.set(entry, settled);
    else {
      const dispute = new Dispute();
      // The claim of the other: what it has staged, or what is published.
      if (maker instanceof Entry) dispute.claims.set(maker, slot.next === NOTHING ? slot.row : slot.next);
      dispute.claims.set(entry, settled);
      slot.maker = dispute;
    }
    this.#stage(slot, settled);
  }

  #release(entry: Entry, slot: Slot): void {
    entry.dropYield(slot);
    const {maker} = slot;
    if (!(maker instanceof Dispute)) {
      // It stays the maker until the row is gone, so that why the row went can be told.
      this.#stage(slot, undefined);
      return;
    }
    maker.claims.delete(entry);
    const [last, other] = maker.claims;
    if (last !== undefined && other === undefined) {
      slot.maker = last[0];
      this.#stage(slot, this.#settled(slot, last[1]));
    } else this.#stage(slot, undefined);
  }

  /** The published row where the new one equals it. */
  #settled(slot: Slot, row: unknown): unknown {
    if (slot.row !== undefined && this.store.equal(slot.row, row)) return slot.row;
    if (this.store.development) deepFreeze(row);
    return row;
  }

  #stage(slot: Slot, row: unknown): void {
    if (slot.next === NOTHING) this.#touched.add(slot);
    slot.next = row;
  }

  /** Publishes what was staged since the last call; returns how many rows changed. */
  publish(onRemoved: (slot: Slot, cause: Slot | undefined) => void): number {
    const touched = this.#touched;
    let changed = 0;
    for (let i = 0; i < touched.size; i++) {
      const slot = touched.at(i);
      if (slot === undefined || slot.next === NOTHING) continue;
      const {maker} = slot;
      const row = isDispute(maker) ? this.#settle(slot, maker) : slot.next;
      slot.next = NOTHING;
      if (row === undefined) slot.maker = undefined;
      if (row === slot.row) {
        this.store.forget(slot);
        continue;
      }
      this.store.apply(slot, row);
      if (row === undefined) onRemoved(slot, maker instanceof Entry ? maker.cause : undefined);
      changed++;
    }
    touched.clear();
    return changed;
  }

  #settle(slot: Slot, dispute: Dispute): unknown {
    const [winner, ...losers] = dispute.inOrder();
    if (winner === undefined) return undefined;
    const others = losers.map(({key}) => key).join(', ');
    this.#diagnose(`${slot.key} is yielded by ${winner.key} and by ${others}; the first wins`);
    return this.#settled(slot, dispute.claims.get(winner));
  }
}

/** Asked of every row: cheaper than `instanceof`. */
const isDispute = (maker: Slot['maker']): maker is Dispute => maker !== undefined && 'claims' in maker;

/** In the same order, as they are where nothing but rows changed. */
function sameKeys(held: readonly Slot[], rows: readonly Row[]): boolean {
  if (held.length !== rows.length) return false;
  for (let i = 0; i < rows.length; i++) if (held[i]?.key !== rows[i]?.key) return false;
  return true;
}

/** More rows than this are told apart by a map. */
const FEW = 8;

/** True where the keys of a few rows differ; of many it is not worth saying. */
function areDistinct(rows: readonly Row[]): boolean {
  if (rows.length > FEW) return false;
  for (let i = 1; i < rows.length; i++) {
    for (let j = 0; j < i; j++) if (rows[i]?.key === rows[j]?.key) return false;
  }
  return true;
}
