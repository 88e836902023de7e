import type {JsonObject} from '../../src/api/json.ts';
import {adminCluster, type OwnListeners, ownListeners} from './envoy-bootstrap-listeners.ts';
import {type ControlPlane, xdsCluster, xdsClusterOf} from './envoy-xds-cluster.ts';

/** Where Envoy's admin interface is to be, if at all. It is for operators on the same host: no other address is bound. */
export type AdminAddress = {readonly path: string} | {readonly port: number};

export type BootstrapOptions = {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  /** Unique among the Envoys that run, such as a Pod name; the Gateway by default. */
  readonly nodeId?: string;
  readonly xds: ControlPlane;
  readonly admin?: AdminAddress;
  /** What of the admin interface can be reached from elsewhere; nothing without one. */
  readonly listeners?: OwnListeners;
};

/** Key of the node metadata that tells which Gateway an Envoy is for. */
export const gatewayMetadataKey = 'sluice.dev/gateway';

/** Envoy alone would wait up to 30 s: after an outage, an edit would be that late. */
const reconnecting = {base_interval: '0.2s', max_interval: '5s'};

/** The configuration an Envoy is started with, as protobuf JSON (envoy.config.bootstrap.v3.Bootstrap); the rest comes by xDS. */
export function envoyBootstrap({gateway, nodeId, xds, admin, listeners}: BootstrapOptions): JsonObject {
  const ads = {ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s'};
  return {
    node: {id: nodeId ?? gateway, cluster: gateway, metadata: {[gatewayMetadataKey]: gateway}},
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{envoy_grpc: {cluster_name: xdsCluster, retry_policy: {retry_back_off: reconnecting}}}],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      clusters: [xdsClusterOf(xds), ...(admin && listeners ? [adminCluster(adminAddress(admin))] : [])],
      ...(admin && listeners && {listeners: ownListeners(listeners)}),
    },
    layered_runtime: {layers: [{name: 'sluice', static_layer: runtime}]},
    overload_manager: {resource_monitors: [connectionLimit]},
    // With many clusters most statistics are never looked at; they are made when first counted.
    deferred_stat_options: {enable_deferred_creation_stats: true},
    ...(admin && {admin: {address: adminAddress(admin)}}),
  };
}

/** Beyond this many client connections Envoy closes new ones instead of running out of memory or file handles. */
const connectionLimit = {
  name: 'envoy.resource_monitors.global_downstream_max_connections',
  typed_config: {
    '@type':
      'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
    max_active_downstream_connections: 50_000,
  },
};

/**
 * Envoy keeps the endpoints it has for a cluster that is updated (envoyproxy/envoy#13009) without being told so: the
 * guard `use_eds_cache_for_ads`, which older versions need, is an error in current ones.
 */
const runtime = {
  // Expressions were checked where routes are read; Envoy's own limit would reject a VirtualHost for a long one.
  're2.max_program_size.error_level': 0xffff_ffff,
};

function adminAddress(admin: AdminAddress): JsonObject {
  if ('path' in admin) return {pipe: {path: admin.path}};
  return {socket_address: {address: '127.0.0.1', port_value: admin.port}};
}
