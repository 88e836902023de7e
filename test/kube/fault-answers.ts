/** Answers of the fault server: lists, watches, discovery, and what faults make of them. */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Http2ServerRequest, Http2ServerResponse} from 'node:http2';
import type {Fault, FaultServer, Interruption, Logged} from './fault-server.ts';
import type {StoredChange, StoredObject} from './object-store.ts';

export type Ask = IncomingMessage | Http2ServerRequest;
export type Reply = ServerResponse | Http2ServerResponse;

export function answer(server: FaultServer, request: Logged, reply: Reply, fault: Fault | undefined): void {
  switch (fault?.is) {
    case 'status': {
      const {status, reason = '', body, headers} = fault;
      return send(reply, status, body ?? JSON.stringify(statusObject(status, reason)), headers);
    }
    case 'hang':
      return;
    case 'slow':
      setTimeout(() => {
        // Whoever asked may not want to know any more.
        const isGone = 'stream' in reply ? reply.stream.destroyed : reply.destroyed;
        if (!isGone) answer(server, request, reply, undefined);
      }, fault.ms);
      return;
    case 'reset':
      return reset(reply);
    case 'disconnect':
      return disconnect(reply);
    case 'cut':
    case 'after':
    case undefined:
      return answerRightly(server, request, limited(reply, fault));
  }
}

/** Where answers are written to, with what faults do to them on their way. */
type Out = {
  readonly reply: Reply;
  head(status: number, headers?: Readonly<Record<string, string>>): void;
  line(text: string): void;
  end(text?: string): void;
};

function limited(reply: Reply, fault: Extract<Fault, {is: 'cut' | 'after'}> | undefined): Out {
  let bytes = fault?.is === 'cut' ? fault.bytes : Infinity;
  let lines = fault?.is === 'after' ? fault.lines : Infinity;
  const write = (text: string): void => {
    const part = text.slice(0, bytes);
    bytes -= part.length;
    put(reply, part);
    if (bytes <= 0) {
      bytes = Infinity;
      // What was written is to arrive first.
      setTimeout(() => disconnect(reply), 5);
    }
  };
  const out: Out = {
    reply,
    head(status, headers = {}) {
      reply.writeHead(status, {'content-type': 'application/json', ...headers});
      // HTTP/2 sends them by itself.
      if (!('stream' in reply)) reply.flushHeaders();
      if (fault?.is === 'after' && lines === 0) {
        lines--;
        interrupt(out, fault.next);
      }
    },
    line(text) {
      if (bytes === Infinity && fault?.is === 'cut') return;
      if (fault?.is === 'after' && lines-- === 0) interrupt(out, fault.next);
      if (lines >= 0 || fault?.is !== 'after' || fault.next.is === 'line' || fault.next.is === 'goaway') {
        write(`${text}\n`);
      }
    },
    end(text = '') {
      write(text);
      if (fault?.is !== 'cut') reply.end();
    },
  };
  return out;
}

function interrupt({reply}: Out, next: Interruption): void {
  switch (next.is) {
    case 'end':
      reply.end();
      return;
    case 'error':
      put(reply, `${JSON.stringify({type: 'ERROR', object: statusObject(next.code, next.reason)})}\n`);
      reply.end();
      return;
    case 'line':
      put(reply, `${next.text}\n`);
      return;
    case 'goaway':
      if ('stream' in reply) reply.stream.session?.goaway(0);
      return;
  }
}

function put(reply: Reply, text: string): void {
  if (text === '' || reply.writableEnded || reply.destroyed) return;
  if ('stream' in reply) reply.write(text);
  else reply.write(text);
}

function disconnect(reply: Reply): void {
  if ('stream' in reply) reply.stream.session?.destroy();
  else reply.socket?.destroy();
}

function reset(reply: Reply): void {
  if ('stream' in reply) reply.stream.close(2);
  else reply.socket?.destroy();
}

function send(reply: Reply, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  reply.writeHead(status, {'content-type': 'application/json', ...headers});
  reply.end(body);
}

const statusObject = (code: number, reason: string): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message: `the server says ${code}`,
});

