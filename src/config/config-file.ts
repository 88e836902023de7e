import type {
  KubernetesProviderConfig,
  LeaderElectionConfig,
  ProvisionConfig,
  StaticConfig,
  XdsConfig,
} from './static-config.ts';

type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/**
 * What a file says once the schema has been through it: paths as they stand there, and nothing of what depends on where the
 * process runs (defaults.ts) unless it is said.
 */
export type ConfigFile = Omit<
  StaticConfig,
  'provider' | 'xds' | 'drain' | 'leaderElection' | 'provision' | 'envoy' | 'pod'
> & {
  readonly provider: {
    readonly type?: StaticConfig['provider']['type'];
    readonly file: Optional<StaticConfig['provider']['file'], 'paths'>;
    readonly kubernetes: Omit<KubernetesProviderConfig, 'secrets'> & {
      readonly secrets: {readonly type: 'kubernetes' | 'folder'; readonly path?: string};
    };
  };
  readonly xds: Pick<XdsConfig, 'serviceHost' | 'servicePort'> & {
    readonly address?: string;
    readonly tls: {
      readonly mode?: 'plaintext' | 'tls';
      readonly secretName?: string;
      readonly certificateFolder?: string;
      readonly extraHosts: readonly string[];
    };
    readonly auth: Optional<XdsConfig['auth'], 'enabled'>;
  };
  readonly drain: Partial<StaticConfig['drain']>;
  readonly leaderElection: Optional<LeaderElectionConfig, 'enabled'>;
  readonly provision: Optional<ProvisionConfig, 'enabled'>;
  readonly envoy: Optional<StaticConfig['envoy'], 'manage'>;
};
