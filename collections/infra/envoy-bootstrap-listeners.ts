/** Listeners that an Envoy has from the start: parts of its admin interface, which itself nobody but the host reaches. */
import type {JsonObject} from '../../src/api/json.ts';

export type OwnListeners = {
  /** Answers `/ready` with 200 as soon as Envoy has been told everything. */
  readonly ready: {readonly port: number; readonly proxyProtocol?: boolean};
  /** What paths that begin so become of the admin interface. */
  readonly stats?: {readonly port: number; readonly prefixes: Readonly<Record<string, string>>};
};

const adminName = 'admin';

export const adminCluster = (address: JsonObject): JsonObject => ({
  name: adminName,
  type: 'STATIC',
  connect_timeout: '5s',
  load_assignment: {cluster_name: adminName, endpoints: [{lb_endpoints: [{endpoint: {address}}]}]},
});

export function ownListeners({ready, stats}: OwnListeners): readonly JsonObject[] {
  return [
    listener('ready', ready.port, {'/ready': '/ready'}, ready.proxyProtocol === true),
    ...(stats ? [listener('stats', stats.port, stats.prefixes, false)] : []),
  ];
}

const type = (name: string): JsonObject => ({'@type': `type.googleapis.com/envoy.extensions.${name}`});

function listener(
  name: string,
  port: number,
  prefixes: Readonly<Record<string, string>>,
  proxyProtocol: boolean,
): JsonObject {
  // Asking is harmless; some of the paths can be posted to, which is not.
  const asking = [{name: ':method', string_match: {exact: 'GET'}}];
  const routes = Object.entries(prefixes).map(([prefix, rewritten]) => ({
    match: {prefix, headers: asking},
    route: {cluster: adminName, prefix_rewrite: rewritten},
  }));
  const manager = {
    ...type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: name,
    route_config: {name, virtual_hosts: [{name, domains: ['*'], routes}]},
    http_filters: [{name: 'envoy.filters.http.router', typed_config: type('filters.http.router.v3.Router')}],
  };
  const inspected = {
    name: 'envoy.filters.listener.proxy_protocol',
    typed_config: type('filters.listener.proxy_protocol.v3.ProxyProtocol'),
  };
  return {
    name,
    address: {socket_address: {address: '0.0.0.0', port_value: port}},
    ...(proxyProtocol && {listener_filters: [inspected]}),
    filter_chains: [{filters: [{name: 'envoy.filters.network.http_connection_manager', typed_config: manager}]}],
  };
}
