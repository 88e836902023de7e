import {
  createGraph,
  derive,
  type Graph,
  group,
  index,
  input,
  join,
  singleton,
  type Transaction,
} from '../../src/krt/index.ts';
import {
  type AppService,
  type Cluster,
  type Endpoint,
  endpointOf,
  instancesOf,
  meshOf,
  type Namespace,
  type Settings,
  workloadOf,
} from './depth-rows.ts';
import type {DepthSystem, Write} from './depth-system.ts';
import type {Listener} from './map-mirror.ts';
import type {Pod} from './workload.ts';

/** The five levels on the engine, with rows compared as it does unless told otherwise. */
export function engineDepth(listen: Listener<Cluster>): DepthSystem & {readonly graph: Graph} {
  const inputs = {
    // Every write is a change, as it is for who does it by hand: what comes of a pod is compared, not the pod.
    pod: input<Pod>('pods', {key: ({key}) => key, equals: 'identity'}),
    service: input<AppService>('services', {key: ({key}) => key}),
    namespace: input<Namespace>('namespaces', {key: ({key}) => key}),
    settings: input<Settings>('settings', {key: ({key}) => key}),
    fixed: input<Endpoint>('fixed-endpoints', {key: ({key}) => key}),
  };
  const mesh = singleton('mesh', {
    rows: (ctx) => {
      const settings = ctx.get(inputs.settings, 'settings');
      return settings && meshOf(settings);
    },
  });
  const workloads = derive('workloads', {from: inputs.pod, rows: (_, pod) => workloadOf(pod)});
  const podEndpoints = derive('pod-endpoints', {
    from: workloads,
    rows: (ctx, workload) =>
      endpointOf(
        workload,
        ctx.get(inputs.service, workload.service),
        ctx.get(inputs.namespace, workload.namespace),
        ctx.get(mesh, 'mesh'),
      ),
  });
  const endpoints = join('endpoints', [inputs.fixed, podEndpoints]);
  const instances = derive('instances', {from: endpoints, rows: (_, endpoint) => instancesOf(endpoint)});
  const clusters = group(
    'clusters',
    index(instances, 'cluster', ({cluster}) => cluster),
  );
  const graph = createGraph({outputs: [clusters]});
  graph.subscribe(clusters, ({changes}) => {
    for (const change of changes) listen(change);
  });
  const stage = (tx: Transaction, write: Write): void => {
    switch (write.kind) {
      case 'pod':
        return tx.set(inputs.pod, write.row);
      case 'service':
        return tx.set(inputs.service, write.row);
      case 'namespace':
        return tx.set(inputs.namespace, write.row);
      case 'settings':
        return tx.set(inputs.settings, write.row);
      case 'fixed':
        return tx.set(inputs.fixed, write.row);
      case 'pod gone':
        return tx.delete(inputs.pod, write.key);
      case 'service gone':
        return tx.delete(inputs.service, write.key);
      case 'namespace gone':
        return tx.delete(inputs.namespace, write.key);
      case 'fixed gone':
        return tx.delete(inputs.fixed, write.key);
    }
  };
  return {
    graph,
    setPod(pod) {
      graph.commit((tx) => tx.set(inputs.pod, pod));
    },
    setPods(rows) {
      graph.commit((tx) => {
        for (const pod of rows) tx.set(inputs.pod, pod);
      });
    },
    apply(write) {
      graph.commit((tx) => stage(tx, write));
    },
    clusters: () => graph.list(clusters),
  };
}
