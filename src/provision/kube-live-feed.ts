/** Follows the objects of a cluster that are labelled with a Gateway. */
import type {Clock} from '../kube/clock.ts';
import type {KubeClient} from '../kube/client.ts';
import type {ReflectorSink, ReflectorState} from '../kube/reflector-types.ts';
import {type Reflector, startReflector} from '../kube/reflector.ts';
import {Turns} from '../kube/turns.ts';
import type {RawObject} from '../kube/watch-event.ts';
import {allPath, type ProvisionedKind, provisionedKinds} from './kube-kinds.ts';
import {gatewayNameLabel, type LiveObject, liveObjectOf} from './live-object.ts';

export type LiveSink = {
  set(object: LiveObject): void;
  deleted(key: string, uid: string): void;
};

export type LiveFeed = (sink: LiveSink) => {
  /** Resolves when everything there is has been told, as far as it can be read. */
  readonly synced: Promise<void>;
  /** The sink hears nothing more from then on. */
  readonly stop: () => void;
};

export type KubeLiveFeedOptions = {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly random?: () => number;
};

/** One watch for each kind, over all namespaces. */
export function createKubeLiveFeed({client, clock, log, random}: KubeLiveFeedOptions): LiveFeed {
  return (sink) => {
    const watchLists = {areServed: true};
    const turns = new Turns();
    const reflectors: Reflector[] = [];
    const ready = provisionedKinds.map(
      (kind) =>
        new Promise<void>((resolve) => {
          let before: ReflectorState['is'] = 'starting';
          const onState = (state: ReflectorState): void => {
            // Whoever has reached the server spares the others the rest of their pauses.
            if (before === 'unreachable' && (state.is === 'following' || state.is === 'starting')) {
              for (const reflector of reflectors) reflector.serverIsBack();
            }
            before = state.is;
            if (state.is === 'forbidden') {
              log.error(
                {kind: kind.kind, reason: state.message},
                'objects made for Gateways may not be read: grant list and watch',
              );
            } else if (state.is === 'unreachable') {
              log.warn({kind: kind.kind, reason: state.message}, 'objects made for Gateways cannot be followed now');
            }
            // What cannot be read is asked for one by one, and a kind that does not exist has no objects.
            if (state.is !== 'starting' && state.is !== 'unreachable') resolve();
          };
          reflectors.push(
            startReflector({
              client,
              clock,
              source: {path: allPath(kind), query: {labelSelector: gatewayNameLabel}},
              sink: sinkOf(kind, sink),
              meter: {event: () => {}, bytes: () => {}, began: () => {}},
              watchLists,
              turns,
              onState,
              ...(random && {random}),
            }),
          );
        }),
    );
    return {
      synced: Promise.all(ready).then(() => {}),
      stop: () => reflectors.forEach((reflector) => reflector.stop()),
    };
  };
}

function sinkOf({kind}: ProvisionedKind, sink: LiveSink): ReflectorSink {
  /** Uids by key: what a relist does not name is gone. */
  const known = new Map<string, string>();
  const set = (raw: RawObject): void => {
    const object = liveObjectOf(raw, kind);
    if (object === undefined) return;
    known.set(object.key, object.uid);
    sink.set(object);
  };
  const gone = (key: string, uid: string): void => {
    if (known.get(key) === uid) known.delete(key);
    sink.deleted(key, uid);
  };
  const removed = (raw: RawObject): void => {
    const object = liveObjectOf(raw, kind);
    if (object !== undefined) gone(object.key, object.uid);
  };
  return {
    set,
    removed,
    relist: () => {
      const taken = new Map<string, RawObject>();
      const keyOf = (raw: RawObject): string | undefined => liveObjectOf(raw, kind)?.key;
      return {
        take: (raw) => {
          const key = keyOf(raw);
          if (key !== undefined) taken.set(key, raw);
        },
        removed: (raw) => {
          const key = keyOf(raw);
          if (key !== undefined) taken.delete(key);
        },
        done: () => {
          for (const [key, uid] of known) if (!taken.has(key)) gone(key, uid);
          for (const raw of taken.values()) set(raw);
        },
      };
    },
  };
}
