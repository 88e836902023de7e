/** What fields say together, and the schema cannot see. */
import type {ConfigFile} from './config-file.ts';
import type {StaticConfig} from './static-config.ts';

export type FieldPath = readonly (string | number)[];
export type ConfigProblem = {readonly path: FieldPath; readonly message: string};

/** `file`: what is said; `config`: what comes of it. */
export const checkConfig = (file: ConfigFile, config: StaticConfig): readonly ConfigProblem[] => [
  ...ofProvider(file),
  ...ofXds(file, config),
  ...ofLeaderElection(config),
  ...ofProxies(config),
];

const noCluster = 'there is no cluster to do this with: provider.type is file';

function ofProvider({provider: {kubernetes}}: ConfigFile): readonly ConfigProblem[] {
  const {namespaces, namespaceSelector, secrets} = kubernetes;
  const at = ['provider', 'kubernetes'];
  return problems([
    [
      namespaces !== undefined && namespaceSelector !== undefined,
      [...at, 'namespaceSelector'],
      'namespaces are chosen either by name or by label: namespaces is there too',
    ],
    [
      secrets.type === 'folder' && secrets.path === undefined,
      [...at, 'secrets', 'path'],
      'is required with type folder',
    ],
    [
      secrets.type === 'kubernetes' && secrets.path !== undefined,
      [...at, 'secrets', 'path'],
      'is for type folder; type is kubernetes',
    ],
  ]);
}

function ofXds({xds}: ConfigFile, config: StaticConfig): readonly ConfigProblem[] {
  const {tls} = config.xds;
  const isFile = config.provider.type === 'file';
  const {secretName, certificateFolder} = xds.tls;
  return problems([
    [
      tls.mode === 'plaintext' && (secretName !== undefined || certificateFolder !== undefined),
      ['xds', 'tls', secretName === undefined ? 'certificateFolder' : 'secretName'],
      'is for mode tls; mode is plaintext',
    ],
    [
      secretName !== undefined && certificateFolder !== undefined,
      ['xds', 'tls', 'secretName'],
      'the certificate comes either from a Secret or from a folder: certificateFolder is there too',
    ],
    [isFile && 'secretName' in tls && secretName !== undefined, ['xds', 'tls', 'secretName'], noCluster],
    [
      isFile && 'secretName' in tls && secretName === undefined,
      ['xds', 'tls', 'certificateFolder'],
      'is required: there is no cluster that could have the certificate in a Secret',
    ],
    [isFile && config.xds.auth.enabled, ['xds', 'auth', 'enabled'], noCluster],
  ]);
}

function ofLeaderElection({leaderElection, provider}: StaticConfig): readonly ConfigProblem[] {
  const {enabled, namespace, leaseDurationMs, renewDeadlineMs, retryPeriodMs} = leaderElection;
  const isFile = provider.type === 'file';
  return problems([
    [enabled && isFile, ['leaderElection', 'enabled'], noCluster],
    [
      enabled && !isFile && namespace === undefined,
      ['leaderElection', 'namespace'],
      'is required: the environment variable POD_NAMESPACE is not set',
    ],
    // A leader gives up before another can take over, and tries more than once before it gives up.
    [
      renewDeadlineMs >= leaseDurationMs,
      ['leaderElection', 'renewDeadlineMs'],
      `must be less than leaseDurationMs, ${leaseDurationMs}, is ${renewDeadlineMs}`,
    ],
    [
      retryPeriodMs * 1.2 >= renewDeadlineMs,
      ['leaderElection', 'retryPeriodMs'],
      `must be less than five sixths of renewDeadlineMs, ${renewDeadlineMs}, is ${retryPeriodMs}`,
    ],
  ]);
}

function ofProxies({provision, provider, envoy, xds}: StaticConfig): readonly ConfigProblem[] {
  const isFile = provider.type === 'file';
  return problems([
    [provision.enabled && isFile, ['provision', 'enabled'], noCluster],
    [
      provision.enabled && !isFile && xds.serviceHost === undefined,
      ['xds', 'serviceHost'],
      'is required, for the proxies that are made: it is known of a Pod whose environment has POD_NAMESPACE',
    ],
    [
      provision.enabled && envoy.manage && !isFile,
      ['envoy', 'manage'],
      'Envoys run either here or in the cluster: provision.enabled is true',
    ],
  ]);
}

function problems(rules: readonly (readonly [boolean, FieldPath, string])[]): readonly ConfigProblem[] {
  return rules.flatMap(([applies, path, message]) => (applies ? [{path, message}] : []));
}
