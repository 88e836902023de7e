/**
 * A small API server in memory: objects by path, with versions; server-side apply merges deeply; a feed of what is labelled
 * with a Gateway. And a clock that stands still until it is told otherwise.
 */
import {deepMerge, isJsonObject, type Json, type JsonObject} from '../../src/api/json.ts';
import {ApiError, type KubeClient, type KubeRequest} from '../../src/kube/client.ts';
import type {Clock} from '../../src/kube/clock.ts';
import {objectPath, provisionedKinds} from '../../src/provision/kube-kinds.ts';
import type {LiveFeed, LiveSink} from '../../src/provision/kube-live-feed.ts';
import {gatewayNameLabel, liveObjectOf} from '../../src/provision/live-object.ts';

export type MemoryApi = {
  readonly client: KubeClient;
  readonly feed: LiveFeed;
  /** Requests that were sent: `PATCH Service default/gw`. */
  readonly sent: string[];
  /** Bodies of what was applied, by path. */
  readonly bodies: Map<string, Json>;
  get(name: string): JsonObject | undefined;
  names(): readonly string[];
  /** Somebody else makes or changes an object: deeply merged, and told to the feed. */
  put(object: JsonObject): void;
  delete(name: string): void;
  /** What becomes of a request; undefined = it is done. */
  fault: (request: KubeRequest, name: string) => Error | undefined;
  /** Requests wait until this resolves. */
  gate: Promise<void> | undefined;
  /** What the server makes of an object that is applied. */
  defaults: (object: JsonObject) => JsonObject;
  /** Requests under way at once, at most. */
  readonly most: {requests: number};
};

export const apiError = (status: number, message: string, retryAfterMs?: number): ApiError =>
  new ApiError(message, {status, reason: '', retryAfterMs});

export function memoryApi(): MemoryApi {
  /** By `Kind/namespace/name`. */
  const objects = new Map<string, JsonObject>();
  const sinks = new Set<LiveSink>();
  let version = 0;
  let busy = 0;

  const fields = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
  const metadataOf = (object: JsonObject | undefined): JsonObject => fields(object?.['metadata']);
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const kindOf = (object: JsonObject): string => text(object['kind']);
  const nameOf = (object: JsonObject): string => {
    const {namespace, name} = metadataOf(object);
    return `${kindOf(object)}/${text(namespace)}/${text(name)}`;
  };
  const tell = (object: JsonObject): void => {
    const live = liveObjectOf(object, kindOf(object));
    if (live === undefined || live.label === undefined) return;
    for (const sink of sinks) sink.set(live);
  };

  const store = (object: JsonObject, manager?: string): JsonObject => {
    const name = nameOf(object);
    const before = objects.get(name);
    const {uid = `uid-${version + 1}`} = metadataOf(before);
    const merged = deepMerge<JsonObject>(before ?? {}, object);
    const unversioned = (one: JsonObject | undefined): string =>
      JSON.stringify({...one, metadata: {...metadataOf(one), resourceVersion: '', managedFields: []}});
    const {managedFields = []} = metadataOf(before);
    const appliers = Array.isArray(managedFields) ? managedFields : [];
    const entry = {manager: manager ?? 'somebody', operation: manager === undefined ? 'Update' : 'Apply'};
    const others = appliers.filter((one) => fields(one)['manager'] !== entry.manager);
    const isKnown = others.length < appliers.length;
    if (before !== undefined && isKnown && unversioned(before) === unversioned(merged)) return before;
    version++;
    const metadata = {uid, resourceVersion: String(version), managedFields: [...others, entry]};
    const stored = deepMerge<JsonObject>(merged, {metadata});
    objects.set(name, stored);
    tell(stored);
    return stored;
  };

  const remove = (name: string): void => {
    const object = objects.get(name);
    objects.delete(name);
    for (const sink of sinks) sink.deleted(name, text(metadataOf(object)['uid']));
  };

  const nameAt = (path: string): string => {
    for (const kind of kinds) {
      const match = new RegExp(`^${objectPath(kind, '([^/]+)', '([^/]+)')}$`).exec(path);
      if (match !== null) return `${kind}/${match[1]}/${match[2]}`;
    }
    throw new Error(`no object has the path ${path}`);
  };

  const answer = (request: KubeRequest, name: string): Json => {
    const found = objects.get(name);
    switch (request.method) {
      case 'GET':
        if (found === undefined) throw apiError(404, `${name} not found`);
        return found;
      case 'PATCH': {
        if (request.contentType !== 'application/apply-patch+yaml') throw apiError(415, 'only server-side apply');
        const {fieldManager = '', force} = request.query ?? {};
        if (force !== 'true') throw apiError(409, 'conflict');
        // It was JSON before it was sent.
        const body = request.body as JsonObject;
        api.bodies.set(name, body);
        return store(api.defaults(body), fieldManager);
      }
      case 'DELETE': {
        if (found === undefined) throw apiError(404, `${name} not found`);
        const {uid, resourceVersion} = fields(fields(request.body as Json)['preconditions']); // as above
        const {uid: now, resourceVersion: versionNow} = metadataOf(found);
        if (uid !== now || resourceVersion !== versionNow) throw apiError(409, 'precondition failed');
        remove(name);
        return {};
      }
      case 'POST':
      case 'PUT':
        throw apiError(405, 'not allowed');
    }
  };

  const api: MemoryApi = {
    sent: [],
    bodies: new Map(),
    most: {requests: 0},
    gate: undefined,
    fault: () => undefined,
    defaults: (object) => object,
    client: {
      request: async (request) => {
        const name = nameAt(request.path);
        api.sent.push(`${request.method} ${name.replace('/', ' ')}`);
        busy++;
        api.most.requests = Math.max(api.most.requests, busy);
        try {
          await api.gate;
          await Promise.resolve();
          const error = api.fault(request, name);
          if (error !== undefined) throw error;
          return {status: 200, body: answer(request, name)};
        } finally {
          busy--;
        }
      },
      lines: () => {
        throw new Error('there is no watch here');
      },
      close: () => {},
    },
    feed: (sink) => {
      sinks.add(sink);
      for (const object of objects.values()) {
        const live = liveObjectOf(object, kindOf(object));
        if (live?.label !== undefined) sink.set(live);
      }
      return {synced: Promise.resolve(), stop: () => void sinks.delete(sink)};
    },
    get: (name) => objects.get(name),
    names: () => [...objects.keys()].sort(),
    put: (object) => void store(object),
    delete: remove,
  };
  return api;
}

const kinds = provisionedKinds.map(({kind}) => kind);

/** Labels of an object of a Gateway. */
export const labelled = (gateway: string): JsonObject => ({[gatewayNameLabel]: gateway});

export type ManualClock = Clock & {
  /** Runs what is due until then, and waits for what it begins. */
  advance(ms: number): Promise<void>;
  /** How many wait for their time. */
  pending(): number;
};

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{readonly due: number; readonly run: () => void}>();
  return {
    now: () => now,
    date: () => new Date(now),
    after: (ms, run) => {
      const timer = {due: now + ms, run};
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pending: () => timers.size,
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({due}) => due <= until).sort((a, b) => a.due - b.due);
        if (next === undefined) break;
        now = next.due;
        timers.delete(next);
        next.run();
        await settled();
      }
      now = until;
      await settled();
    },
  };
}

/** When everything that only waits for promises is done. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
