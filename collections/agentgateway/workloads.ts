/**
 * One Workload for each Pod, other address or DNS name behind the Services that a Gateway's routes refer to. A Pod
 * behind several Services is one Workload, so the endpoints are regrouped by Workload first; a changed endpoint
 * re-encodes its own Workload and no other.
 */
import {backends} from '../gateway/backends.ts';
import {endpoints} from '../gateway/endpoints.ts';
import {gatewayBackends} from '../gateway/gateway-backends.ts';
import type {BackendRow, EndpointRow} from '../gateway/ir.ts';
import {type Collection, type Context, derive, group, index} from '../../src/krt/index.ts';
import {settings} from '../inputs.ts';
import type {ResourceRow} from '../resource.ts';
import {defaultSettings} from '../settings.ts';
import {ipBytes} from './ip-bytes.ts';
import {NetworkMode, type Workload, WorkloadStatus, WorkloadType, workloadResource} from './messages.ts';
import {clusterId, dnsUid, podUid, serviceHostname, serviceName, sliceEndpointUid} from './names.ts';

/** What one endpoint of one Service port says of a Workload. */
type EndpointPart = {
  readonly key: string;
  /** `namespace/gateway`. */
  readonly gateway: string;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly kind: 'pod' | 'address' | 'dns';
  /** IP address, or DNS name. */
  readonly address: string;
  readonly zone: string;
  readonly healthy: boolean;
  /** Name of the Service's resource. */
  readonly service: string;
  readonly servicePort: number;
  readonly targetPort: number;
};
type Origin = Pick<EndpointPart, 'uid' | 'name' | 'namespace' | 'kind' | 'address' | 'zone' | 'healthy' | 'targetPort'>;

const endpointParts: Collection<EndpointPart> = derive('agentgateway-endpoints', {
  from: gatewayBackends,
  reads: [backends, endpoints, settings],
  rows: (ctx, {key, gateway, dialect, backend: backendKey}) => {
    if (dialect !== 'agentgateway') return [];
    const backend = ctx.get(backends, backendKey, backendPart);
    if (backend === undefined) return [];
    const domain = ctx.get(settings, 'settings', (row) => row.clusterDomain) ?? defaultSettings.clusterDomain;
    const {namespace, service, port: servicePort} = backend;
    const common = {
      gateway,
      service: serviceName(namespace, serviceHostname(namespace, service, domain)),
      servicePort,
    };
    const parts = new Map<string, EndpointPart>();
    for (const origin of originsOf(ctx, backendKey, backend)) {
      const part = {...common, ...origin, key: `${key}|${origin.uid}|${origin.address}`};
      // While a Pod moves between slices it may stand in two of them: once is enough, and healthy wins.
      if (!parts.has(part.key) || part.healthy) parts.set(part.key, part);
    }
    return [...parts.values()];
  },
});

type BackendPart = Pick<BackendRow, 'namespace' | 'service' | 'port' | 'discovery'>;
const backendPart = ({namespace, service, port, discovery}: BackendRow): BackendPart => ({
  namespace,
  service,
  port,
  discovery,
});

function originsOf(ctx: Context, key: string, {namespace, service, discovery}: BackendPart): readonly Origin[] {
  switch (discovery.type) {
    case 'slices':
      return (ctx.get(endpoints, key)?.endpoints ?? []).map((endpoint) => endpointOrigin(endpoint, namespace));
    case 'dns':
      return [
        {
          uid: dnsUid(namespace, service),
          name: service,
          namespace,
          kind: 'dns',
          address: discovery.host,
          zone: '',
          healthy: true,
          targetPort: discovery.port,
        },
      ];
  }
}

function endpointOrigin({address, port, zone, health, pod, slice}: EndpointRow, namespace: string): Origin {
  const common = {address, zone, healthy: health === 'healthy', targetPort: port};
  if (pod === undefined) {
    return {...common, uid: sliceEndpointUid(namespace, slice, address), name: slice, namespace, kind: 'address'};
  }
  const [podNamespace = '', name = ''] = pod.split('/');
  return {...common, uid: podUid(pod), name, namespace: podNamespace, kind: 'pod'};
}

const byWorkload = group(
  'agentgateway-endpoints-of-workloads',
  index(endpointParts, 'workload', ({gateway, uid}) => `${gateway}|${uid}`),
);

export const agentgatewayWorkloads: Collection<ResourceRow> = derive('agentgateway-workloads', {
  from: byWorkload,
  rows: (_ctx, {rows: parts}) => {
    const [first] = parts;
    if (first === undefined) return undefined;
    const {gateway, uid, name, namespace, kind, zone, address} = first;
    return workloadResource(gateway, uid, {
      uid,
      name,
      namespace,
      ...(ipBytes(address) === undefined ? {hostname: address} : {addresses: addressesOf(parts)}),
      clusterId,
      ...(kind === 'pod' && {workloadType: WorkloadType.POD}),
      ...(kind === 'address' && {networkMode: NetworkMode.HOST_NETWORK}),
      ...(zone !== '' && {locality: {zone}}),
      status: parts.some(({healthy}) => healthy) ? WorkloadStatus.HEALTHY : WorkloadStatus.UNHEALTHY,
      services: servicesOf(parts),
    });
  },
});

/** IPv4 first: the proxy uses the first address. */
function addressesOf(parts: readonly EndpointPart[]): Uint8Array[] {
  const texts = [...new Set(parts.map(({address}) => address))].sort();
  const bytes = texts.map(ipBytes).filter((found) => found !== undefined);
  return bytes.sort((a, b) => a.length - b.length);
}

/** Ports by Service, in an order that does not depend on history: the bytes are compared. */
function servicesOf(parts: readonly EndpointPart[]): NonNullable<Workload['services']> {
  const byService = new Map<string, Map<number, number>>();
  for (const {service, servicePort, targetPort} of parts.toSorted(byServiceAndPort)) {
    const ports = byService.get(service) ?? new Map<number, number>();
    if (!ports.has(servicePort)) ports.set(servicePort, targetPort);
    byService.set(service, ports);
  }
  return Object.fromEntries(
    [...byService].map(([service, ports]) => [
      service,
      {ports: [...ports].map(([servicePort, targetPort]) => ({servicePort, targetPort}))},
    ]),
  );
}

const byServiceAndPort = (a: EndpointPart, b: EndpointPart): number =>
  compareText(a.service, b.service) || a.servicePort - b.servicePort || a.targetPort - b.targetPort;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
