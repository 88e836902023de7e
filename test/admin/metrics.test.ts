import {Subject} from 'rxjs';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {createMeters} from '../../src/admin/meters.ts';
import {createMetrics, type Metrics, type MetricsSources} from '../../src/admin/metrics.ts';
import type {GraphNode} from '../../src/krt/index.ts';
import type {ClientEvent, ClientView, ProfileName, TypeStats} from '../../src/xds/api.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';

const made: Metrics[] = [];
afterEach(() => {
  for (const metrics of made.splice(0)) metrics.stop();
});

type World = {
  nodes: readonly GraphNode[];
  epoch: number;
  clients: readonly ClientView[];
  stats: ReadonlyMap<string, TypeStats>;
  readonly events$: Subject<ClientEvent>;
};
const world = (): World => ({nodes: [], epoch: 0, clients: [], stats: new Map(), events$: new Subject()});

function metricsOf(here: World, sources: Partial<MetricsSources> = {}): Metrics {
  const metrics = createMetrics({
    graph: {
      get epoch() {
        return here.epoch;
      },
      nodes: () => here.nodes,
      errors: () => [],
    },
    xds: {clients: () => here.clients, stats: () => here.stats, events$: here.events$},
    metrics: () => [],
    ...sources,
  });
  made.push(metrics);
  return metrics;
}

/** The samples of metrics whose names begin so. */
async function samples(metrics: Metrics, prefix: string): Promise<readonly string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(prefix));
}

const nodeOf = (name: string, rows: number, runs: number): GraphNode => ({
  name,
  kind: 'derive',
  outputs: [name],
  rank: 1,
  rows,
  counters: {runs, changed: 2, cutOff: 3, examined: 4, scans: 5},
  rates: {runsPerSecond: 0, changedPerSecond: 0, cutOffPerRun: 0, examinedPerRun: 0},
});

const client = (scope: string, pending = 0, rejected: readonly string[] = []): ClientView => ({
  client: 1,
  scope,
  profile: scope.startsWith('envoy') ? 'envoy' : 'agentgateway',
  node: {id: 'n', cluster: 'c', metadata: {}, userAgent: ''},
  connectedAt: new Date(0),
  types: [{type: 't', sent: 1, acknowledged: 1, rejected, pending}],
});