function answerRightly(server: FaultServer, request: Logged, out: Out): void {
  const {path, method, query} = request;
  const json = (status: number, value: unknown): void => {
    out.head(status);
    out.end(JSON.stringify(value));
  };
  if (method !== 'GET') return json(200, {kind: 'Status', status: 'Success'});
  if (path === '/apis') {
    const groups = [...server.served.keys()].filter((version) => version.includes('/'));
    return json(200, {kind: 'APIGroupList', groups: [{versions: groups.map((groupVersion) => ({groupVersion}))}]});
  }
  const plurals = server.served.get(path.replace(/^\/apis?\//, ''));
  if (plurals !== undefined) {
    return json(200, {kind: 'APIResourceList', resources: [...plurals].map((name) => ({name}))});
  }
  const [, start = '', namespace, plural = ''] = /^(\/apis?\/.*?)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  if (server.served.get(start.replace(/^\/apis?\//, ''))?.has(plural) !== true) {
    out.head(404, {'content-type': 'text/plain'});
    return out.end('404 page not found\n');
  }
  const collection = `${start}/${plural}`;
  const fits = selection(query, namespace);
  if (query.get('watch') === 'true') watch(server, request, collection, fits, out);
  else list(server, query, collection, fits, json);
}

type Fits = (object: StoredObject) => boolean;

function selection(query: URLSearchParams, namespace: string | undefined): Fits {
  const terms = (query.get('fieldSelector') ?? '').split(',').filter((term) => term !== '');
  const labels = (query.get('labelSelector') ?? '').split(',').filter((term) => term !== '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels.every((term) => object.metadata.labels?.[term.split('=')[0] ?? ''] === term.split('=')[1]) &&
    terms.every((term) => {
      const [, field = '', operator, value] = /^(.*?)(!=|=)(.*)$/.exec(term) ?? [];
      const found = field.split('.').reduce<unknown>((at, part) => Object(at)[part], object) ?? '';
      return (found === value) === (operator === '=');
    });
}

const snapshots = new WeakMap<FaultServer, Map<string, {version: number; objects: readonly StoredObject[]}>>();

function list(
  server: FaultServer,
  query: URLSearchParams,
  collection: string,
  fits: Fits,
  json: (status: number, value: unknown) => void,
): void {
  const {store} = server;
  const kept = snapshots.get(server) ?? new Map<string, {version: number; objects: readonly StoredObject[]}>();
  snapshots.set(server, kept);
  const limit = Number(query.get('limit') ?? '0') || Infinity;
  const [version = String(store.version), from = '0'] = (query.get('continue') ?? '').split(':').filter(Boolean);
  const id = `${collection} ${version}`;
  if (query.has('continue') && (Number(version) < store.floor || !kept.has(id))) {
    return json(410, statusObject(410, 'Expired'));
  }
  const snapshot = query.has('continue') ? kept.get(id) : undefined;
  const objects = snapshot?.objects ?? store.list(collection).filter(fits);
  const end = Number(from) + limit;
  const isLast = end >= objects.length;
  if (!isLast) kept.set(id, {version: Number(version), objects});
  json(200, {
    kind: 'ThingList',
    apiVersion: 'v1',
    metadata: {resourceVersion: version, ...(!isLast && {continue: `${version}:${end}`})},
    items: objects.slice(Number(from), end),
  });
}

function watch(server: FaultServer, request: Logged, collection: string, fits: Fits, out: Out): void {
  const {store} = server;
  const {query} = request;
  const isInitial = query.get('sendInitialEvents') === 'true';
  const {reply} = out;
  if (isInitial && server.watchLists === 'refused') {
    out.head(422);
    return out.end(JSON.stringify(statusObject(422, 'Invalid')));
  }
  const from = Number(query.get('resourceVersion') ?? '0');
  out.head(200);
  server.watches.set(reply, request);
  const event = (type: string, object: unknown): void => out.line(JSON.stringify({type, object}));
  const bookmark = (version: number, more = {}): void =>
    event('BOOKMARK', {kind: 'Thing', metadata: {resourceVersion: String(version), ...more}});
  if (isInitial && server.watchLists === 'failing') {
    event('ERROR', statusObject(500, 'InternalError'));
    return out.end();
  }
  if (!isInitial && query.has('resourceVersion') && from < store.floor) {
    event('ERROR', statusObject(410, 'Expired'));
    return out.end();
  }
  let sent = 0;
  const tell = ({collection: of, type, object, version}: StoredChange): void => {
    if (of !== collection || !fits(object)) return;
    event(type, object);
    if (server.bookmarkEvery > 0 && ++sent % server.bookmarkEvery === 0) bookmark(version);
  };
  if (!query.has('resourceVersion')) {
    for (const object of store.list(collection).filter(fits)) event('ADDED', object);
    if (isInitial && server.watchLists === 'served')
      bookmark(store.version, {annotations: {'k8s.io/initial-events-end': 'true'}});
  } else {
    for (const change of store.changes) if (change.version > from) tell(change);
  }
  const stop = store.onChange(tell);
  reply.once('close', () => {
    stop();
    server.watches.delete(reply);
  });
}
