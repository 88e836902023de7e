/** What `generate.ts` builds: each module is everything reachable from its roots, less what is left out. */

export type ProtoModule = {
  /** Base name of the files in src/gen/proto. */
  readonly name: string;
  /** Import paths to load; the include path is proto/ and the packages in node_modules. */
  readonly files: readonly string[];
  /** Full names of the messages wanted. Everything their fields name comes along. */
  readonly roots: readonly string[];
  /** `package.Message.field_name`, `package.Message` or `package.*`: fields, or fields of such types, left out. */
  readonly leaveOut: readonly string[];
};

const discovery: ProtoModule = {
  name: 'discovery',
  files: ['envoy/service/discovery/v3/discovery.proto', 'google/protobuf/struct.proto'],
  roots: [
    'envoy.service.discovery.v3.DiscoveryRequest',
    'envoy.service.discovery.v3.DiscoveryResponse',
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    'envoy.service.discovery.v3.Resource',
    'google.protobuf.Struct',
  ],
  // Who a client is needs neither its addresses nor its extensions, and no server of ours sends dynamic parameters.
  leaveOut: [
    'envoy.config.core.v3.Node.listening_addresses',
    'envoy.config.core.v3.Node.extensions',
    'envoy.service.discovery.v3.DynamicParameterConstraints',
  ],
};

const agentgateway: ProtoModule = {
  name: 'agentgateway',
  files: ['agentgateway/resource.proto', 'agentgateway/workload.proto'],
  roots: ['agentgateway.dev.resource.Resource', 'istio.workload.Address'],
  leaveOut: [],
};

const filters = 'envoy/extensions/filters';
const policies = 'envoy/extensions/load_balancing_policies';

const envoy: ProtoModule = {
  name: 'envoy',
  files: [
    'envoy/config/bootstrap/v3/bootstrap.proto',
    'envoy/config/listener/v3/listener.proto',
    'envoy/config/route/v3/route.proto',
    'envoy/config/cluster/v3/cluster.proto',
    'envoy/config/endpoint/v3/endpoint.proto',
    'envoy/service/discovery/v3/discovery.proto',
    'envoy/extensions/transport_sockets/tls/v3/tls.proto',
    'envoy/extensions/transport_sockets/tls/v3/secret.proto',
    'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
    'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
    'envoy/extensions/access_loggers/file/v3/file.proto',
    'envoy/extensions/access_loggers/stream/v3/stream.proto',
    'envoy/extensions/http/stateful_session/cookie/v3/cookie.proto',
    'envoy/extensions/http/stateful_session/header/v3/header.proto',
    `${policies}/least_request/v3/least_request.proto`,
    `${policies}/round_robin/v3/round_robin.proto`,
    `${policies}/random/v3/random.proto`,
    `${policies}/ring_hash/v3/ring_hash.proto`,
    `${policies}/maglev/v3/maglev.proto`,
    `${filters}/network/http_connection_manager/v3/http_connection_manager.proto`,
    `${filters}/network/tcp_proxy/v3/tcp_proxy.proto`,
    `${filters}/udp/udp_proxy/v3/udp_proxy.proto`,
    `${filters}/udp/udp_proxy/v3/route.proto`,
    `${filters}/listener/tls_inspector/v3/tls_inspector.proto`,
    `${filters}/listener/proxy_protocol/v3/proxy_protocol.proto`,
    `${filters}/http/router/v3/router.proto`,
    `${filters}/http/on_demand/v3/on_demand.proto`,
    `${filters}/http/cors/v3/cors.proto`,
    `${filters}/http/grpc_web/v3/grpc_web.proto`,
    `${filters}/http/grpc_stats/v3/config.proto`,
    `${filters}/http/stateful_session/v3/stateful_session.proto`,
    `${filters}/http/ext_authz/v3/ext_authz.proto`,
    `${filters}/http/health_check/v3/health_check.proto`,
  ],
  roots: [
    'envoy.config.bootstrap.v3.Bootstrap',
    'envoy.config.listener.v3.Listener',
    'envoy.config.route.v3.RouteConfiguration',
    'envoy.config.route.v3.FilterConfig',
    'envoy.config.cluster.v3.Cluster',
    'envoy.config.endpoint.v3.ClusterLoadAssignment',
    'envoy.service.discovery.v3.DiscoveryRequest',
    'envoy.service.discovery.v3.DiscoveryResponse',
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    'envoy.extensions.transport_sockets.tls.v3.Secret',
    'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
    'envoy.extensions.access_loggers.file.v3.FileAccessLog',
    'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
    'envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState',
    'envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState',
    'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
    'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
    'envoy.extensions.load_balancing_policies.random.v3.Random',
    'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash',
    'envoy.extensions.load_balancing_policies.maglev.v3.Maglev',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    'envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig',
    'envoy.extensions.filters.udp.udp_proxy.v3.Route',
    'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
    'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
    'envoy.extensions.filters.http.router.v3.Router',
    'envoy.extensions.filters.http.on_demand.v3.OnDemand',
    'envoy.extensions.filters.http.on_demand.v3.PerRouteConfig',
    'envoy.extensions.filters.http.cors.v3.Cors',
    'envoy.extensions.filters.http.cors.v3.CorsPolicy',
    'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb',
    'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig',
    'envoy.extensions.filters.http.stateful_session.v3.StatefulSession',
    'envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute',
    'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
    'envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
    'envoy.extensions.filters.http.health_check.v3.HealthCheck',
    'xds.type.matcher.v3.Matcher',
    'google.rpc.Status',
  ],
  // Parts of Envoy that nothing of ours configures; each would bring many messages.
  leaveOut: [
    'envoy.config.core.v3.GrpcService.GoogleGrpc',
    'envoy.config.core.v3.Node.listening_addresses',
    'envoy.config.core.v3.Node.extensions',
    'envoy.config.core.v3.RateLimitSettings',
    'envoy.config.bootstrap.v3.Watchdog',
    'envoy.config.bootstrap.v3.Watchdogs',
    'envoy.config.bootstrap.v3.FatalAction',
    'envoy.config.bootstrap.v3.CustomInlineHeader',
    'envoy.config.bootstrap.v3.MemoryAllocatorManager',
    'envoy.config.listener.v3.ApiListener',
    'envoy.config.trace.v3.*',
    'envoy.config.cluster.v3.Cluster.CustomClusterType',
    'envoy.config.cluster.v3.Cluster.LbSubsetConfig',
    'envoy.config.endpoint.v3.LedsClusterLocalityConfig',
    'envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes',
    'envoy.service.discovery.v3.DynamicParameterConstraints',
    'envoy.service.discovery.v3.ResourceLocator',
  ],
};

export const protoModules: readonly ProtoModule[] = [discovery, agentgateway, envoy];
