import {mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {dataset, writeLists} from '../../bench/datasets.ts';
import {DeltaClient} from '../../bench/delta-client.ts';
import {routeStatus} from '../../collections/status/route-status.ts';
import {gatewayClasses, namespaces} from '../../collections/inputs.ts';
import {createApp, type App, type Endpoints} from '../../src/app.ts';
import {defaultConfig} from '../../src/config/load-config.ts';
import {silentLogs, type Logs} from '../../src/config/logging.ts';
import type {StaticConfig} from '../../src/config/static-config.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {gatewayYaml, routeYaml, serviceYaml, writeFiles} from '../cli/manifests.ts';
import {eventually, recordingLog} from '../provision/recording-log.ts';

let folder: string;
const apps: App[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-app-'));
  writeFiles(folder, {
    'manifests/gateway.yaml': gatewayYaml(8080),
    'manifests/route.yaml': routeYaml(),
    'manifests/app.yaml': serviceYaml(9000),
  });
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  rmSync(folder, {recursive: true, force: true});
});

/** No proxies, any free ports. */
function configured(change: Partial<StaticConfig> = {}): StaticConfig {
  const config = defaultConfig(folder);
  return {
    ...config,
    ...change,
    xds: {...config.xds, address: '127.0.0.1:0', ...change.xds},
    admin: {address: '127.0.0.1:0', ...change.admin},
    envoy: {...config.envoy, manage: false, ...change.envoy},
  };
}
function made(config = configured(), logs: Logs = silentLogs): App {
  const app = createApp(config, {logs, version: '0.0.0'});
  apps.push(app);
  return app;
}
async function started(config = configured(), logs: Logs = silentLogs) {
  const app = made(config, logs);
  const {admin} = await app.start();
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://${admin}${path}`, init);
    return {status: response.status, body: await response.text()};
  };
  return {app, get};
}
const write = (file: string, text: string) => writeFileSync(join(folder, 'manifests', file), text);

