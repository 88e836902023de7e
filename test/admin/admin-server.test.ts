/** The endpoints, over HTTP, over a graph, an xDS server and logs that are the real ones. */
import {afterEach, beforeAll, describe, expect, it} from 'vitest';
import {type AdminServer, type AdminSources, createAdminServer} from '../../src/admin/admin-server.ts';
import {createLogs} from '../../src/config/logging.ts';
import {decodeResource} from '../../src/decoder.ts';
import agentgatewaySchema from '../../src/gen/proto/agentgateway.descriptor.js';
import envoySchema from '../../src/gen/proto/envoy.descriptor.js';
import {createGraph, derive, type Graph, input} from '../../src/krt/index.ts';
import type {Resource, XdsServer} from '../../src/xds/api.ts';
import {createProtoJson} from '../../src/xds/protojson.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {ModelClient} from '../xds/support/model-client.ts';
import {cluster} from '../xds/support/resources.ts';
import {connectModel, until} from '../xds/support/wire-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Numbered = {readonly key: string; readonly n: number};
const numbers = input<Numbered>('numbers', {key: ({key}) => key});
const nacks = input<Readonly<Record<string, unknown>> & {readonly key: string}>('nacks', {key: ({key}) => key});
const doubles = derive('doubles', {from: numbers, rows: (_ctx, {key, n}): Numbered => ({key, n: 2 * n})});

type World = {
  readonly graph: Graph;
  readonly xds: XdsServer;
  readonly lines: string[];
  readonly admin: AdminServer;
  readonly get: (path: string, init?: RequestInit) => Promise<{status: number; body: string}>;
  readonly base: string;
};

const logged = (lines: string[]) =>
  createLogs({level: 'info', components: {xds: 'warn'}, format: 'json'}, {write: (line) => lines.push(line)});

