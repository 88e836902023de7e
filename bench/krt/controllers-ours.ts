import {createGraph, derive, index, input, type Graph} from '../../src/krt/index.ts';
import {namesSelecting, workload, type Controller, type Listener, type ServiceRow} from './controllers-model.ts';
import type {Pod} from './workload.ts';

export type Ours = Controller & {readonly graph: Graph};

/** The engine, asked for the services of a namespace, which the transform looks through. */
export const oursByNamespace = {name: 'ours, namespace index', create: (tell: Listener): Ours => create(tell, 'scan')};

/** The engine, asked for the services that select the labels of the pod. */
export const oursBySelector = {name: 'ours, selector index', create: (tell: Listener): Ours => create(tell, 'select')};

function create(listener: Listener, how: 'scan' | 'select'): Ours {
  // Every write is a change, as it is for who does it by hand: what comes of a pod is compared, not the pod.
  const pods = input('pods', {key: ({key}: Pod) => key, equals: 'identity'});
  const services = input('services', {
    key: ({key}: ServiceRow) => key,
    namespace: ({namespace}) => namespace,
    selector: ({selector}) => ({matchLabels: selector}),
  });
  const servicesByNamespace = index(services, 'services by namespace', ({namespace}) => namespace);
  const workloads = derive('workloads', {
    from: pods,
    reads: [services],
    rows: (ctx, pod) => {
      switch (how) {
        case 'scan':
          return workload(pod, namesSelecting(ctx.list(servicesByNamespace, pod.namespace), pod));
        case 'select':
          return workload(
            pod,
            ctx.selecting(services, pod.labels, pod.namespace).map(({name}) => name),
          );
      }
    },
  });
  const graph = createGraph({outputs: [workloads]});
  graph.subscribe(workloads, ({changes}) => {
    for (const {key, old, new: now} of changes) if (now !== undefined) listener(key, old, now);
  });
  return {
    graph,
    update(batch: readonly Pod[]): void {
      graph.commit((tx) => {
        for (const pod of batch) tx.set(pods, pod);
      });
    },
    updateService(service: ServiceRow): void {
      graph.commit((tx) => tx.set(services, service));
    },
    end: () => new Map(graph.list(workloads).map((row) => [row.key, row])),
    dispose: () => graph.dispose(),
  };
}
