import {itemsOf, withItem, withoutItem} from './bag.ts';
import type {Commit, Delta} from './delta.ts';
import type {Store} from './store.ts';

/** `stores` is emptied when it leaves, since who keeps the way to unsubscribe must not keep the rows. */
export type Subscriber = {readonly order: number; stores: readonly Store[]} & (
  | {readonly kind: 'delta'; readonly call: (delta: Delta<unknown>) => void}
  | {readonly kind: 'commit'; readonly call: (commit: Commit) => void}
);

type Told = Map<Store, Delta<unknown>>;

/** Who is told of commits. A commit costs those whose collections it changed. */
export class Subscribers {
  readonly #stores = new Set<Store>();
  readonly #report: (error: unknown) => void;
  readonly #onLeft: (stores: readonly Store[]) => void;
  #made = 0;

  /** `report` is told of what a subscriber throws, which is nobody else's; `onLeft` of what a subscriber was subscribed to. */
  constructor(report: (error: unknown) => void, onLeft: (stores: readonly Store[]) => void) {
    this.#report = report;
    this.#onLeft = onLeft;
  }

  /** Calls back with what happened to one collection. */
  addDelta(store: Store, call: (delta: Delta<unknown>) => void): () => void {
    return this.#add({order: this.#made++, stores: [store], kind: 'delta', call});
  }

  /** Calls back once per commit that changed any of the collections. */
  addCommit(stores: readonly Store[], call: (commit: Commit) => void): () => void {
    return this.#add({order: this.#made++, stores: [...new Set(stores)], kind: 'commit', call});
  }

  #add(subscriber: Subscriber): () => void {
    for (const store of subscriber.stores) {
      store.subscribers = withItem(store.subscribers, subscriber);
      this.#stores.add(store);
    }
    return () => this.#remove(subscriber);
  }

  #remove(subscriber: Subscriber): void {
    for (const store of subscriber.stores) {
      store.subscribers = withoutItem(store.subscribers, subscriber);
      if (store.subscribers === undefined) this.#stores.delete(store);
    }
    const {stores} = subscriber;
    subscriber.stores = [];
    if (stores.length > 0) this.#onLeft(stores);
  }

  /** Takes the net changes of a store and tells who is concerned, where it is the only one that changed. */
  tellOf(store: Store, epoch: number): void {
    const {subscribers} = store;
    if (subscribers === undefined || !('kind' in subscribers) || subscribers.kind === 'commit') {
      this.tell([store], epoch);
      return;
    }
    const delta = store.takeDelta(epoch);
    if (delta !== undefined) this.#call(subscribers, epoch, delta, undefined);
  }

  /** Takes the net changes of these stores and tells who is concerned, in the order in which they subscribed. */
  tell(touched: readonly Store[], epoch: number): void {
    const deltas: Told = new Map();
    for (const store of touched) {
      const delta = store.takeDelta(epoch);
      if (delta !== undefined) deltas.set(store, delta);
    }
    const concerned = new Set<Subscriber>();
    for (const store of deltas.keys()) for (const one of itemsOf(store.subscribers)) concerned.add(one);
    for (const subscriber of [...concerned].sort((a, b) => a.order - b.order)) {
      const [store] = subscriber.stores;
      // Who was told before may have made it leave. Who subscribes meanwhile has seen this epoch in its snapshot.
      if (store !== undefined) this.#call(subscriber, epoch, deltas.get(store), deltas);
    }
  }

  #call(subscriber: Subscriber, epoch: number, delta: Delta<unknown> | undefined, deltas: Told | undefined): void {
    try {
      if (subscriber.kind === 'commit') subscriber.call({epoch, deltas: ownDeltas(subscriber, deltas)});
      else if (delta !== undefined) subscriber.call(delta);
    } catch (error) {
      this.#report(error);
    }
  }

  get stores(): Iterable<Store> {
    return this.#stores;
  }

  clear(): void {
    const subscribers = new Set([...this.#stores].flatMap(({subscribers: bag}) => [...itemsOf<Subscriber>(bag)]));
    for (const subscriber of subscribers) this.#remove(subscriber);
  }
}

function ownDeltas({stores}: Subscriber, deltas: Told | undefined): ReadonlyMap<string, Delta<unknown>> {
  const own = new Map<string, Delta<unknown>>();
  for (const store of stores) {
    const delta = deltas?.get(store);
    if (delta !== undefined) own.set(store.name, delta);
  }
  return own;
}
