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
  /** What the proxies of Gateways are made of, where they run in the cluster and are made by us. Nothing is, with `file`. */
  readonly provisioning?: Provisioning;
};

export type Image = {readonly registry: string; readonly repository: string; readonly tag: string};

export type Provisioning = {
  /** Value of the label app.kubernetes.io/version. */
  readonly version: string;
  /** Where parameters say nothing else. */
  readonly images: {readonly envoy: Image; readonly agentgateway: Image};
  /** The control plane, as proxies reach it. */
  readonly xds: {
    readonly host: string;
    readonly port: number;
    /** PEM text of what its certificate is checked with; absent = it is spoken to in plain text. */
    readonly ca?: string;
    /** Present = proxies have to show a token of their ServiceAccount that was made for this audience. */
    readonly audience?: string;
  };
  /** Port of the Service of a Gateway that has no listener yet: a Service needs one. */
  readonly emptyServicePort: number;
  /** Present = agentgateway proxies are part of this mesh, unless their parameters say no. */
  readonly istio?: {
    /** Where istiod and its configuration are. */
    readonly namespace: string;
    readonly revision?: string;
    readonly clusterId?: string;
    readonly network?: string;
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
