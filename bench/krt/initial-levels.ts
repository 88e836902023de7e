import {ownerKey, pods, services, type Pod, type Service, type Shape} from './workload.ts';

/** What every row of the first load is made from. */
export type World = {
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly namespaces: readonly Namespace[];
  readonly mesh: Mesh;
  /** Placed by hand: half of them stand in for a pod. */
  readonly entries: readonly Placed[];
};
export type Namespace = {readonly key: string; readonly network: string};
export type Mesh = {readonly key: string; readonly trustDomain: string};

/** Level 1, map: what the mesh needs of a pod. */
export type Workload = {
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  readonly ip: string;
  readonly ready: boolean;
};

/** Level 2, fetch: with its service, its namespace and the mesh. Level 3, join: or placed by hand. */
export type Placed = {
  readonly key: string;
  readonly service: string;
  readonly ip: string;
  readonly ready: boolean;
  readonly network: string;
  readonly identity: string;
};

/** Level 4, many: two of each. Level 5, group-by: those of a service. */
export type Address = {
  readonly key: string;
  readonly service: string;
  readonly address: string;
  readonly identity: string;
};

/** `plain` computes the last level once and keeps nothing; the others load the engine. */
export const WAYS = ['plain', 'commit', 'slices'] as const;

export const MESH = 'mesh';

export const workloadOf = (pod: Pod): Workload => ({
  key: pod.key,
  namespace: pod.namespace,
  service: ownerKey(pod),
  ip: pod.ip,
  ready: pod.phase === 'Running',
});

/** A workload without a service, a namespace or a mesh is not placed. */
export function placedOf(
  {key, namespace, ip, ready}: Workload,
  service: Service | undefined,
  within: Namespace | undefined,
  mesh: Mesh | undefined,
): Placed | undefined {
  if (service === undefined || within === undefined || mesh === undefined) return undefined;
  const identity = `${mesh.trustDomain}/ns/${namespace}/sa/${service.name}`;
  return {key, service: service.key, ip, ready, network: within.network, identity};
}

export const addressesOf = ({key, service, ip, network, identity}: Placed): readonly Address[] => [
  {key: `${key}/ip`, service, address: ip, identity},
  {key: `${key}/network`, service, address: `${network}/${ip}`, identity},
];

/** One of a hundred pods has an entry in its place; as many entries have no pod. */
export function world(shape: Shape): World {
  const all = pods(shape);
  const entries = all
    .filter((_, at) => at % 100 === 0)
    .flatMap((pod): readonly Placed[] => {
      const placed = {service: ownerKey(pod), ip: '192.0.2.1', ready: true, network: 'outside', identity: 'by-hand'};
      return [
        {...placed, key: pod.key},
        {...placed, key: `${pod.key}-entry`},
      ];
    });
  return {
    pods: all,
    services: services(shape),
    namespaces: Array.from({length: shape.namespaces}, (_, at) => ({key: `ns-${at}`, network: `network-${at % 3}`})),
    mesh: {key: MESH, trustDomain: 'cluster.local'},
    entries,
  };
}

/** The fifth level computed from nothing: the addresses of each service, in the order of their keys. */
export function addressesByService({pods, services, namespaces, mesh, entries}: World): Map<string, Address[]> {
  const serviceOf = new Map(services.map((service) => [service.key, service]));
  const namespaceOf = new Map(namespaces.map((namespace) => [namespace.key, namespace]));
  const placed = new Map<string, Placed>();
  for (const pod of pods) {
    const workload = workloadOf(pod);
    const row = placedOf(workload, serviceOf.get(workload.service), namespaceOf.get(workload.namespace), mesh);
    if (row !== undefined) placed.set(row.key, row);
  }
  for (const entry of entries) placed.set(entry.key, entry);
  const groups = new Map<string, Address[]>();
  for (const row of placed.values())
    for (const address of addressesOf(row)) {
      const rows = groups.get(address.service);
      if (rows === undefined) groups.set(address.service, [address]);
      else rows.push(address);
    }
  for (const rows of groups.values()) rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  return groups;
}
