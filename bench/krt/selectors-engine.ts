import {createGraph, derive, type Graph, index, input, selectorMatches} from '../../src/krt/index.ts';
import type {Listener} from './map-mirror.ts';
import {selectorOf, servedPod, type SelectorSystem, type ServedPod} from './selectors-rows.ts';
import type {Pod, Service} from './workload.ts';

/**
 * Pods with their services on the engine: found by the index of selectors, or scanned, which is what one would do if
 * there were no such index: every service of the namespace is tried.
 */
export function engineSelectors(
  how: 'indexed' | 'scanned',
  listen: Listener<ServedPod>,
): SelectorSystem & {readonly graph: Graph} {
  const pods = input<Pod>('pods', {key: ({key}) => key});
  const services = input<Service>('services', {
    key: ({key}) => key,
    selector: selectorOf,
    namespace: ({namespace}) => namespace,
  });
  const servicesByNamespace = index(services, 'namespace', ({namespace}) => namespace);
  const served =
    how === 'indexed'
      ? derive('served-pods', {
          from: pods,
          rows: (ctx, pod) => servedPod(pod, ctx.selecting(services, pod.labels, pod.namespace)),
        })
      : derive('served-pods', {
          from: pods,
          rows: (ctx, pod) =>
            servedPod(
              pod,
              ctx
                .list(servicesByNamespace, pod.namespace)
                .filter((service) => selectorMatches(selectorOf(service), pod.labels)),
            ),
        });
  const graph = createGraph({outputs: [served]});
  graph.subscribe(served, ({changes}) => {
    for (const change of changes) listen(change);
  });
  return {
    graph,
    load(podRows, serviceRows) {
      graph.commit((tx) => {
        tx.replaceAll(pods, podRows);
        tx.replaceAll(services, serviceRows);
      });
    },
    setPod(pod) {
      graph.commit((tx) => tx.set(pods, pod));
    },
    deletePod(key) {
      graph.commit((tx) => tx.delete(pods, key));
    },
    setService(service) {
      graph.commit((tx) => tx.set(services, service));
    },
    deleteService(key) {
      graph.commit((tx) => tx.delete(services, key));
    },
    rows: () => graph.list(served),
  };
}
