import {envoy} from '../../src/gen/proto/envoy.js';
import {derive} from '../../src/krt/index.ts';
import {backends} from '../gateway/backends.ts';
import {endpoints} from '../gateway/endpoints.ts';
import type {EndpointRow} from '../gateway/ir.ts';
import {envoyBackendUses} from './backend-uses.ts';
import {clusterName} from './names.ts';
import {socketAddress} from './proto.ts';

/** An encoded ClusterLoadAssignment. Key: that of the backend. */
export type LoadAssignmentRow = {readonly key: string; readonly bytes: Uint8Array};

/**
 * Load assignments of backends in use, the same for all Gateways. One without endpoints exists as well: its cluster
 * waits for it. Backends found by DNS have none.
 */
export const envoyLoadAssignments = derive('envoy-load-assignments', {
  from: envoyBackendUses,
  reads: [backends, endpoints],
  rows: (ctx, {key}): LoadAssignmentRow | undefined => {
    if (ctx.get(backends, key, ({discovery}) => discovery.type) !== 'slices') return undefined;
    const known = ctx.get(endpoints, key, (row) => row.endpoints.map(located)) ?? [];
    return {key, bytes: encodeAssignment(key, known)};
  },
});

/** What proxies are told of an endpoint. */
type Located = Pick<EndpointRow, 'address' | 'port' | 'zone' | 'health'>;
const located = ({address, port, zone, health}: EndpointRow): Located => ({address, port, zone, health});

function encodeAssignment(key: string, known: readonly Located[]): Uint8Array {
  // While nothing else is left, what is about to end is better than nothing (as kube-proxy does it).
  const someHealthy = known.some(({health}) => health === 'healthy');
  const zones = [...new Set(known.map(({zone}) => zone))].toSorted();
  return envoy.config.endpoint.v3.ClusterLoadAssignment.encode({
    clusterName: clusterName(key),
    endpoints: zones.map((zone) => ({
      ...(zone !== '' && {locality: {zone}}),
      lbEndpoints: known
        .filter((endpoint) => endpoint.zone === zone)
        .map((endpoint) => lbEndpoint(endpoint, someHealthy && endpoint.health === 'draining')),
    })),
  }).finish();
}

function lbEndpoint({address, port}: Located, draining: boolean): envoy.config.endpoint.v3.ILbEndpoint {
  return {
    endpoint: {address: socketAddress(address, port)},
    ...(draining && {healthStatus: envoy.config.core.v3.HealthStatus.DRAINING}),
  };
}
