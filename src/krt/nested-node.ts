import {CombineNode} from './combine-node.ts';
import type {AnyCollection, NestedDefinition} from './definition.ts';
import {erased, messageOf} from './erased.ts';
import type {Host} from './node.ts';
import {removeFrom} from './remove-from.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';

/** `nested`: like a join or a merge, of collections that rows tell. They come alive, and are ranked below, when a row does. */
export class NestedNode extends CombineNode {
  readonly #from: Store;
  readonly #member: NestedDefinition['member'];
  /** The collection of each row of `from`. */
  readonly #members = new Map<string, Store>();
  #changed = new Set<string>();
  readonly #listener = {onSourceChange: (slot: Slot): void => this.#onRow(slot)};

  constructor(host: Host, collection: AnyCollection, definition: NestedDefinition, from: Store) {
    super(host, collection, definition);
    this.#from = from;
    this.#member = definition.member;
    from.listeners.push(this.#listener);
  }

  override start(): void {
    for (const slot of this.#from.rows()) this.#onRow(slot);
  }

  #onRow({key}: Slot): void {
    this.#changed.add(key);
    if (!this.isScheduled) this.host.schedule(this);
  }

  override process(): void {
    if (this.#changed.size > 0 && !this.#updateMembers()) return this.host.schedule(this);
    super.process();
  }

  /** False where a collection has come that is not up to date yet: to be processed again. */
  #updateMembers(): boolean {
    let ready = true;
    let changed = false;
    for (const key of this.#changed) {
      const store = this.#memberOf(key, () => (ready = false));
      if (store === this.#members.get(key)) continue;
      if (store === undefined) this.#members.delete(key);
      else this.#members.set(key, store);
      changed = true;
    }
    this.#changed = new Set();
    if (changed) {
      const before = this.order();
      this.setSources([...this.#members.keys()].sort().flatMap((key) => this.#members.get(key) ?? []));
      if (reordered(before, this.order())) this.touchAll();
    }
    return ready;
  }

  #memberOf(key: string, onBehind: () => void): Store | undefined {
    const row = this.#from.row(key);
    if (row === undefined) return undefined;
    try {
      const collection = this.#member(erased(row));
      if (collection === undefined) return undefined;
      const store = this.host.storeOf(collection);
      if (!this.host.link(store.node, this, 'fetch')) onBehind();
      return store;
    } catch (error) {
      this.host.diagnose(this.name, `${key} stands for no collection: ${messageOf(error)}`);
      return undefined;
    }
  }

  override detach(): void {
    super.detach();
    removeFrom(this.#from.listeners, this.#listener);
    this.#members.clear();
  }
}

/** Whether two that are in both lists have changed places. */
function reordered(before: readonly Store[], after: readonly Store[]): boolean {
  const places = after.map((store) => before.indexOf(store)).filter((place) => place >= 0);
  return places.some((place, i) => i > 0 && place < (places[i - 1] ?? 0));
}
