import type {KubeObject} from '../api/object.ts';

export type Removed = {readonly groupKind: string; readonly key: string};

/** Net changes. What is in both lists is another object of the same name: removed first, then set. */
export type Batch = {readonly set: readonly KubeObject[]; readonly removed: readonly Removed[]};

type Change = {object: KubeObject | undefined; wasRemoved: boolean};

/** Changes on their way out: those that arrive together go together, and only the last word on each object. */
export class Outgoing {
  readonly #deliver: (batch: Batch) => void;
  /** In the order of the kinds that were announced. */
  readonly #byKind = new Map<string, Map<string, Change>>();
  #isHeld = true;
  #next: NodeJS.Immediate | undefined;

  /** Nothing goes out before release(). */
  constructor(groupKinds: readonly string[], deliver: (batch: Batch) => void) {
    this.#deliver = deliver;
    for (const groupKind of groupKinds) this.#byKind.set(groupKind, new Map());
  }

  set(groupKind: string, key: string, object: KubeObject): void {
    const changes = this.#changesOf(groupKind);
    const change = changes.get(key);
    if (change === undefined) changes.set(key, {object, wasRemoved: false});
    else change.object = object;
    this.#schedule();
  }

  remove(groupKind: string, key: string): void {
    this.#changesOf(groupKind).set(key, {object: undefined, wasRemoved: true});
    this.#schedule();
  }

  /** Delivers what there is, even nothing, and from then on what comes, at the end of each turn of the event loop. */
  release(): void {
    this.#isHeld = false;
    this.#deliver(this.#take());
  }

  /** What has not gone out never will. */
  close(): void {
    this.#isHeld = true;
    clearImmediate(this.#next);
  }

  #changesOf(groupKind: string): Map<string, Change> {
    const changes = this.#byKind.get(groupKind) ?? new Map<string, Change>();
    this.#byKind.set(groupKind, changes);
    return changes;
  }

  #schedule(): void {
    if (this.#isHeld) return;
    this.#next ??= setImmediate(() => {
      this.#next = undefined;
      const batch = this.#take();
      if (batch.set.length > 0 || batch.removed.length > 0) this.#deliver(batch);
    });
  }

  #take(): Batch {
    const set: KubeObject[] = [];
    const removed: Removed[] = [];
    for (const [groupKind, changes] of this.#byKind) {
      if (changes.size === 0) continue;
      for (const [key, {object, wasRemoved}] of changes) {
        if (wasRemoved) removed.push({groupKind, key});
        if (object !== undefined) set.push(object);
      }
      changes.clear();
    }
    return {set, removed};
  }
}
