/**
 * An API server in memory, for tests without one: objects by path, resource versions, conflicts, status subresources,
 * generations, watches; and clients of it whose requests are late, are refused, or are done and never answered.
 */
import {setMaxListeners} from 'node:events';
import {
  ApiError,
  ConnectionError,
  type KubeClient,
  type KubeRequest,
  type KubeStreamRequest,
} from '../../src/kube/client.ts';
import {structurallyEqual} from '../../src/krt/index.ts';
import {type Fields, fieldsOf} from '../../src/status/kube-fields.ts';
import type {SimulatedTime} from './simulated-time.ts';

export type Stored = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Fields & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
};

export type MemoryEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly path: string;
  readonly object: Stored;
};

/** What happens to a request instead of being answered. */
export type Fault =
  /** The server says no, and does nothing. */
  | {readonly kind: 'answer'; readonly status: number; readonly reason?: string; readonly retryAfterMs?: number}
  /** The connection breaks before the request arrives. */
  | {readonly kind: 'refuse'}
  /** The server does it; the connection breaks before the answer arrives. */
  | {readonly kind: 'lose'}
  /** Neither arrives, nor does the connection break. */
  | {readonly kind: 'hang'};

export type Exchange = {
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** When it was sent. */
  readonly at: number;
  /** The status of the answer; 0 where the server was never asked. */
  status: number;
  /** The server has changed something. */
  hasChanged: boolean;
};

export type MemoryClientOptions = {
  readonly name?: string;
  /** Runs what happens at the client: when it gives up, and when an answer has arrived. By the time of the API by default. */
  readonly after?: SimulatedTime['after'];
  /** Milliseconds that a request, or an answer, is under way; 1 by default. */
  readonly latencyMs?: () => number;
  readonly fault?: (request: KubeRequest) => Fault | undefined;
};

export type MemoryApi = {
  client(options?: MemoryClientOptions): KubeClient;
  get(path: string): Stored | undefined;
  paths(): readonly string[];
  /** Makes an object, or changes all of it but its status. Without the fields that the server sets. */
  apply(path: string, object: Fields): Stored;
  /** Writes its status, as some other controller would that has just read it. */
  setStatus(path: string, status: unknown): void;
  delete(path: string): void;
  /** Called after each change. */
  onEvent(listener: (event: MemoryEvent) => void): () => void;
  /** What was asked of it, in the order in which it was sent. */
  readonly exchanges: readonly Exchange[];
};

export type MemoryApiOptions = {
  readonly time: SimulatedTime;
  /** Why an object is not valid. */
  readonly validate?: (object: Stored) => string | undefined;
};

/** These are written as a whole. */
const withoutSubresource = new Set(['leases', 'events', 'configmaps']);

