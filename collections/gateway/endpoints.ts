import type {Endpoint, EndpointSlice} from '../../src/api/core.ts';
import {namespaceOf} from '../../src/api/refs.ts';
import {derive} from '../../src/krt/index.ts';
import {endpointSlicesByService} from '../inputs.ts';
import {backends} from './backends.ts';
import type {EndpointRow, EndpointsRow} from './ir.ts';

/**
 * Endpoints of referenced backends, from the EndpointSlices of their Services: the port is found by its name, and
 * the number is the slice's own. Backends that are found by DNS have no row.
 */
export const endpoints = derive('endpoints', {
  from: backends,
  rows: (ctx, {key, namespace, service, portName, discovery, addresses}): EndpointsRow | undefined => {
    if (discovery.type !== 'slices') return undefined;
    const found = ctx.list(endpointSlicesByService, `${namespace}/${service}`, (slice) => ({
      ipv6: slice.addressType === 'IPv6',
      endpoints: endpointsOf(slice, portName),
    }));
    // Slices of both families hold the same Pods; those of the Service's first family are used where there are any.
    const ipv6 = addresses[0]?.includes(':') ?? false;
    const preferred = found.filter((slice) => slice.ipv6 === ipv6 && slice.endpoints.length > 0);
    const used = (preferred.length > 0 ? preferred : found).flatMap((slice) => slice.endpoints);
    return {key, endpoints: merge(used)};
  },
});

function endpointsOf(slice: EndpointSlice, portName: string): readonly EndpointRow[] {
  const port = slice.ports?.find(({name, protocol}) => (name ?? '') === portName && (protocol ?? 'TCP') === 'TCP');
  const number = port?.port;
  if (number === undefined || slice.addressType === 'FQDN') return [];
  return slice.endpoints.flatMap((endpoint) => {
    const health = healthOf(endpoint);
    // All addresses of an endpoint are the same Pod; consumers use the first (discovery.k8s.io/v1, Endpoint).
    const [address] = endpoint.addresses;
    if (health === undefined || address === undefined) return [];
    const {zone = '', targetRef} = endpoint;
    const pod =
      targetRef?.kind === 'Pod' && targetRef.name !== undefined
        ? `${targetRef.namespace ?? namespaceOf(slice)}/${targetRef.name}`
        : undefined;
    return {address, port: number, zone, health, ...(pod !== undefined && {pod}), slice: slice.metadata.name};
  });
}

/** A terminating endpoint that still serves keeps what it has; one that is merely not ready is left out. */
function healthOf({conditions = {}}: Endpoint): EndpointRow['health'] | undefined {
  const {ready, serving, terminating} = conditions;
  if (ready !== false) return 'healthy';
  return serving === true && terminating === true ? 'draining' : undefined;
}

/** An endpoint may for a moment be in two slices: a healthy entry wins over a draining one, then the first slice. */
function merge(rows: readonly EndpointRow[]): readonly EndpointRow[] {
  const merged = new Map<string, EndpointRow>();
  for (const row of rows) {
    const key = `${row.address} ${String(row.port).padStart(5, '0')}`;
    const other = merged.get(key);
    if (other === undefined || (other.health === 'draining' && row.health === 'healthy')) merged.set(key, row);
  }
  return [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
