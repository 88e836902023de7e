import type {AnyCollection} from './definition.ts';
import {deepFreeze} from './freeze.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import {Pile} from './pile.ts';
import {NOTHING, type Slot} from './slot.ts';
import {Store} from './store.ts';

/** An input: applies what a commit staged, one net change per key. */
export class InputNode implements Node {
  readonly kind = 'input';
  readonly name: string;
  readonly store: Store;
  readonly outputs: readonly Store[];
  rank = 0;
  isScheduled = false;
  scheduledNext: Node | undefined = undefined;
  readonly counters = new Tally();
  readonly #host: Host;
  readonly #staged = new Pile<Slot>();

  constructor(host: Host, collection: AnyCollection) {
    this.#host = host;
    this.name = collection.definition.name;
    this.store = new Store(host, collection, this);
    this.outputs = [this.store];
  }

  /** `row` undefined deletes. The last write to a key counts. Whoever stages schedules the node in the end. */
  stage(key: string, row: unknown): void {
    const slot = this.store.slot(key);
    if (slot.next === NOTHING) this.#staged.add(slot);
    slot.next = row;
  }

  /** What the row will be, as staged so far. */
  staged(key: string): unknown {
    const slot = this.store.get(key);
    return slot === undefined || slot.next === NOTHING ? slot?.row : slot.next;
  }

  /** Stages what turns the current rows, with what is staged already, into exactly these. */
  stageAll(rows: ReadonlyMap<string, unknown>): void {
    for (let i = 0; i < this.#staged.size; i++) {
      const slot = this.#staged.at(i);
      if (slot !== undefined && !rows.has(slot.key)) slot.next = undefined;
    }
    for (const {key} of this.store.rows()) if (!rows.has(key)) this.stage(key, undefined);
    for (const [key, row] of rows) this.stage(key, row);
  }

  /** Forgets what is staged: the commit's writer threw. */
  discard(): void {
    for (let i = 0; i < this.#staged.size; i++) {
      const slot = this.#staged.at(i);
      if (slot === undefined) continue;
      slot.next = NOTHING;
      this.store.forget(slot);
    }
    this.#staged.clear();
  }

  process(): void {
    const staged = this.#staged;
    for (let i = 0; i < staged.size; i++) {
      const slot = staged.at(i);
      if (slot === undefined || slot.next === NOTHING) continue;
      const row = slot.next;
      slot.next = NOTHING;
      if (row === undefined ? slot.row === undefined : this.#unchanged(slot.row, row)) {
        this.store.forget(slot);
        continue;
      }
      if (this.#host.development) deepFreeze(row);
      this.store.apply(slot, row);
      this.counters.changed++;
      this.#host.remember(
        this,
        slot.key,
        undefined,
        row === undefined ? 'removed' : 'changed',
        row === undefined ? this.name : undefined,
      );
    }
    staged.clear();
  }

  #unchanged(current: unknown, row: unknown): boolean {
    return current === row || (current !== undefined && this.store.equal(current, row));
  }

  origin(slot: Slot): Origin | undefined {
    return slot.row === undefined ? undefined : {epoch: slot.epoch, causes: [], changed: true};
  }

  madeOf(): {readonly dependencies: readonly string[]} {
    return {dependencies: []};
  }

  detach(): void {
    this.#staged.clear();
  }
}
