import {createGraph, derive, group, index, input, join, singleton, structurallyEqual} from '../../src/krt/index.ts';
import type {Graph, GroupRow, Transaction} from '../../src/krt/index.ts';
import {addressesByService, addressesOf, MESH, placedOf, workloadOf} from './initial-levels.ts';
import type {Address, Mesh, Namespace, Placed, Workload, World} from './initial-levels.ts';
import type {Pod, Service} from './workload.ts';

export type InitialGraph = {
  readonly graph: Graph;
  /** One write for each row there is. */
  readonly writes: (world: World) => Iterable<(tx: Transaction) => void>;
  /** Throws unless a listener was told what the world makes, computed from nothing. */
  readonly verify: (world: World) => void;
};

const key = (row: {readonly key: string}): string => row.key;

/** Five levels above pods: map, fetch (a service, a namespace, a singleton), join, many, group-by. */
export function initialGraph(): InitialGraph {
  const pods = input<Pod>('pods', {key});
  const services = input<Service>('services', {key});
  const namespaces = input<Namespace>('namespaces', {key});
  const settings = input<Mesh>('settings', {key});
  const entries = input<Placed>('entries', {key});

  const mesh = singleton('mesh', {reads: [settings], rows: (ctx) => ctx.get(settings, MESH)});
  const workloads = derive<Pod, Workload>('workloads', {from: pods, rows: (_, pod) => workloadOf(pod)});
  const placed = derive<Workload, Placed>('placed', {
    from: workloads,
    reads: [services, namespaces, mesh],
    rows: (ctx, row) =>
      placedOf(row, ctx.get(services, row.service), ctx.get(namespaces, row.namespace), ctx.get(mesh, MESH)),
  });
  const joined = join('joined', [entries, placed]);
  const addresses = derive<Placed, Address>('addresses', {from: joined, rows: (_, row) => addressesOf(row)});
  const byService = group(
    'addresses-of-service',
    index(addresses, 'by-service', ({service}) => service),
  );

  const graph = createGraph({outputs: [byService]});
  const told = new Map<string, GroupRow<Address>>();
  graph.subscribe(byService, ({changes}) => {
    for (const change of changes)
      if (change.new === undefined) told.delete(change.key);
      else told.set(change.key, change.new);
  });

  function* writes(world: World): Generator<(tx: Transaction) => void> {
    yield (tx) => tx.set(settings, world.mesh);
    for (const row of world.namespaces) yield (tx) => tx.set(namespaces, row);
    for (const row of world.services) yield (tx) => tx.set(services, row);
    for (const row of world.entries) yield (tx) => tx.set(entries, row);
    for (const row of world.pods) yield (tx) => tx.set(pods, row);
  }

  return {
    graph,
    writes,
    verify(world) {
      const due = addressesByService(world);
      if (due.size === 0 || told.size !== due.size) throw new Error(`${told.size} groups, not ${due.size}`);
      for (const [service, rows] of due)
        if (!structurallyEqual(told.get(service)?.rows, rows)) throw new Error(`${service} has other addresses`);
    },
  };
}
