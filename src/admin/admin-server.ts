import {createServer, type Server, type ServerResponse} from 'node:http';
import type {Graph} from '../krt/index.ts';
import type {Log, XdsServer} from '../xds/api.ts';
import {formatMetrics, graphMetrics, processMetrics, xdsMetrics, type Metric} from './metrics.ts';
import {printable, type Decode} from './printable.ts';

/** What the endpoints show; nothing here can be changed through them. */
export type AdminSources = {
  readonly graph: Pick<Graph, 'epoch' | 'nodes' | 'edges' | 'mermaid' | 'dump' | 'why' | 'find' | 'errors'>;
  readonly xds: Pick<XdsServer, 'clients' | 'stats'>;
  /** Whether inputs were read and xDS is answered. */
  readonly ready: () => boolean;
  /** The body of /status. */
  readonly status: () => unknown;
  /** Further metrics. */
  readonly metrics: () => readonly Metric[];
  /** The decoder of resources; loaded when first used, for it is large. */
  readonly decoder: () => Promise<Decode>;
  readonly log: Log;
};

export type AdminServer = {
  /** Binds; port 0 = any. Resolves to the port. */
  listen(address: {readonly host: string; readonly port: number}): Promise<number>;
  stop(): Promise<void>;
};

type Answer = {readonly code: number; readonly type: string; readonly body: string};

const json = (value: unknown, code = 200): Answer => ({
  code,
  type: 'application/json',
  body: `${JSON.stringify(value, undefined, 2)}\n`,
});
const text = (body: string, code = 200): Answer => ({code, type: 'text/plain; charset=utf-8', body: `${body}\n`});

const paths = [
  '/healthz',
  '/readyz',
  '/status',
  '/metrics',
  '/debug/collections',
  '/debug/collections/NAME',
  '/debug/graph',
  '/debug/why/NAME?key=KEY',
  '/debug/errors',
  '/debug/clients',
];

/** Health, metrics and a look inside, over plain HTTP. Private keys and the data of Secrets are never shown. */
export function createAdminServer(sources: AdminSources): AdminServer {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://admin');
    const answered =
      request.method === 'GET' || request.method === 'HEAD'
        ? answer(sources, url)
        : Promise.resolve(text('only GET is served here', 405));
    answered
      .catch((error: unknown) => {
        sources.log.error({path: url.pathname, reason: String(error)}, 'request failed');
        return text('internal error, see the log', 500);
      })
      .then(
        (result) => send(response, result),
        () => response.destroy(),
      );
  });
  return {
    listen: ({host, port}) => listen(server, host, port),
    async stop() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(address === null || typeof address === 'string' ? port : address.port);
    });
  });
}

function send(response: ServerResponse, {code, type, body}: Answer): void {
  response.writeHead(code, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

async function answer(sources: AdminSources, url: URL): Promise<Answer> {
  const {graph, xds} = sources;
  switch (url.pathname) {
    case '/':
      return text(paths.join('\n'));
    case '/healthz':
      return text('ok');
    case '/readyz':
      return sources.ready() ? text('ready') : text('the manifests are not read yet', 503);
    case '/status':
      return json(sources.status());
    case '/metrics':
      return {...text(metricsText(sources).trimEnd()), type: 'text/plain; version=0.0.4; charset=utf-8'};
    case '/debug/collections':
      return json(
        graph
          .nodes()
          .map(({name, kind, outputs, rows, counters}) => ({name, kind, collections: outputs, rows, ...counters})),
      );
    case '/debug/graph':
      return text(graph.mermaid());
    case '/debug/errors':
      return json(graph.errors());
    case '/debug/clients':
      return json(xds.clients());
    default:
      return inside(sources, url);
  }
}

/** The endpoints that name a collection. */
async function inside({graph, decoder}: AdminSources, url: URL): Promise<Answer> {
  const found = /^\/debug\/(collections|why)\/([^/]+)$/.exec(url.pathname);
  const [, what, encoded = ''] = found ?? [];
  if (what === undefined) return text(`not found; there are\n${paths.join('\n')}`, 404);
  const name = decoded(encoded);
  if (graph.find(name) === undefined) {
    const names = graph.nodes().flatMap(({outputs}) => outputs);
    return json({error: `there is no collection ${name}`, collections: [...new Set(names)].sort()}, 404);
  }
  const key = url.searchParams.get('key');
  if (what === 'why') {
    return key === null ? json({error: 'the parameter key is missing'}, 400) : json(graph.why(name, key));
  }
  const decode = await decoder();
  const rows = graph.dump(name).filter((row) => key === null || row.key === key);
  return json(rows.map((row) => ({...row, row: printable(row.row, decode)})));
}

/** As it is where it is not encoded well. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function metricsText({graph, xds, metrics}: AdminSources): string {
  return formatMetrics([
    ...graphMetrics(graph.nodes(), graph.epoch, graph.errors().length),
    ...xdsMetrics(xds.clients(), xds.stats()),
    ...metrics(),
    ...processMetrics(),
  ]);
}
