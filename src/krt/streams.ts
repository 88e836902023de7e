import {Observable} from 'rxjs';
import type {AnyCollection, Collection} from './definition.ts';
import type {Change, Commit, Delta} from './delta.ts';
import {structurallyEqual} from './equality.ts';
import type {Conflated, Graph} from './graph-api.ts';

/** What streams need of a graph: `onDispose` calls back when it is disposed of, and returns the way out. */
type Source = Pick<Graph, 'subscribe' | 'onCommit'> & {readonly onDispose: (callback: () => void) => () => void};

/** Subscribes until the graph is disposed of, with which the stream is complete. */
function until(source: Source, complete: () => void, subscribe: () => () => void): () => void {
  let unsubscribe: (() => void) | undefined;
  const forget = source.onDispose(() => {
    unsubscribe = undefined;
    complete();
  });
  unsubscribe = subscribe();
  return () => {
    forget();
    unsubscribe?.();
    unsubscribe = undefined;
  };
}

/** A snapshot first, where there are rows, then one delta per commit, synchronously after it. */
export function deltas$<T>(graph: Source, collection: Collection<T>): Observable<Delta<T>> {
  return new Observable((subscriber) =>
    until(
      graph,
      () => subscriber.complete(),
      () => graph.subscribe(collection, (delta) => subscriber.next(delta), {replay: true}),
    ),
  );
}

export function commits$(graph: Source, collections: readonly AnyCollection[]): Observable<Commit> {
  return new Observable((subscriber) =>
    until(
      graph,
      () => subscriber.complete(),
      () => graph.onCommit(collections, (commit) => subscriber.next(commit)),
    ),
  );
}

/**
 * Emits a handle whenever there is something to take after there was nothing. What is not taken is merged per key, so a
 * slow subscriber costs memory bounded by the number of keys.
 */
export function conflated$<T>(graph: Source, collection: Collection<T>): Observable<Conflated<T>> {
  return new Observable((subscriber) => {
    let waiting = new Map<string, Change<T>>();
    let latest: Delta<T> | undefined;
    let snapshot = false;
    const handle: Conflated<T> = {
      take() {
        const changes = [...waiting.values()];
        waiting = new Map();
        const taken = latest && changes.length > 0 ? {...latest, snapshot, changes} : undefined;
        snapshot = false;
        return taken;
      },
    };
    const onDelta = (delta: Delta<T>): void => {
      const idle = waiting.size === 0;
      if (idle && delta.snapshot) snapshot = true;
      latest = delta;
      for (const change of delta.changes) {
        const merged = merge(waiting.get(change.key), change);
        if (merged === undefined) waiting.delete(change.key);
        else waiting.set(change.key, merged);
      }
      if (idle) subscriber.next(handle);
    };
    const forget = (): void => {
      waiting = new Map();
      latest = undefined;
    };
    subscriber.add(forget);
    return until(
      graph,
      () => subscriber.complete(),
      () => graph.subscribe(collection, onDelta, {replay: true}),
    );
  });
}

/** Both changes as one; undefined where the later undoes the earlier. */
function merge<T>(earlier: Change<T> | undefined, later: Change<T>): Change<T> | undefined {
  if (earlier === undefined) return later;
  if (structurallyEqual(earlier.old, later.new)) return undefined;
  return {
    key: later.key,
    ...(earlier.old !== undefined && {old: earlier.old}),
    ...(later.new !== undefined && {new: later.new}),
  };
}
