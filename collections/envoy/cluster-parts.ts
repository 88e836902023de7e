import {envoy} from '../../src/gen/proto/envoy.js';
import {derive} from '../../src/krt/index.ts';
import {backends} from '../gateway/backends.ts';
import type {BackendRow} from '../gateway/ir.ts';
import {envoyBackendUses} from './backend-uses.ts';
import {clusterName} from './names.ts';
import {adsSource, duration, extensionTypes, packAny, socketAddress} from './proto.ts';

/** An encoded Cluster. Key: that of the backend. */
export type ClusterPartRow = {readonly key: string; readonly bytes: Uint8Array};

type Cluster = envoy.config.cluster.v3.ICluster;

/** Clusters of backends in use, the same for all Gateways. Endpoints are no part of them. */
export const envoyClusterParts = derive('envoy-cluster-parts', {
  from: envoyBackendUses,
  reads: [backends],
  rows: (ctx, {key}): ClusterPartRow | undefined => {
    // Only what the cluster says: other changes of a Service cost nothing.
    const cluster = ctx.get(backends, key, ({protocol, use, discovery}) => ({protocol, use, discovery}));
    return cluster && {key, bytes: encodeCluster(key, cluster)};
  },
});

function encodeCluster(
  key: string,
  {protocol, use, discovery}: Pick<BackendRow, 'protocol' | 'use' | 'discovery'>,
): Uint8Array {
  return envoy.config.cluster.v3.Cluster.encode({
    name: clusterName(key),
    ...(discovery.type === 'slices' ? byEndpoints : byDns(key, discovery)),
    connectTimeout: duration(5000),
    perConnectionBufferLimitBytes: {value: 32 * 1024},
    lbPolicy: envoy.config.cluster.v3.Cluster.LbPolicy.LEAST_REQUEST,
    // An endpoint that is gone must get no request, however many others there are: endpoints.ts has decided already.
    commonLbConfig: {healthyPanicThreshold: {value: 0}},
    ignoreHealthOnHostRemoval: true,
    circuitBreakers: {thresholds: [noThresholds]},
    ...((protocol === 'h2c' || use === 'grpc') && {typedExtensionProtocolOptions: http2Only}),
  }).finish();
}

const byEndpoints: Cluster = {
  type: envoy.config.cluster.v3.Cluster.DiscoveryType.EDS,
  edsClusterConfig: {edsConfig: adsSource},
};

function byDns(key: string, {host, port}: {readonly host: string; readonly port: number}): Cluster {
  return {
    type: envoy.config.cluster.v3.Cluster.DiscoveryType.STRICT_DNS,
    // Both families at once would make an endpoint of an address that nobody serves (localhost).
    dnsLookupFamily: envoy.config.cluster.v3.Cluster.DnsLookupFamily.V4_PREFERRED,
    respectDnsTtl: true,
    loadAssignment: {
      clusterName: clusterName(key),
      endpoints: [{lbEndpoints: [{endpoint: {address: socketAddress(host, port)}}]}],
    },
  };
}

/** How much a backend can take is not ours to know; retries keep a limit, so that they do not multiply an outage. */
const unlimited = {value: 0xffff_ffff};
const noThresholds: envoy.config.cluster.v3.CircuitBreakers.IThresholds = {
  maxConnections: unlimited,
  maxPendingRequests: unlimited,
  maxRequests: unlimited,
  maxRetries: {value: 1024},
};

const http2Only = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': packAny(
    extensionTypes.httpProtocolOptions,
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions.encode({
      explicitHttpConfig: {http2ProtocolOptions: {}},
    }).finish(),
  ),
};