export function memoryApi({time, validate}: MemoryApiOptions): MemoryApi {
  const objects = new Map<string, Stored>();
  const listeners = new Set<(event: MemoryEvent) => void>();
  const history: MemoryEvent[] = [];
  const exchanges: Exchange[] = [];
  let version = 100;
  let uids = 0;

  const tell = (event: MemoryEvent): void => {
    history.push(event);
    for (const listener of listeners) listener(event);
  };

  const store = (path: string, before: Stored | undefined, next: Stored): Stored => {
    const problem = validate?.(next);
    if (problem !== undefined) throw refusal(422, 'Invalid', problem);
    if (before !== undefined && structurallyEqual(before, next)) return before;
    const object = {...next, metadata: {...next.metadata, resourceVersion: String(++version)}};
    objects.set(path, object);
    tell({type: before === undefined ? 'ADDED' : 'MODIFIED', path, object});
    return object;
  };

  const create = (path: string, object: Fields): Stored => {
    if (objects.has(path)) throw refusal(409, 'AlreadyExists', `${path} already exists`);
    const {apiVersion, kind, metadata, status, ...rest} = object;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const keeps = withoutSubresource.has(resourceOf(path));
    return store(path, undefined, {
      apiVersion: String(apiVersion),
      kind: String(kind),
      metadata: {...fieldsOf(metadata), name, uid: `uid-${++uids}`, resourceVersion: '', generation: 1},
      ...rest,
      ...(keeps && status !== undefined && {status}),
    });
  };

  /** Everything but the status, or the status alone. */
  const replace = (path: string, before: Stored, next: Fields, isStatus: boolean): Stored => {
    const {uid, resourceVersion, ...metadata} = fieldsOf(next['metadata']);
    const stale = resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion;
    if (stale || (uid !== undefined && uid !== before.metadata.uid)) {
      throw refusal(409, 'Conflict', `${path}: the object has been modified`);
    }
    if (isStatus) return store(path, before, {...before, status: next['status']});
    const keeps = withoutSubresource.has(resourceOf(path));
    const {status, ...rest} = next;
    const {name, generation} = before.metadata;
    const isSame = structurallyEqual(before.spec, next['spec']);
    return store(path, before, {
      ...rest,
      apiVersion: before.apiVersion,
      kind: before.kind,
      metadata: {
        ...metadata,
        name,
        uid: before.metadata.uid,
        resourceVersion: before.metadata.resourceVersion,
        generation: isSame ? generation : generation + 1,
      },
      ...(keeps ? status !== undefined && {status} : before.status !== undefined && {status: before.status}),
    });
  };

  const remove = (path: string): Stored => {
    const object = objects.get(path);
    if (object === undefined) throw refusal(404, 'NotFound', `${path} not found`);
    objects.delete(path);
    const gone = {...object, metadata: {...object.metadata, resourceVersion: String(++version)}};
    tell({type: 'DELETED', path, object: gone});
    return gone;
  };

  const handle = ({method, path: asked, body}: KubeRequest): {readonly status: number; readonly body: unknown} => {
    const isStatus = asked.endsWith('/status');
    const path = isStatus ? asked.slice(0, -'/status'.length) : asked;
    if (isStatus && withoutSubresource.has(resourceOf(path))) throw refusal(404, 'NotFound', `${asked} not found`);
    if (method === 'POST') {
      return {
        status: 201,
        body: create(`${path}/${String(fieldsOf(fieldsOf(body)['metadata'])['name'])}`, fieldsOf(body)),
      };
    }
    const object = objects.get(path);
    if (object === undefined) throw refusal(404, 'NotFound', `${path} not found`);
    switch (method) {
      case 'GET':
        return {status: 200, body: object};
      case 'PUT':
        return {status: 200, body: replace(path, object, fieldsOf(body), isStatus)};
      case 'PATCH':
        return {status: 200, body: replace(path, object, fieldsOf(mergePatch(object, body)), isStatus)};
      case 'DELETE':
        return {status: 200, body: remove(path)};
    }
  };

  const client = ({
    name = 'client',
    latencyMs = () => 1,
    fault,
    after = time.after,
  }: MemoryClientOptions = {}): KubeClient => {
    const closing = new AbortController();
    setMaxListeners(0, closing.signal);
    const request = (request: KubeRequest): Promise<{readonly status: number; readonly body: unknown}> =>
      new Promise((resolve, reject) => {
        const exchange: Exchange = {
          client: name,
          method: request.method,
          path: request.path,
          body: onTheWire(request.body),
          at: time.now(),
          status: 0,
          hasChanged: false,
        };
        exchanges.push(exchange);
        const {signal, timeoutMs = 30_000} = request;
        const end = (): void => {
          cancel();
          signal?.removeEventListener('abort', aborted);
          closing.signal.removeEventListener('abort', closed);
        };
        // Whoever gives up does not know what becomes of the request; if it was sent, the server does it.
        const giveUp = (reason: string) => (): void => {
          end();
          reject(new ConnectionError(`${request.method} ${request.path}: ${reason}`));
        };
        const [aborted, closed] = [giveUp('aborted'), giveUp('the client was closed')];
        const cancel = after(timeoutMs, giveUp('no answer in time'));
        if (signal?.aborted === true) return aborted();
        signal?.addEventListener('abort', aborted);
        closing.signal.addEventListener('abort', closed);
        const trouble = fault?.(request);
        if (trouble?.kind === 'hang') return;
        time.after(latencyMs(), () => {
          if (trouble?.kind === 'refuse') return giveUp('connection refused')();
          const answer = (): void => {
            const from = version;
            try {
              if (trouble?.kind === 'answer') {
                const {status, reason = '', retryAfterMs} = trouble;
                throw new ApiError(`told to say ${status}`, {status, reason, retryAfterMs});
              }
              const done = handle({...request, body: exchange.body});
              exchange.status = done.status;
              exchange.hasChanged = version !== from;
              after(latencyMs(), () => {
                end();
                if (trouble?.kind === 'lose') return giveUp('connection reset')();
                resolve({status: done.status, body: onTheWire(done.body)});
              });
            } catch (error) {
              if (!(error instanceof ApiError)) throw error;
              exchange.status = error.status;
              after(latencyMs(), () => {
                end();
                reject(error);
              });
            }
          };
          answer();
        });
      });
    return {request, lines: (asked) => linesOf(asked, closing.signal), close: () => closing.abort()};
  };

  /** A watch of a collection from a version on. */
  async function* linesOf(asked: KubeStreamRequest, closed: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    const from = Number(asked.query?.['resourceVersion'] ?? version);
    let wake = (): void => {};
    const stop = onEvent(() => wake());
    const signal = asked.signal === undefined ? closed : AbortSignal.any([asked.signal, closed]);
    signal.addEventListener('abort', () => wake(), {once: true});
    try {
      for (let at = 0; !signal.aborted;) {
        const event = history[at];
        if (event === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        at++;
        const {type, path, object} = event;
        const isIn = path.startsWith(`${asked.path}/`) && Number(object.metadata.resourceVersion) > from;
        if (isIn) yield Buffer.from(JSON.stringify({type, object}));
      }
    } finally {
      stop();
    }
  }

  const onEvent = (listener: (event: MemoryEvent) => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  return {
    client,
    get: (path) => objects.get(path),
    paths: () => [...objects.keys()],
    apply: (path, object) => {
      const before = objects.get(path);
      return before === undefined ? create(path, object) : replace(path, before, object, false);
    },
    setStatus: (path, status) => {
      const before = objects.get(path);
      if (before !== undefined) replace(path, before, {status}, true);
    },
    delete: (path) => void remove(path),
    onEvent,
    exchanges,
  };
}

/** As it is after it was sent: a copy, without what JSON leaves out. */
const onTheWire = (body: unknown): unknown => (body === undefined ? undefined : JSON.parse(JSON.stringify(body)));

const refusal = (status: number, reason: string, message: string): ApiError =>
  new ApiError(message, {status, reason, retryAfterMs: undefined});

/** `httproutes` of `/apis/GROUP/VERSION/namespaces/NAMESPACE/httproutes/NAME`. */
const resourceOf = (path: string): string => path.split('/').at(-2) ?? '';

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = {...fieldsOf(target)};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}