async function start(change: Partial<AdminSources> = {}): Promise<World> {
  const graph = createGraph({outputs: [doubles, nacks]});
  graph.commit((tx) => tx.set(numbers, {key: 'a', n: 21}));
  const xds = createXdsServer({authenticate: createNodeAuthenticator()});
  const lines: string[] = [];
  const logs = logged(lines);
  const admin = createAdminServer({
    graph,
    xds,
    ready: () => [],
    status: () => ({fine: true}),
    metrics: () => [],
    decoder: () => Promise.resolve(decodeResource),
    logLevels: logs.levels,
    log: logs('admin'),
    ...change,
  });
  cleanups.push(async () => {
    await admin.stop();
    await xds.stop();
    graph.dispose();
  });
  const port = await admin.listen({host: '127.0.0.1', port: 0});
  const base = `http://127.0.0.1:${port}`;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${base}${path}`, init);
    return {status: response.status, body: await response.text()};
  };
  return {graph, xds, lines, admin, get, base};
}

describe('readiness', () => {
  it('tells what is missing', async () => {
    let reasons: readonly string[] | boolean = ['the cluster is not read yet', 'no certificate'];
    const {get} = await start({ready: () => reasons});
    expect(await get('/readyz')).toEqual({
      status: 503,
      body: 'not ready: the cluster is not read yet; no certificate\n',
    });
    // Nothing is wrong with a process that is not ready: it is not to be started anew.
    expect(await get('/healthz')).toEqual({status: 200, body: 'ok\n'});
    reasons = ['stopping'];
    expect((await get('/readyz')).body).toBe('not ready: stopping\n');
    reasons = [];
    expect(await get('/readyz')).toEqual({status: 200, body: 'ready\n'});
    reasons = false;
    expect((await get('/readyz')).status).toBe(503);
  });
});

describe('the address for metrics', () => {
  it('has health and metrics, and nothing else', async () => {
    const {admin, get} = await start();
    const port = await admin.listenForMetrics({host: '127.0.0.1', port: 0});
    const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(path)).status).toBe(200);
    expect(await (await ask('/metrics')).text()).toContain('sluice_rows{collection="doubles"} 1\n');
    const inside = ['/', '/status', '/debug/collections', '/debug/collections/numbers', '/debug/graph'];
    inside.push('/debug/clients', '/debug/errors', '/debug/config_dump?gateway=a/b', '/debug/logging');
    for (const path of inside) {
      expect((await ask(path)).status, path).toBe(404);
      expect((await get(path)).status, path).not.toBe(405);
    }
    expect((await ask('/debug/logging?level=debug', {method: 'PUT'})).status).toBe(405);
    expect(JSON.parse((await get('/debug/logging')).body)).toMatchObject({admin: 'info'});
  });
});

describe('the graph', () => {
  it('is a Mermaid chart, or JSON', async () => {
    const {get} = await start();
    expect((await get('/debug/graph')).body).toMatch(/^flowchart LR\n/);
    expect((await get('/debug/graph?format=mermaid')).body).toMatch(/^flowchart LR\n/);
    expect(JSON.parse((await get('/debug/graph?format=json')).body)).toMatchObject({
      nodes: expect.arrayContaining([expect.objectContaining({name: 'doubles', kind: 'derive', rows: 1})]),
      edges: [{from: 'numbers', to: 'doubles', how: 'primary'}],
    });
    expect(await get('/debug/graph?format=dot')).toEqual({
      status: 400,
      body: expect.stringContaining('format must be mermaid or json'),
    });
  });

  it('shows rows, and why they are so', async () => {
    const {get} = await start();
    expect(JSON.parse((await get('/debug/collections/doubles')).body)).toEqual([
      {key: 'a', row: {key: 'a', n: 42}, from: 'numbers[a]', dependencies: []},
    ]);
    expect(JSON.parse((await get('/debug/collections/doubles?key=b')).body)).toEqual([]);
    expect(JSON.parse((await get('/debug/why/doubles?key=a')).body)).toMatchObject({
      collection: 'doubles',
      causes: [{collection: 'numbers', key: 'a', change: 'written'}],
    });
    expect((await get('/debug/collections')).body).toContain('"doubles"');
  });
});

describe('the levels of the log', () => {
  it('can be changed for one component, for all, and for all but some', async () => {
    const {get, lines} = await start();
    const put = (query: string) => get(`/debug/logging?${query}`, {method: 'PUT'});
    expect(JSON.parse((await get('/debug/logging')).body)).toMatchObject({xds: 'warn', graph: 'info', admin: 'info'});
    expect(JSON.parse((await put('admin=silent')).body)).toMatchObject({xds: 'warn', graph: 'info', admin: 'silent'});
    expect(JSON.parse((await put('level=error&xds=debug')).body)).toMatchObject({
      xds: 'debug',
      graph: 'error',
      admin: 'error',
    });
    expect(lines).toEqual([]);
  });

  it('stay as they are when something is wrong with the request', async () => {
    const {get} = await start();
    const put = (query: string) => get(`/debug/logging?${query}`, {method: 'PUT'});
    const before = (await get('/debug/logging')).body;
    const wrong: readonly (readonly [string, string])[] = [
      ['xds=debug&nothing=debug', 'nothing: there is no such component; there are sluice, files'],
      ['xds=debug&graph=loud', 'graph: must be one of trace, debug, info, warn, error, silent, is \\"loud\\"'],
      ['', 'nothing to change'],
    ];
    for (const [query, message] of wrong) {
      const {status, body} = await put(query);
      expect(status).toBe(400);
      expect(body).toContain(message);
    }
    expect((await get('/debug/logging?level=debug', {method: 'POST'})).status).toBe(405);
    expect((await get('/debug/logging')).body).toBe(before);
  });

  it('are not there where nobody keeps them', async () => {
    const {get} = await start();
    const bare = createAdminServer({...(await bareSources()), log: logged([])('admin')});
    cleanups.push(() => bare.stop());
    const port = await bare.listen({host: '127.0.0.1', port: 0});
    expect((await fetch(`http://127.0.0.1:${port}/debug/logging`)).status).toBe(404);
    expect((await get('/debug/logging')).status).toBe(200);
  });
});

async function bareSources(): Promise<Omit<AdminSources, 'log'>> {
  const {graph, xds} = await start();
  return {
    graph,
    xds,
    ready: () => true,
    status: () => ({}),
    metrics: () => [],
    decoder: () => Promise.resolve(decodeResource),
  };
}

