import {describe, expect, it} from 'vitest';
import {
  createGraph,
  derive,
  distinct,
  type Graph,
  group,
  index,
  input,
  type Labels,
  type Row,
  singleton,
} from '../../src/krt/index.ts';

/** What one edit costs is counted, not timed: the same numbers in a small world and in a large one. */
type Pod = Row & {readonly namespace: string; readonly labels: Labels; readonly ip: string};
type Service = Row & {readonly namespace: string; readonly app: string; readonly port: number};

const PODS_PER_SERVICE = 5;
const SERVICES_PER_NAMESPACE = 10;

const pods = input<Pod>('pods', {key: ({key}) => key, labels: ({labels}) => labels});
const services = input<Service>('services', {key: ({key}) => key});
const namespaces = input<Row & {readonly mode: string}>('namespaces', {key: ({key}) => key});
const podsByNamespace = index(pods, 'namespace', ({namespace}) => namespace);

const endpoints = derive('endpoints', {
  from: services,
  rows: (ctx, {key, app, port, namespace}) => ({
    key,
    namespace,
    mode: ctx.get(namespaces, namespace, ({mode}) => mode),
    addresses: ctx.select(pods, {matchLabels: {app}}).map(({ip}) => `${ip}:${port}`),
  }),
});
const endpointsByNamespace = index(endpoints, 'namespace', ({namespace}) => namespace);
const perNamespace = group('endpoints-per-namespace', endpointsByNamespace);
const used = distinct('used-namespaces', podsByNamespace);
const namespaceSummaries = derive('namespace-summaries', {
  from: used,
  rows: (ctx, {key}) => ({
    key,
    pods: ctx.count(podsByNamespace, key),
    known: ctx.exists(namespaces, key),
    served: ctx.exists(endpointsByNamespace, key),
  }),
});
const total = singleton('total', {rows: (ctx) => ({key: 'total', pods: ctx.count(pods)})});

const pod = (n: number, ip = `10.0.0.${n}`): Pod => {
  const service = Math.floor(n / PODS_PER_SERVICE);
  const namespace = `ns-${Math.floor(service / SERVICES_PER_NAMESPACE)}`;
  return {key: `pod-${n}`, namespace, labels: {app: `app-${service}`}, ip};
};

function world(size: number): Graph {
  const graph = createGraph({outputs: [endpoints, perNamespace, namespaceSummaries, total]});
  const rows = Array.from({length: size}, (_, n) => pod(n));
  const used = [...new Set(rows.map(({namespace}) => namespace))];
  graph.commit((tx) => {
    tx.replaceAll(pods, rows);
    tx.replaceAll(
      namespaces,
      used.map((key) => ({key, mode: 'strict'})),
    );
    tx.replaceAll(
      services,
      Array.from({length: size / PODS_PER_SERVICE}, (_, n) => {
        const namespace = `ns-${Math.floor(n / SERVICES_PER_NAMESPACE)}`;
        return {key: `service-${n}`, namespace, app: `app-${n}`, port: 80};
      }),
    );
  });
  return graph;
}

const edits: Readonly<Record<string, (graph: Graph) => void>> = {
  'the address of a pod': (graph) => graph.commit((tx) => tx.set(pods, pod(7, '10.9.9.9'))),
  'a pod written again as it is': (graph) => graph.commit((tx) => tx.set(pods, pod(7))),
  'a new pod': (graph) => graph.commit((tx) => tx.set(pods, {...pod(7), key: 'pod-new'})),
  'a pod deleted': (graph) => graph.commit((tx) => tx.delete(pods, 'pod-7')),
  'the port of a service': (graph) =>
    graph.commit((tx) => tx.set(services, {key: 'service-3', namespace: 'ns-0', app: 'app-3', port: 81})),
  'the mode of a namespace': (graph) => graph.commit((tx) => tx.set(namespaces, {key: 'ns-0', mode: 'lax'})),
};

describe('one edit costs the same among 100, 10,000 and 100,000 rows', () => {
  const graphs = [100, 10_000, 100_000].map(world);

  it.each(Object.entries(edits))('%s', (_, edit) => {
    const costs = graphs.map((graph) => {
      graph.resetCounters();
      edit(graph);
      return Object.fromEntries(graph.counters());
    });
    const [small] = costs;
    for (const cost of costs) expect(cost).toEqual(small);
    const scans = Object.values(small ?? {}).reduce((sum, counters) => sum + counters.scans, 0);
    expect(scans).toBe(0);
  });

  it('and leaves all of them as if made afresh', () => {
    const [graph] = graphs;
    expect(graph?.get(endpoints, 'service-1')?.addresses).toEqual([
      '10.0.0.5:80',
      '10.0.0.6:80',
      '10.0.0.8:80',
      '10.0.0.9:80',
      '10.0.0.7:80',
    ]);
    expect(graph?.list(total)).toEqual([{key: 'total', pods: 100}]);
  });
});
