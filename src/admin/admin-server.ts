import type {Graph} from '../krt/index.ts';
import type {Log, XdsServer} from '../xds/api.ts';
import {type Answer, json, jsonList, jsonParts, text} from './answer.ts';
import {configDump} from './config-dump.ts';
import {createHttpServer, type HttpServer} from './http-server.ts';
import {changeLevels, type LogLevels} from './log-levels.ts';
import {createMetrics, type Metrics, type MetricsSources} from './metrics.ts';
import {type Decode, printable} from './printable.ts';

/** What the endpoints show. Of all this, only levels of the log can be changed through them. */
export type AdminSources = MetricsSources & {
  readonly graph: Pick<Graph, 'epoch' | 'nodes' | 'edges' | 'mermaid' | 'dump' | 'why' | 'find' | 'errors'>;
  readonly xds: Pick<XdsServer, 'clients' | 'stats' | 'events$' | 'scopes' | 'inspect'>;
  /** Whether traffic is to come here; otherwise false, or what is still missing (empty = ready). */
  readonly ready: () => boolean | readonly string[];
  /** The body of /status. */
  readonly status: () => unknown;
  readonly logLevels?: LogLevels;
  /** The decoder of resources; loaded when first used, for it is large. */
  readonly decoder: () => Promise<Decode>;
  readonly log: Log;
};

export type AdminServer = {
  /** Everything. Whoever can connect sees all but secrets: an address of loopback. Resolves to the port. */
  listen: HttpServer['listen'];
  /** Health and metrics alone, for everybody: kubelets and Prometheus. Resolves to the port. */
  listenForMetrics: HttpServer['listen'];
  stop(): Promise<void>;
};

const publicPaths = ['/healthz', '/readyz', '/metrics'];
const paths = [
  ...publicPaths,
  '/status',
  '/debug/collections',
  '/debug/collections/NAME[?key=KEY]',
  '/debug/graph[?format=mermaid|json]',
  '/debug/why/NAME?key=KEY',
  '/debug/errors',
  '/debug/clients',
  '/debug/config_dump?gateway=NAMESPACE/NAME[&type=TYPE][&name=NAME]',
  '/debug/logging, and PUT /debug/logging?COMPONENT=LEVEL or ?level=LEVEL',
];

/** Health, metrics and a look inside, over plain HTTP. Private keys and the data of Secrets are never shown. */
export function createAdminServer(sources: AdminSources): AdminServer {
  const metrics = createMetrics(sources);
  const all = createHttpServer(sources.log, (method, url) => answer(sources, metrics, method, url));
  const forMetrics = createHttpServer(sources.log, async (method, {pathname}) => {
    if (method !== 'GET') return onlyGet;
    return (await answerToAll(sources, metrics, pathname)) ?? notFound(publicPaths);
  });
  return {
    listen: (address) => all.listen(address),
    listenForMetrics: (address) => forMetrics.listen(address),
    async stop() {
      await Promise.all([all.stop(), forMetrics.stop()]);
      metrics.stop();
    },
  };
}

const onlyGet = text('only GET is served here', 405);
const notFound = (known: readonly string[]): Answer => text(`not found; there are\n${known.join('\n')}`, 404);

/** Undefined for what is not for everybody. */
async function answerToAll({ready}: AdminSources, metrics: Metrics, path: string): Promise<Answer | undefined> {
  switch (path) {
    case '/healthz':
      return text('ok');
    case '/readyz':
      return readiness(ready());
    case '/metrics':
      return {code: 200, type: metrics.contentType, body: await metrics.text()};
    default:
      return undefined;
  }
}

function readiness(ready: boolean | readonly string[]): Answer {
  const reasons = ready === true ? [] : ready === false ? ['not all is read yet'] : ready;
  return reasons.length === 0 ? text('ready') : text(`not ready: ${reasons.join('; ')}`, 503);
}

async function answer(sources: AdminSources, metrics: Metrics, method: string, url: URL): Promise<Answer> {
  const {graph, xds, logLevels} = sources;
  const {pathname, searchParams} = url;
  if (pathname === '/debug/logging' && logLevels !== undefined) {
    if (method === 'GET') return json(logLevels.list());
    return method === 'PUT' ? changeLevels(logLevels, searchParams) : text('only GET and PUT are served here', 405);
  }
  if (method !== 'GET') return onlyGet;
  switch (pathname) {
    case '/':
      return text(paths.join('\n'));
    case '/status':
      return json(sources.status());
    case '/debug/collections':
      return json(
        graph
          .nodes()
          .map(({name, kind, outputs, rows, counters}) => ({name, kind, collections: outputs, rows, ...counters})),
      );
    case '/debug/graph':
      return graphIn(graph, searchParams.get('format') ?? 'mermaid');
    case '/debug/errors':
      return json(graph.errors());
    case '/debug/clients':
      return json(xds.clients());
    case '/debug/config_dump': {
      const nacks = (): readonly unknown[] =>
        graph.find('nacks') === undefined ? [] : graph.dump('nacks').map(({row}) => row);
      return configDump({...sources, nacks}, searchParams);
    }
    default:
      return (await answerToAll(sources, metrics, pathname)) ?? inside(sources, url);
  }
}

function graphIn(graph: AdminSources['graph'], format: string): Answer {
  switch (format) {
    case 'mermaid':
      return text(graph.mermaid());
    case 'json':
      return json({nodes: graph.nodes(), edges: graph.edges()});
    default:
      return json({error: `format must be mermaid or json, is ${JSON.stringify(format)}`}, 400);
  }
}

/** The endpoints that name a collection. */
async function inside({graph, decoder}: AdminSources, url: URL): Promise<Answer> {
  const found = /^\/debug\/(collections|why)\/([^/]+)$/.exec(url.pathname);
  const [, what, encoded = ''] = found ?? [];
  if (what === undefined) return notFound(paths);
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
  function* shown(): Generator {
    for (const row of rows) yield {...row, row: printable(row.row, decode)};
  }
  return jsonParts(jsonList(shown()));
}

/** As it is where it is not encoded well. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
