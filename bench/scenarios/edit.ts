import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {createApp, type App} from '../../src/app.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import {loadConfig} from '../../src/config/load-config.ts';
import {createLogs} from '../../src/config/logging.ts';
import {dataset, type Dataset, routeFile, routeOf, writeFolder} from '../datasets.ts';
import {DeltaClient} from '../delta-client.ts';
import {figure, median, quantile, type Figure, type Scenario} from '../report.ts';

const SIZES = [1_000, 10_000];
const EDITS = 200;
const DEBOUNCE_MS = 20;
const prefix = 'type.googleapis.com/';
const envoyTypes = {
  cluster: `${prefix}envoy.config.cluster.v3.Cluster`,
  endpoints: `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  listener: `${prefix}envoy.config.listener.v3.Listener`,
  routes: `${prefix}envoy.config.route.v3.RouteConfiguration`,
  host: `${prefix}envoy.config.route.v3.VirtualHost`,
};
const agentgatewayTypes = [`${prefix}istio.workload.Address`, `${prefix}agentgateway.dev.resource.Resource`] as const;

/** A live edit of one file among N, from the end of the debounce to the bytes at a connected client. */
export const scenario: Scenario = {
  name: 'edit',
  async run() {
    const rows: Figure[] = [];
    for (const dialect of ['envoy', 'agentgateway'] as const) {
      const medians: number[] = [];
      for (const size of SIZES) {
        const {latencies, bytes, runs} = await measure(dialect, size);
        const name = `${dialect}, ${size} routes`;
        medians.push(median(latencies));
        rows.push(
          figure(`${name}: p50`, median(latencies), 'ms', {atMost: 5}),
          figure(`${name}: p99`, quantile(latencies, 0.99), 'ms'),
          figure(`${name}: worst`, Math.max(...latencies), 'ms'),
          figure(`${name}: bytes per edit`, Math.max(...bytes), 'B', {
            atMost: dialect === 'envoy' ? 1_000 : 450,
          }),
          figure(`${name}: transform runs per edit`, runs, 'runs'),
        );
      }
      const [small = Number.NaN, large = Number.NaN] = medians;
      rows.push(figure(`${dialect}: p50 at ${SIZES[1]} / at ${SIZES[0]} routes`, large / small, 'x'));
    }
    return rows;
  },
};

async function measure(dialect: Dialect, size: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const data = dataset(size, dialect);
  writeFolder(join(folder, 'manifests'), data);
  const config = join(folder, 'sluice.yaml');
  writeFileSync(config, configText());
  const app = createApp(loadConfig(config), {
    logs: createLogs({level: 'silent', components: {}, format: 'json'}),
    version: 'bench',
  });
  try {
    const {xds} = await app.start();
    const client = connect(dialect, xds);
    await settled(client, size);
    const result = await edit(app, client, dialect, data, join(folder, 'manifests'));
    client.close();
    return result;
  } finally {
    await app.stop();
    rmSync(folder, {recursive: true});
  }
}

const configText = (): string => `apiVersion: config.sluice.dev/v1alpha1
kind: Sluice
provider: {type: file, file: {paths: [manifests], debounceMs: ${DEBOUNCE_MS}}}
xds: {address: '127.0.0.1:0'}
admin: {address: '127.0.0.1:0'}
envoy: {manage: false}
stateDir: state
`;

function connect(dialect: Dialect, address: string): DeltaClient {
  if (dialect === 'agentgateway') {
    const client = new DeltaClient(address, {
      id: 'agentgateway~127.0.0.1~bench.infra~infra.svc.cluster.local',
      metadata: {fields: {role: {stringValue: 'infra~gateway'}}},
    });
    for (const type of agentgatewayTypes) client.subscribe(type);
    return client;
  }
  const client = new DeltaClient(
    address,
    {id: 'bench', cluster: 'infra/gateway', metadata: {fields: {'sluice.dev/gateway': {stringValue: 'infra/gateway'}}}},
    (type, names, own) => {
      if (type === envoyTypes.cluster && names.length > 0) own.subscribe(envoyTypes.endpoints, names);
      if (type === envoyTypes.listener) own.subscribe(envoyTypes.routes, ['http-8080']);
      if (type === envoyTypes.routes) own.subscribe(envoyTypes.host);
    },
  );
  client.subscribe(envoyTypes.cluster);
  client.subscribe(envoyTypes.listener);
  return client;
}

/** Waits until the client has everything and nothing arrives any more. */
async function settled(client: DeltaClient, size: number): Promise<void> {
  let before = -1;
  while (client.arrivals.length !== before || client.arrivals.flatMap(({names}) => names).length < size) {
    before = client.arrivals.length;
    await sleep(500);
  }
}

async function edit(app: App, client: DeltaClient, dialect: Dialect, data: Dataset, folder: string) {
  const latencies: number[] = [];
  const bytes: number[] = [];
  app.graph.resetCounters();
  for (let i = 0; i < EDITS; i++) {
    const at = (i * 7919) % data.routes.length;
    const route = data.routes[at];
    const service = route?.spec.rules[0]?.backendRefs?.[0]?.name;
    if (route?.metadata.namespace === undefined || service === undefined) throw new Error(`no route ${at}`);
    const {namespace} = route.metadata;
    const name = dialect === 'envoy' ? `http-8080/host-${at}.example.com` : `route/${namespace}/route-${at}.00.http`;
    const arrived = client.next(name);
    const start = performance.now();
    writeFileSync(routeFile(folder, at), JSON.stringify(routeOf(at, namespace, service, i + 1)));
    const arrival = await arrived;
    latencies.push(arrival.at - start - DEBOUNCE_MS);
    bytes.push(arrival.bytes);
    await sleep(5);
  }
  const total = [...app.graph.counters().values()].reduce((sum, {runs}) => sum + runs, 0);
  return {latencies, bytes, runs: total / EDITS};
}
