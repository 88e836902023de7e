/**
 * Envoy resources as a static bootstrap: what Envoy would have after it has been sent all of them, in one file that
 * `envoy --mode validate` reads.
 */
import type {ResourceRow} from '../../collections/resource.ts';
import type {google} from '../../src/gen/proto/envoy.js';
import {envoy} from '../../src/gen/proto/envoy.js';

type StaticResources = envoy.config.bootstrap.v3.Bootstrap.IStaticResources;
type Options = {
  /** Where the admin interface listens, none by default. */
  readonly adminPort?: number;
};

/**
 * An encoded envoy.config.bootstrap.v3.Bootstrap (Envoy reads it from a file named `*.pb`) of the resources of one
 * scope: routes and VirtualHosts stand inside their listeners, endpoints inside their clusters, secrets beside them.
 */
export function staticBootstrap(rows: readonly ResourceRow[], {adminPort}: Options = {}): Uint8Array {
  const scopes = new Set(rows.map(({scope}) => scope));
  if (scopes.size > 1) throw new Error(`resources of several proxies: ${[...scopes].join(', ')}`);
  const staticResources: StaticResources = {
    listeners: ofType(rows, 'Listener').map((row) => listener(row, rows)),
    clusters: ofType(rows, 'Cluster').map((row) => cluster(row, rows)),
    secrets: ofType(rows, 'Secret').map(({bytes}) => envoy.extensions.transport_sockets.tls.v3.Secret.decode(bytes)),
  };
  const address = {socketAddress: {address: '127.0.0.1', portValue: adminPort ?? 0}};
  return envoy.config.bootstrap.v3.Bootstrap.encode({
    node: {id: 'static', cluster: 'static'},
    staticResources,
    ...(adminPort !== undefined && {admin: {address}}),
  }).finish();
}

const ofType = (rows: readonly ResourceRow[], type: string): readonly ResourceRow[] =>
  rows.filter((row) => row.type.endsWith(`.${type}`));

const named = (rows: readonly ResourceRow[], type: string, name: string): ResourceRow | undefined =>
  ofType(rows, type).find((row) => row.name === name);

function listener({bytes}: ResourceRow, rows: readonly ResourceRow[]): envoy.config.listener.v3.Listener {
  const decoded = envoy.config.listener.v3.Listener.decode(bytes);
  for (const chain of decoded.filterChains) {
    for (const filter of chain.filters ?? []) repack(filter.typedConfig, (value) => withRoutes(value, rows));
    repack(chain.transportSocket?.typedConfig, withStaticSecrets);
  }
  return decoded;
}

function repack(any: google.protobuf.IAny | null | undefined, change: (value: Uint8Array) => Uint8Array): void {
  if (any?.value) any.value = change(any.value);
}

function withRoutes(value: Uint8Array, rows: readonly ResourceRow[]): Uint8Array {
  const {HttpConnectionManager} = envoy.extensions.filters.network.http_connection_manager.v3;
  const {RouteConfiguration, VirtualHost} = envoy.config.route.v3;
  const manager = HttpConnectionManager.decode(value);
  const name = manager.rds?.routeConfigName ?? '';
  const row = named(rows, 'RouteConfiguration', name);
  const routeConfig = row === undefined ? new RouteConfiguration({name}) : RouteConfiguration.decode(row.bytes);
  delete routeConfig.vhds;
  // As it is with routes that come by xDS: a cluster that is not there is a matter of each request.
  routeConfig.validateClusters = {value: false};
  const own = ofType(rows, 'VirtualHost').filter(({parent}) => parent?.endsWith(`|${name}`));
  routeConfig.virtualHosts.push(...own.map(({bytes}) => VirtualHost.decode(bytes)));
  const {rds: _rds, ...rest} = HttpConnectionManager.toObject(manager);
  const whole = HttpConnectionManager.fromObject({...rest, routeConfig: RouteConfiguration.toObject(routeConfig)});
  return HttpConnectionManager.encode(whole).finish();
}

/** Without a source, the name means a secret of the bootstrap. */
function withStaticSecrets(value: Uint8Array): Uint8Array {
  const {DownstreamTlsContext} = envoy.extensions.transport_sockets.tls.v3;
  const context = DownstreamTlsContext.decode(value);
  for (const secret of context.commonTlsContext?.tlsCertificateSdsSecretConfigs ?? []) delete secret.sdsConfig;
  return DownstreamTlsContext.encode(context).finish();
}

function cluster({name, bytes}: ResourceRow, rows: readonly ResourceRow[]): envoy.config.cluster.v3.Cluster {
  const {Cluster} = envoy.config.cluster.v3;
  const decoded = Cluster.decode(bytes);
  if (decoded.type !== Cluster.DiscoveryType.EDS) return decoded;
  const {ClusterLoadAssignment} = envoy.config.endpoint.v3;
  const assignment = named(rows, 'ClusterLoadAssignment', name);
  decoded.type = Cluster.DiscoveryType.STATIC;
  delete decoded.edsClusterConfig;
  decoded.loadAssignment =
    assignment === undefined ? {clusterName: name, endpoints: []} : ClusterLoadAssignment.decode(assignment.bytes);
  return decoded;
}