describe('the app', () => {
  it('answers health and readiness', async () => {
    const {get} = await started();
    expect(await get('/healthz')).toEqual({status: 200, body: 'ok\n'});
    expect(await get('/readyz')).toEqual({status: 200, body: 'ready\n'});
    expect((await get('/')).body).toContain('/debug/collections/NAME');
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/healthz', {method: 'POST'})).status).toBe(405);
    expect(await get('/healthz', {method: 'HEAD'})).toEqual({status: 200, body: ''});
  });

  it('is not ready before the manifests are read', async () => {
    const port = await portOf(createServer());
    const slow = {name: 'slow', command: ['node', '-e', 'setTimeout(() => {}, 400)'] as const, env: {}, cwd: folder};
    const app = made(configured({admin: {address: `127.0.0.1:${port}`}, prepare: [slow]}));
    const starting = app.start();
    await eventually(
      '503',
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status === 503,
    );
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    await starting;
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  it('lets nobody act on a part of many manifests', async () => {
    const routes = 1_000;
    writeLists(join(folder, 'manifests'), dataset(routes), 'json');
    const app = made();
    let endpoints: Endpoints | undefined;
    const starting = app.start().then((made) => (endpoints = made));
    const [sizes, connected] = [new Set<number>(), new Set<number>()];
    const tooEarly: unknown[] = [];
    let client: DeltaClient | undefined;
    while (endpoints === undefined) {
      const {xds, clients, ready, statuses} = app.status();
      if (client === undefined && !xds.endsWith(':0')) client = connect(xds);
      const size = app.graph.size(routeStatus);
      sizes.add(size);
      connected.add(clients.length);
      const acted = [...statuses, ...(client?.arrivals ?? []), ...(ready ? ['ready'] : [])];
      if (size <= routes) tooEarly.push(...acted);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    const {admin} = await starting;
    expect(tooEarly).toEqual([]);
    expect(sizes.size).toBeGreaterThan(2);
    expect(connected).toContain(1);
    await eventually('the clusters', () => (client?.arrivals.length ?? 0) > 0);
    expect(client?.arrivals[0]?.names).toHaveLength(routes / 10);
    client?.close();
    // Each status was written once, as it was in the end: those of the routes, the Gateways and their classes.
    const objects = routes + 1 + 2 + 2;
    await eventually('the statuses', () => app.status().statuses.length === objects);
    const metrics = await (await fetch(`http://${admin}/metrics`)).text();
    expect(metrics).toContain(`sluice_status_writes_total{kind="all",result="written"} ${objects}\n`);
  });

  it('shows collections, the graph, reasons, clients, metrics', async () => {
    const {get} = await started();
    const nodes = JSON.parse((await get('/debug/collections')).body);
    expect(nodes).toContainEqual(expect.objectContaining({name: 'listeners', kind: 'derive', rows: 1, runs: 1}));
    const rows = JSON.parse((await get('/debug/collections/listeners')).body);
    expect(rows).toMatchObject([{key: 'default/web/http', row: {port: 8080}, from: 'gateways[default/web]'}]);
    const one = await get('/debug/collections/resources?key=nothing');
    expect(JSON.parse(one.body)).toEqual([]);
    const unknown = await get('/debug/collections/nothing');
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.body)).toMatchObject({collections: expect.arrayContaining(['listeners', 'http-routes'])});
    expect((await get('/debug/collections/%ZZ')).status).toBe(404);
    expect((await get('/debug/graph')).body).toMatch(/^flowchart LR\n/);
    expect(JSON.parse((await get('/debug/why/listeners?key=default/web/http')).body)).toMatchObject({
      change: 'changed',
    });
    expect((await get('/debug/why/listeners')).status).toBe(400);
    expect(JSON.parse((await get('/debug/clients')).body)).toEqual([]);
    expect(JSON.parse((await get('/debug/errors')).body)).toEqual([]);
    const metrics = (await get('/metrics')).body;
    expect(metrics).toContain('sluice_rows{collection="listeners"} 1\n');
    expect(metrics).toContain('sluice_manifest_problems 0\n');
    expect(metrics).toMatch(/^sluice_commits_total \d+$/m);
  });

  it('follows the files, and reports statuses and problems', async () => {
    const {app, get} = await started();
    const condition = () =>
      app.status().statuses.find(({kind}) => kind === 'HTTPRoute')?.status.parents?.[0]?.conditions[1]?.reason;
    await eventually('the first status', () => condition() === 'ResolvedRefs');
    write('route.yaml', routeYaml('absent'));
    await eventually('the next status', () => condition() === 'BackendNotFound');
    write('route.yaml', routeYaml().replace('rules:', 'rulez:'));
    await eventually('the problem', () => app.status().problems.length > 0);
    expect(condition()).toBe('BackendNotFound');
    const report = JSON.parse((await get('/status')).body);
    expect(report).toMatchObject({ready: true, proxies: [], problems: [{object: 'HTTPRoute default/route'}]});
  });

  it('writes no status when it is started again over the same files', async () => {
    const first = await started();
    await eventually('statuses', () => first.app.status().statuses.length === 4);
    await first.app.stop();
    const file = join(folder, '.sluice/status/HTTPRoute/default/route.json');
    const {mtimeMs} = statSync(file);
    const second = await started();
    await eventually('statuses', () => second.app.status().statuses.length === 4);
    expect((await second.get('/metrics')).body).toContain(
      'sluice_status_writes_total{kind="all",result="written"} 0\n',
    );
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
  });

  it('implies namespaces, and a GatewayClass per kind of proxy', async () => {
    const {app} = await started();
    const names = () =>
      app.graph.list(namespaces).map(({metadata}) => `${metadata.name} ${metadata.labels?.['team'] ?? '-'}`);
    const controllers = () =>
      app.graph.list(gatewayClasses).map(({metadata, spec}) => `${metadata.name} ${spec.controllerName}`);
    expect(names()).toEqual(['default -']);
    expect(controllers()).toEqual(['agentgateway sluice.dev/agentgateway', 'envoy sluice.dev/envoy']);

    const other = routeYaml().replace('{name: route}', '{name: route, namespace: shop}');
    write('shop.yaml', `${other}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n`);
    write(
      'class.yaml',
      'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: envoy}\nspec: {controllerName: example.com/other}\n',
    );
    await eventually('both', () => names().includes('shop a') && controllers().includes('envoy example.com/other'));
    write('shop.yaml', other);
    rmSync(join(folder, 'manifests/class.yaml'));
    await eventually(
      'the implied ones',
      () => names().includes('shop -') && controllers().includes('envoy sluice.dev/envoy'),
    );
    rmSync(join(folder, 'manifests/shop.yaml'));
    await eventually('none', () => names().join() === 'default -');
  });

  it('says which address is busy', async () => {
    const server = createServer();
    const port = await portOf(server, false);
    for (const component of ['xds', 'admin'] as const) {
      const app = made(configured({[component]: {address: `127.0.0.1:${port}`}}));
      await expect(app.start()).rejects.toThrow(
        `${component}.address: 127.0.0.1:${port} cannot be listened on: it is in use by another process`,
      );
    }
    server.close();
    await started();
  });

  it('runs programs, and fails for one that must end well and does not', async () => {
    const failing = {
      name: 'failing',
      command: ['node', '-e', 'console.error("no luck"); process.exit(3)'] as const,
      env: {},
      cwd: folder,
    };
    await expect(made(configured({prepare: [failing]})).start()).rejects.toThrow(
      'program failing failed: exit code 3: no luck',
    );
    const log = recordingLog();
    const script = 'console.log(process.env.WORD); setInterval(() => {}, 1000)';
    const program = {name: 'lasting', command: ['node', '-e', script] as const, env: {WORD: 'hello'}, cwd: folder};
    const {app} = await started(configured({processes: [program]}), () => log);
    await eventually('its line', () => log.messages().includes('hello'));
    await app.stop();
    expect(log.messages()).toContain('Program lasting stopped');
  });

  it('serves without an Envoy, and says what to do', async () => {
    const config = configured();
    const log = recordingLog();
    const {app, get} = await started(
      {...config, envoy: {...config.envoy, manage: true, binary: '/nowhere/envoy'}},
      () => log,
    );
    await app.settled(5_000);
    expect(app.status()).toMatchObject({hint: expect.stringContaining('/nowhere/envoy')});
    expect(log.messages('warn')).toEqual([expect.stringMatching(/^no proxy is run, xDS is served all the same: /)]);
    expect((await get('/readyz')).status).toBe(200);
  });
});

/** A proxy of the Gateway of the data set, which asks for its clusters. */
function connect(address: string): DeltaClient {
  const client = new DeltaClient(address, {
    id: 'early',
    cluster: 'infra/gateway',
    metadata: {fields: {'sluice.dev/gateway': {stringValue: 'infra/gateway'}}},
  });
  client.subscribe(typeUrls.cluster);
  return client;
}

/** A port on loopback; held by the server, or free again. */
async function portOf(server: ReturnType<typeof createServer>, release = true): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (release) await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
