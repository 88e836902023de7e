const url = (message: string): string => `type.googleapis.com/${message}`;

/** The types whose order the server knows; any other type is served all the same. */
export const typeUrls = {
  cluster: url('envoy.config.cluster.v3.Cluster'),
  endpoints: url('envoy.config.endpoint.v3.ClusterLoadAssignment'),
  secret: url('envoy.extensions.transport_sockets.tls.v3.Secret'),
  listener: url('envoy.config.listener.v3.Listener'),
  routeConfiguration: url('envoy.config.route.v3.RouteConfiguration'),
  virtualHost: url('envoy.config.route.v3.VirtualHost'),
  address: url('istio.workload.Address'),
  resource: url('agentgateway.dev.resource.Resource'),
} as const;
