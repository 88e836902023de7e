/** All objects of one kind, kept up to date by list and watch. */
import {setTimeout as sleep} from 'node:timers/promises';
import type {ApiClient} from '../api-client.ts';
import type {KubeObject} from '../objects.ts';
import {keyOf} from './pod.ts';

export type Store<T extends KubeObject> = {
  get(namespace: string, name: string): T | undefined;
  list(): Iterable<T>;
  /** Told after every change: the object, or what it was when it is gone. */
  onChange(listener: (object: T, gone: boolean) => void): void;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
};

type List<T> = {readonly metadata: {readonly resourceVersion: string}; readonly items?: readonly T[]};
type WatchEvent<T> = {readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; readonly object: T};

const retryMs = 200;

/**
 * `path`: of the list over all namespaces, `/api/v1/pods`. A watch that ends is followed by a new list, so that nothing has to
 * be known of why it ended.
 */
export function watchStore<T extends KubeObject>(client: ApiClient, path: string): Store<T> {
  const objects = new Map<string, T>();
  const listeners: ((object: T, gone: boolean) => void)[] = [];
  let synced = (): void => {};
  const firstList = new Promise<void>((resolve) => (synced = resolve));

  const key = ({metadata}: T): string => keyOf(metadata.namespace ?? '', metadata.name);
  const put = (object: T): void => {
    const known = objects.get(key(object));
    if (known?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    // Deleted and made anew under the same name while nobody watched.
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) drop(known);
    objects.set(key(object), object);
    for (const listener of listeners) listener(object, false);
  };
  const drop = (object: T): void => {
    if (objects.delete(key(object))) for (const listener of listeners) listener(object, true);
  };
  const list = async (): Promise<string> => {
    const {status, body} = await client.request<List<T>>('GET', path);
    if (status !== 200) throw new Error(`${path} answers ${status}`);
    const items = body.items ?? [];
    const listed = new Set(items.map(key));
    for (const [name, object] of objects) if (!listed.has(name)) drop(object);
    for (const item of items) put(item);
    return body.metadata.resourceVersion;
  };
  const run = async (): Promise<never> => {
    for (;;) {
      try {
        const from = await list();
        synced();
        await client.stream(`${path}?watch=true&resourceVersion=${from}&timeoutSeconds=3600`, (line) => {
          const {type, object} = JSON.parse(line) as WatchEvent<T>; // a watch of this path
          if (type === 'ADDED' || type === 'MODIFIED') put(object);
          else if (type === 'DELETED') drop(object);
        });
      } catch {
        // The API server is away, or not there yet.
      }
      await sleep(retryMs);
    }
  };
  void run();

  return {
    get: (namespace, name) => objects.get(keyOf(namespace, name)),
    list: () => objects.values(),
    onChange: (listener) => void listeners.push(listener),
    synced: firstList,
  };
}
