import {createGraph, derive, type Graph, input} from '../../src/krt/index.ts';
import type {Listener} from './map-mirror.ts';
import {type Address, addressOf, type MapSystem} from './map-rows.ts';
import type {Pod} from './workload.ts';

/** One level on the engine; with `identity`, rows are not compared, as the hand-written one does not compare them. */
export function engineMap(
  equals: 'structural' | 'identity',
  listen: Listener<Address>,
): MapSystem & {readonly graph: Graph} {
  const pods = input<Pod>('pods', {key: ({key}) => key, equals});
  const addresses = derive('addresses', {from: pods, rows: (_, pod) => addressOf(pod), equals});
  const graph = createGraph({outputs: [addresses]});
  graph.subscribe(addresses, ({changes}) => {
    for (const change of changes) listen(change);
  });
  return {
    graph,
    set(pod) {
      graph.commit((tx) => tx.set(pods, pod));
    },
    setAll(rows) {
      graph.commit((tx) => {
        for (const pod of rows) tx.set(pods, pod);
      });
    },
    delete(key) {
      graph.commit((tx) => tx.delete(pods, key));
    },
    rows: () => graph.list(addresses),
  };
}
