/** The static configuration as far as the graph depends on it: one row, key `settings`. */
export type Settings = {
  readonly key: 'settings';
  /** Where objects come from. With `file`, Gateways bind their addresses on this host. */
  readonly provider: 'file' | 'kubernetes';
  /** GatewayClass.spec.controllerName by dialect. */
  readonly controllerNames: {readonly envoy: string; readonly agentgateway: string};
  /** Domain of Service host names, `cluster.local` by default. */
  readonly clusterDomain: string;
  /** Host name asked of DNS for a Service without EndpointSlices; `{name}` and `{namespace}` are replaced. */
  readonly serviceHost: string;
  readonly envoy: {
    /** `vhds`: VirtualHosts are resources of their own. `rds`: they are assembled into RouteConfigurations. */
    readonly virtualHosts: 'vhds' | 'rds';
  };
};

export const defaultSettings: Settings = {
  key: 'settings',
  provider: 'file',
  controllerNames: {envoy: 'sluice.dev/envoy', agentgateway: 'sluice.dev/agentgateway'},
  clusterDomain: 'cluster.local',
  serviceHost: '{name}',
  envoy: {virtualHosts: 'vhds'},
};
