import type {GroupRow, Row} from '../../src/krt/index.ts';
import type {Pod} from './workload.ts';

/** The rows of the five levels, and the pure functions that make them; all contenders and the oracle use the same. */

export type Port = {readonly name: string; readonly number: number};
/** `namespace/app`: the service of all pods with that app label. */
export type AppService = Row & {readonly namespace: string; readonly app: string; readonly ports: readonly Port[]};
export type Namespace = Row & {readonly mtls: boolean};
export type Settings = Row & {readonly domain: string};

/** Level 1: what is of interest in a pod. */
export type Workload = Row & {
  readonly namespace: string;
  readonly service: string;
  readonly ip: string;
  readonly ready: boolean;
};

export const workloadOf = ({key, namespace, ip, labels, phase}: Pod): Workload => ({
  key,
  namespace,
  service: `${namespace}/${labels['app']}`,
  ip,
  ready: phase === 'Running',
});

/** Level 2: with what its service, its namespace and the mesh say. Level 3 puts fixed ones over these. */
export type Endpoint = Row & {
  readonly service: string;
  readonly ip: string;
  readonly ready: boolean;
  readonly ports: readonly Port[];
  readonly mtls: boolean;
  readonly domain: string;
};

/** The mesh, of which there is one. */
export type Mesh = Row & {readonly domain: string};

export const meshOf = ({domain}: Settings): Mesh => ({key: 'mesh', domain: `svc.${domain}`});

/** None without a service or a mesh; a namespace that is not there has no mTLS. */
export function endpointOf(
  {key, ip, ready}: Workload,
  service: AppService | undefined,
  namespace: Namespace | undefined,
  mesh: Mesh | undefined,
): Endpoint | undefined {
  if (service === undefined || mesh === undefined) return undefined;
  const {ports} = service;
  return {key, service: service.key, ip, ready, ports, mtls: namespace?.mtls ?? false, domain: mesh.domain};
}

/** Level 4: one per port. */
export type Instance = Row & {
  readonly cluster: string;
  readonly address: string;
  readonly ready: boolean;
  readonly mtls: boolean;
  readonly domain: string;
};

export const instancesOf = ({key, service, ip, ready, ports, mtls, domain}: Endpoint): readonly Instance[] =>
  ports.map(({name, number}) => ({
    key: `${key}:${name}`,
    cluster: `${service}:${name}`,
    address: `${ip}:${number}`,
    ready,
    mtls,
    domain,
  }));

/** Level 5: the instances of a cluster, sorted by key. */
export type Cluster = GroupRow<Instance>;
