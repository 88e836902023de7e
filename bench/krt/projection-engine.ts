import {createGraph, derive, type Graph, input} from '../../src/krt/index.ts';
import type {Listener} from './map-mirror.ts';
import {
  type FrontedPod,
  frontedPod,
  frontOf,
  type LiveService,
  type ProjectionSystem,
  serviceOf,
} from './projection-rows.ts';
import type {Pod} from './workload.ts';

/** Pods that read of their service what they need, or all of it. */
export function engineProjection(
  read: 'projected' | 'whole',
  listen: Listener<FrontedPod>,
): ProjectionSystem & {readonly graph: Graph} {
  const pods = input<Pod>('pods', {key: ({key}) => key});
  const services = input<LiveService>('services', {key: ({key}) => key});
  const fronted =
    read === 'projected'
      ? derive('fronted-pods', {
          from: pods,
          rows: (ctx, pod) => frontedPod(pod, ctx.get(services, serviceOf(pod), frontOf)),
        })
      : derive('fronted-pods', {from: pods, rows: (ctx, pod) => frontedPod(pod, ctx.get(services, serviceOf(pod)))});
  const graph = createGraph({outputs: [fronted]});
  graph.subscribe(fronted, ({changes}) => {
    for (const change of changes) listen(change);
  });
  return {
    graph,
    setPods(rows) {
      graph.commit((tx) => {
        for (const pod of rows) tx.set(pods, pod);
      });
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
    rows: () => graph.list(fronted),
  };
}