describe('metrics', () => {
  it('are in the text format of Prometheus', async () => {
    const metrics = metricsOf(world(), {
      metrics: () => [
        {
          name: 'a_total',
          help: 'As.',
          type: 'counter',
          samples: [{labels: {x: 'q"\\\n', y: 'z'}, value: 3}],
        },
      ],
    });
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await metrics.text()).toContain(
      `${String.raw`# HELP a_total As.
# TYPE a_total counter
a_total{x="q\"\\\n",y="z"} 3`}\n`,
    );
  });

  it('tell of the graph, by collection', async () => {
    const here = world();
    here.nodes = [nodeOf('listeners', 7, 10), nodeOf('ports', 1, 0)];
    here.epoch = 3;
    const metrics = metricsOf(here);
    expect(await samples(metrics, 'sluice_')).toEqual(
      expect.arrayContaining([
        'sluice_commits_total 3',
        'sluice_rows{collection="listeners"} 7',
        'sluice_rows{collection="ports"} 1',
        'sluice_runs_total{collection="listeners"} 10',
        'sluice_rows_changed_total{collection="listeners"} 2',
        'sluice_cut_offs_total{collection="listeners"} 3',
        'sluice_rows_examined_total{collection="listeners"} 4',
        'sluice_scans_total{collection="listeners"} 5',
        'sluice_transform_errors 0',
      ]),
    );
  });

  // Totals that stand elsewhere are copied at each scrape; added to what was told before, they would double.
  it('count nothing twice, however often they are asked for', async () => {
    const here = world();
    here.nodes = [nodeOf('listeners', 7, 10)];
    here.stats = new Map([[typeUrls.cluster, {messages: 5, resources: 6, removed: 0, bytes: 7}]]);
    const metrics = metricsOf(here, {
      metrics: () => [{name: 'given_total', help: 'Given.', type: 'counter', samples: [{value: 4}]}],
    });
    const first = await samples(metrics, 'sluice_');
    expect(await samples(metrics, 'sluice_')).toEqual(first);
    expect(await samples(metrics, 'given_total')).toEqual(['given_total 4']);
    here.nodes = [nodeOf('listeners', 7, 11)];
    expect(await samples(metrics, 'sluice_runs_total')).toEqual(['sluice_runs_total{collection="listeners"} 11']);
  });

  it('forget what is gone', async () => {
    const here = world();
    here.nodes = [nodeOf('listeners', 7, 10)];
    const metrics = metricsOf(here);
    await metrics.text();
    here.nodes = [];
    expect(await samples(metrics, 'sluice_rows{')).toEqual([]);
  });

  it('sum clients by dialect', async () => {
    const here = world();
    here.clients = [client('envoy/a/a', 1, ['r']), client('envoy/a/b', 2), client('agentgateway/a/c', 0, ['r', 's'])];
    here.stats = new Map([[typeUrls.cluster, {messages: 1, resources: 2, removed: 3, bytes: 4}]]);
    const metrics = metricsOf(here);
    expect(await samples(metrics, 'sluice_xds_')).toEqual([
      'sluice_xds_clients{dialect="envoy"} 2',
      'sluice_xds_clients{dialect="agentgateway"} 1',
      'sluice_xds_pending{dialect="envoy"} 3',
      'sluice_xds_pending{dialect="agentgateway"} 0',
      'sluice_xds_rejected{dialect="envoy"} 1',
      'sluice_xds_rejected{dialect="agentgateway"} 2',
      'sluice_xds_gateways 3',
      'sluice_xds_gateway_clients{dialect="envoy",namespace="a",gateway="a"} 1',
      'sluice_xds_gateway_clients{dialect="envoy",namespace="a",gateway="b"} 1',
      'sluice_xds_gateway_clients{dialect="agentgateway",namespace="a",gateway="c"} 1',
      'sluice_xds_messages_total{type="envoy.config.cluster.v3.Cluster"} 1',
      'sluice_xds_resources_total{type="envoy.config.cluster.v3.Cluster"} 2',
      'sluice_xds_removed_total{type="envoy.config.cluster.v3.Cluster"} 3',
      'sluice_xds_bytes_total{type="envoy.config.cluster.v3.Cluster"} 4',
      'sluice_xds_connections_total{dialect="envoy"} 0',
      'sluice_xds_connections_total{dialect="agentgateway"} 0',
    ]);
  });

  it('name Gateways only as long as there are few of them', async () => {
    const here = world();
    here.clients = Array.from({length: 1_000}, (_, i) => client(`envoy/ns/gateway-${i}`));
    const metrics = metricsOf(here);
    expect(await samples(metrics, 'sluice_xds_gateway_clients')).toHaveLength(1_000);
    here.clients = [...here.clients, client('envoy/ns/one-more')];
    expect(await samples(metrics, 'sluice_xds_gateway_clients')).toEqual([]);
    expect(await samples(metrics, 'sluice_xds_gateways')).toEqual(['sluice_xds_gateways 1001']);
    const few = metricsOf(here, {gatewayLimit: 1_001});
    expect(await samples(few, 'sluice_xds_gateway_clients')).toHaveLength(1_001);
  });

  // A client may ask for types of any name, and each is counted.
  it('do not grow with the types that clients make up', async () => {
    const here = world();
    here.stats = new Map(
      Array.from({length: 500}, (_, i) => [`made.up/T${i}`, {messages: 1, resources: 0, removed: 0, bytes: 10}]),
    );
    const metrics = metricsOf(here);
    const lines = await samples(metrics, 'sluice_xds_messages_total');
    expect(lines).toHaveLength(17);
    expect(lines).toContain('sluice_xds_messages_total{type="T0"} 1');
    expect(lines).toContain('sluice_xds_messages_total{type="other"} 484');
    here.stats = new Map([...here.stats, [typeUrls.cluster, {messages: 1, resources: 0, removed: 0, bytes: 10}]]);
    expect(await samples(metrics, 'sluice_xds_messages_total')).toContain(
      'sluice_xds_messages_total{type="envoy.config.cluster.v3.Cluster"} 1',
    );
  });

  it('follow what proxies say', async () => {
    const here = world();
    const metrics = metricsOf(here);
    const node = {id: 'n', cluster: 'c', metadata: {}, userAgent: ''};
    const connected = (profile: ProfileName): void =>
      here.events$.next({kind: 'connected', client: 1, node, scope: 'x/y/z', profile, peer: 'p'});
    connected('envoy');
    connected('envoy');
    connected('agentgateway');
    const acknowledged = {kind: 'acknowledged', client: 1, type: typeUrls.cluster, names: ['a']} as const;
    here.events$.next({...acknowledged, ms: 4});
    here.events$.next({...acknowledged, ms: 700});
    const rejected = {kind: 'rejected', client: 1, type: typeUrls.resource, message: 'no'} as const;
    here.events$.next({...rejected, names: ['a', 'b'], warning: false});
    here.events$.next({...rejected, names: ['c'], warning: true});
    here.events$.next({...rejected, names: [], warning: false});

    expect(await samples(metrics, 'sluice_xds_connections_total')).toEqual([
      'sluice_xds_connections_total{dialect="envoy"} 2',
      'sluice_xds_connections_total{dialect="agentgateway"} 1',
    ]);
    const acks = await samples(metrics, 'sluice_xds_ack_seconds');
    const type = 'type="envoy.config.cluster.v3.Cluster"';
    expect(acks).toEqual(
      expect.arrayContaining([
        `sluice_xds_ack_seconds_bucket{le="0.0025",${type}} 0`,
        `sluice_xds_ack_seconds_bucket{le="0.005",${type}} 1`,
        `sluice_xds_ack_seconds_bucket{le="1",${type}} 2`,
        `sluice_xds_ack_seconds_count{${type}} 2`,
        `sluice_xds_ack_seconds_sum{${type}} 0.704`,
      ]),
    );
    expect(await samples(metrics, 'sluice_xds_nacks_total')).toEqual([
      'sluice_xds_nacks_total{type="agentgateway.dev.resource.Resource",severity="error"} 3',
      'sluice_xds_nacks_total{type="agentgateway.dev.resource.Resource",severity="warning"} 1',
    ]);
    metrics.stop();
    expect(here.events$.observed).toBe(false);
  });

  it('tell of statuses, queues, what is made and who leads, where there is such a thing', async () => {
    const nothing = metricsOf(world());
    expect(await samples(nothing, 'sluice_status')).toEqual([]);
    expect(await samples(nothing, 'sluice_leader')).toEqual([]);
    const meters = createMeters();
    let leads = false;
    const metrics = metricsOf(world(), {
      meters,
      statusWrites: () => [{kind: 'Gateway', result: 'written', count: 3}],
      queues: () => [
        {queue: 'status', waiting: 2},
        {queue: 'provision', waiting: 0},
      ],
      provisioned: () => ({applied: 4, deleted: 1, failures: 2}),
      leading: () => leads,
    });
    meters.statusWritten({kind: 'Gateway', result: 'written', requestMs: 20, waitedMs: 600});
    meters.statusWritten({kind: 'Gateway', result: 'equal'});
    expect(await samples(metrics, 'sluice_status_writes_total')).toEqual([
      'sluice_status_writes_total{kind="Gateway",result="written"} 3',
    ]);
    expect(await samples(metrics, 'sluice_queue_depth')).toEqual([
      'sluice_queue_depth{queue="status"} 2',
      'sluice_queue_depth{queue="provision"} 0',
    ]);
    expect(await samples(metrics, 'sluice_provision')).toEqual([
      'sluice_provision_objects_total{action="applied"} 4',
      'sluice_provision_objects_total{action="deleted"} 1',
      'sluice_provision_failures_total 2',
    ]);
    expect(await samples(metrics, 'sluice_status_request_seconds_sum')).toEqual([
      'sluice_status_request_seconds_sum{kind="Gateway"} 0.02',
    ]);
    expect(await samples(metrics, 'sluice_status_delay_seconds_count')).toEqual([
      'sluice_status_delay_seconds_count{kind="Gateway"} 1',
    ]);
    expect(await samples(metrics, 'sluice_leader')).toEqual(['sluice_leader 0']);
    leads = true;
    expect(await samples(metrics, 'sluice_leader')).toEqual(['sluice_leader 1']);
  });

  it('tell who was let in, and with which certificate', async () => {
    const metrics = metricsOf(world(), {
      authentication: () => ({accepted: 3, 'no-token': 1}),
      tokenReviews: () => ({asked: 4, failed: 1, remembered: 9}),
      events: () => ({written: 1, repeated: 2, dropped: 0}),
      certificates: () => [{certificate: 'server', ends: new Date('2030-01-01T00:00:00Z')}],
    });
    expect(await samples(metrics, 'sluice_xds_auth_total')).toEqual([
      'sluice_xds_auth_total{outcome="accepted"} 3',
      'sluice_xds_auth_total{outcome="no-token"} 1',
    ]);
    expect(await samples(metrics, 'sluice_token_reviews_total')).toEqual([
      'sluice_token_reviews_total{result="answered"} 3',
      'sluice_token_reviews_total{result="failed"} 1',
      'sluice_token_reviews_total{result="remembered"} 9',
    ]);
    expect(await samples(metrics, 'sluice_events_total')).toEqual([
      'sluice_events_total{result="written"} 1',
      'sluice_events_total{result="repeated"} 2',
      'sluice_events_total{result="dropped"} 0',
    ]);
    expect(await samples(metrics, 'sluice_xds_certificate_end_seconds')).toEqual([
      'sluice_xds_certificate_end_seconds{certificate="server"} 1893456000',
    ]);
  });

  it('take what others count, with labels that may become more', async () => {
    let given: ReturnType<MetricsSources['metrics']> = [];
    const metrics = metricsOf(world(), {metrics: () => given});
    const kube = (labels: Readonly<Record<string, string>>, value: number) => ({labels, value});
    const metric = (samplesOf: readonly {labels: Readonly<Record<string, string>>; value: number}[]) => [
      {name: 'sluice_kube_events_total', help: 'Events.', type: 'counter' as const, samples: samplesOf},
    ];
    given = metric([]);
    expect(await samples(metrics, 'sluice_kube')).toEqual([]);
    given = metric([kube({kind: 'Service'}, 1)]);
    expect(await samples(metrics, 'sluice_kube')).toEqual(['sluice_kube_events_total{kind="Service"} 1']);
    given = metric([kube({kind: 'Service', type: 'ADDED'}, 2)]);
    expect(await samples(metrics, 'sluice_kube')).toEqual(['sluice_kube_events_total{kind="Service",type="ADDED"} 2']);
    given = [];
    expect(await metrics.text()).not.toContain('sluice_kube_events_total');
    given = [{name: 'sluice_rows', help: 'Ours already.', type: 'gauge', samples: []}];
    expect(() => metrics.text()).toThrow('sluice_rows has already been registered');
  });

  it('tell what the process uses', async () => {
    const metrics = metricsOf(world(), {version: '1.2.3'});
    const value = async (name: string): Promise<number> => Number((await samples(metrics, name))[0]?.split(' ')[1]);
    expect(await value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(await value('nodejs_heap_used_bytes')).toBeGreaterThan(1_000_000);
    expect(await value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(await value('process_start_time_seconds')).toBeLessThanOrEqual(Date.now() / 1000);
    expect(await samples(metrics, 'sluice_build_info')).toEqual([
      `sluice_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    ]);
  });

  it('tell how long the event loop was held up since the last time', async () => {
    const metrics = metricsOf(world());
    const longest = async (): Promise<number> =>
      Number((await samples(metrics, 'nodejs_eventloop_lag_max_seconds'))[0]?.split(' ')[1]);
    await longest();
    // What comes late is told from the first look after that on.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const until = performance.now() + 300;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await longest()).toBeGreaterThan(0.2);
    await vi.waitFor(async () => expect(await longest()).toBeLessThan(0.2), {timeout: 10_000, interval: 100});
  });
});