describe('what is to be sent to the proxies of a Gateway', () => {
  const key = 'THE-KEY-THAT-NOBODY-MAY-SEE';
  const {fromProtoJson} = createProtoJson([envoySchema, agentgatewaySchema]);
  const resource = (
    scope: string,
    name: string,
    json: {readonly '@type': string; readonly [field: string]: unknown},
  ): Resource => {
    const {typeUrl, bytes} = fromProtoJson(json);
    return {scope, type: typeUrl, name, version: `v-${name}`, bytes, refs: []};
  };
  const base64 = Buffer.from(key).toString('base64');
  const ofAgentgateway = (name: string, kind: object) =>
    resource('agentgateway/shop/edge', name, {'@type': typeUrls.resource, ...kind});
  let resources: readonly Resource[];
  beforeAll(() => {
    resources = [
      resource('envoy/shop/web', 'certificate', {
        '@type': typeUrls.secret,
        name: 'certificate',
        tlsCertificate: {
          certificateChain: {inlineString: 'a chain'},
          privateKey: {inlineString: key},
          password: {inlineString: key},
        },
      }),
      resource('envoy/shop/web', 'backend', {'@type': typeUrls.cluster, name: 'backend', connectTimeout: '5s'}),
      ofAgentgateway('listener', {
        listener: {
          key: 'shop/edge/https',
          bindKey: 'b',
          tls: {cert: Buffer.from('a cert').toString('base64'), privateKey: base64},
        },
      }),
      ofAgentgateway('policy/tls', {policy: {key: 'policy/tls', backend: {backendTls: {cert: 'YWI=', key: base64}}}}),
      ofAgentgateway('policy/auth', {policy: {key: 'policy/auth', backend: {auth: {key: {secret: key}}}}}),
      ofAgentgateway('policy/aws', {
        policy: {
          key: 'policy/aws',
          backend: {auth: {aws: {explicitConfig: {accessKeyId: 'id', secretAccessKey: key, sessionToken: key}}}},
        },
      }),
      ofAgentgateway('policy/azure', {
        policy: {
          key: 'p',
          backend: {auth: {azure: {explicitConfig: {clientSecret: {clientId: 'c', clientSecret: key}}}}},
        },
      }),
      ofAgentgateway('policy/users', {
        policy: {key: 'p', traffic: {apiKeyAuth: {apiKeys: [{key, metadata: {name: 'me'}}]}}},
      }),
      ofAgentgateway('policy/more', {
        policy: {key: 'p', backend: {auth: {credentials: [{location: {header: {name: 'x-api-key'}}, value: key}]}}},
      }),
      ofAgentgateway('policy/basic', {policy: {key: 'p', traffic: {basicAuth: {htpasswdContent: key, realm: 'r'}}}}),
    ];
  });

  it('is decoded, without secrets', async () => {
    const {get, xds} = await start();
    xds.apply(resources.map((one) => ({new: one})));
    const web = JSON.parse((await get('/debug/config_dump?gateway=shop/web')).body);
    expect(web).toEqual({
      gateway: 'shop/web',
      proxies: [
        {
          scope: 'envoy/shop/web',
          clients: [],
          resources: [
            {
              type: typeUrls.cluster,
              name: 'backend',
              version: 'v-backend',
              refs: [],
              size: expect.any(Number),
              resource: {'@type': typeUrls.cluster, name: 'backend', connectTimeout: '5s'},
            },
            expect.objectContaining({
              name: 'certificate',
              resource: {
                '@type': typeUrls.secret,
                name: 'certificate',
                tlsCertificate: {
                  certificateChain: {inlineString: 'a chain'},
                  privateKey: '[redacted]',
                  password: '[redacted]',
                },
              },
            }),
          ],
        },
      ],
    });

    const edge = (await get('/debug/config_dump?gateway=shop/edge')).body;
    expect(edge).not.toContain(key);
    expect(edge).not.toContain(base64);
    const {proxies} = JSON.parse(edge);
    const shown = new Map(
      proxies[0].resources.map(({name, resource: one}: {name: string; resource: object}) => [name, one]),
    );
    // All of it is there but the secrets.
    expect(shown.get('listener')).toMatchObject({listener: {key: 'shop/edge/https', tls: {privateKey: '[redacted]'}}});
    expect(shown.get('policy/tls')).toMatchObject({
      policy: {key: 'policy/tls', backend: {backendTls: {cert: 'YWI=', key: '[redacted]'}}},
    });
    expect(shown.get('policy/auth')).toMatchObject({policy: {backend: {auth: {key: {secret: '[redacted]'}}}}});
    expect(shown.get('policy/aws')).toMatchObject({
      policy: {backend: {auth: {aws: {explicitConfig: {accessKeyId: 'id', secretAccessKey: '[redacted]'}}}}},
    });
    expect(shown.get('policy/azure')).toMatchObject({
      policy: {backend: {auth: {azure: {explicitConfig: {clientSecret: {clientId: 'c', clientSecret: '[redacted]'}}}}}},
    });
    expect(shown.get('policy/users')).toMatchObject({
      policy: {traffic: {apiKeyAuth: {apiKeys: [{key: '[redacted]', metadata: {name: 'me'}}]}}},
    });
    expect(shown.get('policy/more')).toMatchObject({
      policy: {backend: {auth: {credentials: [{location: {header: {name: 'x-api-key'}}, value: '[redacted]'}]}}},
    });
    expect(shown.get('policy/basic')).toMatchObject({policy: {traffic: {basicAuth: {realm: 'r'}}}});
  });

  it('can be a part of it', async () => {
    const {get, xds} = await start();
    xds.apply(resources.map((one) => ({new: one})));
    const names = async (query: string) =>
      JSON.parse((await get(`/debug/config_dump?gateway=shop/edge&${query}`)).body).proxies[0].resources.map(
        ({name}: {name: string}) => name,
      );
    expect(await names('name=policy/aws')).toEqual(['policy/aws']);
    expect(await names('type=Cluster')).toEqual([]);
    expect(await names('type=Resource')).toHaveLength(8);
  });

  it('comes with the proxies, what each has of it, and what it complains of', async () => {
    const {get, xds, graph} = await start();
    const port = await xds.listen('127.0.0.1:0');
    xds.markSynced();
    const [good, bad] = [cluster.make('good'), cluster.make('bad', {bad: true})];
    xds.apply([{new: good}, {new: bad}]);
    const client = new ModelClient({mode: 'envoy', node: {id: 'proxy-1'}, store: {version: () => undefined}});
    const stream = connectModel(client, port);
    cleanups.push(() => stream.close());
    client.subscribe(typeUrls.cluster);
    const types = () => xds.clients()[0]?.types[0];
    await until(() => types()?.acknowledged === 1 && types()?.rejected.length === 1 && types()?.pending === 0);
    const row = {client: '1', scope: 'envoy/default/gw', type: typeUrls.cluster, name: 'bad', warning: false};
    graph.commit((tx) => {
      tx.set(nacks, {key: 'x', ...row, message: 'no good'});
      tx.set(nacks, {key: 'y', ...row, client: '2', message: 'of another'});
    });

    const {proxies} = JSON.parse((await get('/debug/config_dump?gateway=default/gw&name=none')).body);
    expect(proxies).toEqual([
      {
        scope: 'envoy/default/gw',
        clients: [
          {
            client: 1,
            profile: 'envoy',
            node: {id: 'proxy-1', cluster: 'default/gw', userAgent: 'envoy', metadata: {}},
            connectedAt: expect.stringMatching(/^\d{4}-/),
            types: [
              {
                type: typeUrls.cluster,
                current: 1,
                differences: [{name: 'bad', wanted: bad.version, rejected: true}],
              },
            ],
            complaints: [{type: typeUrls.cluster, name: 'bad', warning: false, message: 'no good'}],
          },
        ],
        resources: [],
      },
    ]);
    expect(JSON.parse((await get('/debug/clients')).body)).toMatchObject([{client: 1, scope: 'envoy/default/gw'}]);
  });

  it('is asked for by the name of a Gateway that there is', async () => {
    const {get, xds} = await start();
    xds.apply(resources.map((one) => ({new: one})));
    expect(await get('/debug/config_dump')).toMatchObject({status: 400});
    const {status, body} = await get('/debug/config_dump?gateway=shop/none');
    expect(status).toBe(404);
    expect(JSON.parse(body)).toEqual({
      error: 'there is nothing for proxies of Gateway shop/none, and none is connected',
      gateways: ['shop/edge', 'shop/web'],
    });
  });
});
