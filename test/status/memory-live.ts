/** What a watch of an API server in memory shows, some time after it happened. */
import type {LiveName, LiveObject, LiveObjects} from '../../src/kube/live-objects.ts';
import type {MemoryApi, Stored} from '../kube/memory-api.ts';
import type {SimulatedTime} from '../kube/simulated-time.ts';

export type MemoryLive = LiveObjects & {
  /** For how long events are under way from now on; they stay in order. */
  delay(ms: number): void;
  /** How many listen. */
  listeners(): number;
  stop(): void;
};

const nameOf = ({apiVersion, kind, metadata}: Stored): LiveName => {
  const namespace = metadata['namespace'];
  return {
    groupKind: `${apiVersion.slice(0, apiVersion.indexOf('/'))}/${kind}`,
    key: typeof namespace === 'string' ? `${namespace}/${metadata.name}` : metadata.name,
  };
};

export function memoryLive(api: MemoryApi, time: SimulatedTime): MemoryLive {
  const objects = new Map<string, {readonly name: LiveName; readonly object: LiveObject}>();
  const listeners = new Set<(name: LiveName) => void>();
  const idOf = ({groupKind, key}: LiveName): string => `${groupKind}|${key}`;
  let lag = 0;
  let last = 0;

  const take = (stored: Stored, isGone: boolean): void => {
    const name = nameOf(stored);
    const {apiVersion, metadata, status} = stored;
    const {uid, resourceVersion, generation} = metadata;
    if (isGone) objects.delete(idOf(name));
    else objects.set(idOf(name), {name, object: {apiVersion, uid, resourceVersion, generation, status}});
    for (const listener of listeners) listener(name);
  };
  for (const path of api.paths()) {
    const stored = api.get(path);
    if (stored !== undefined) take(stored, false);
  }
  const stop = api.onEvent(({type, object}) => {
    if (lag === 0 && last <= time.now()) return take(object, type === 'DELETED');
    // None overtakes another.
    last = Math.max(last, time.now() + lag);
    time.after(last - time.now(), () => take(object, type === 'DELETED'));
  });

  return {
    get: (name) => objects.get(idOf(name))?.object,
    names: () => [...objects.values()].map(({name}) => name),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    delay: (ms) => {
      lag = ms;
    },
    listeners: () => listeners.size,
    stop,
  };
}
