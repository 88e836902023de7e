/** What depends on where the process runs, where the configuration does not say it. */
import type {ConfigFile} from './config-file.ts';
import type {KubernetesProviderConfig, StaticConfig, XdsConfig} from './static-config.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Name of the Service before the replicas, of deploy/kubernetes. */
const serviceName = 'sluice';
const secretName = 'sluice-xds-cert';

/**
 * `paths`: manifests that the command line names, instead of those of the file. Paths are as they stand in the file.
 *
 * Objects come from the cluster where this is a Pod of one and nobody names manifests. Such a process serves others, and is one
 * of several; any other has a machine to itself.
 */
export function withDefaults(file: ConfigFile, environment: Environment, paths?: readonly string[]): StaticConfig {
  const isPod = (environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
  const named = paths ?? file.provider.file.paths;
  const chosen = paths === undefined ? file.provider.type : 'file';
  const type = chosen ?? (isPod && named === undefined ? 'kubernetes' : 'file');
  const isReplica = isPod && type === 'kubernetes';
  const [podName, podNamespace] = [textOf(environment['POD_NAME']), textOf(environment['POD_NAMESPACE'])];
  const {provider, drain, leaderElection, provision, metrics, envoy} = file;
  const xds = xdsOf(file, isReplica, podNamespace);
  return {
    ...file,
    provider: {
      type,
      file: {...provider.file, paths: named ?? ['manifests']},
      kubernetes: {...provider.kubernetes, secrets: secretsOf(file)},
    },
    xds,
    metrics: {...(isReplica && {address: '0.0.0.0:9092'}), ...metrics},
    drain: {windowMs: isReplica ? 10_000 : 0, ...drain},
    leaderElection: {
      enabled: isReplica,
      ...(podNamespace !== undefined && {namespace: podNamespace}),
      ...leaderElection,
    },
    provision: {enabled: isReplica, ...provision},
    envoy: {manage: type === 'file', ...envoy},
    pod: {...(podName !== undefined && {name: podName}), ...(podNamespace !== undefined && {namespace: podNamespace})},
  };
}

function xdsOf({xds, clusterDomain}: ConfigFile, isReplica: boolean, namespace: string | undefined): XdsConfig {
  const address = xds.address ?? (isReplica ? '0.0.0.0:9978' : '127.0.0.1:18000');
  const {tls, auth} = xds;
  const host = isReplica && namespace !== undefined ? `${serviceName}.${namespace}.svc.${clusterDomain}` : undefined;
  const serviceHost = xds.serviceHost ?? host;
  const servicePort = xds.servicePort ?? (serviceHost === undefined ? undefined : portOf(address));
  return {
    address,
    ...(serviceHost !== undefined && {serviceHost}),
    ...(servicePort !== undefined && {servicePort}),
    tls: tlsOf(tls, isReplica),
    auth: {enabled: isReplica, ...auth},
  };
}

function tlsOf(tls: ConfigFile['xds']['tls'], isReplica: boolean): XdsConfig['tls'] {
  const {mode = isReplica ? 'tls' : 'plaintext', extraHosts, certificateFolder} = tls;
  if (mode === 'plaintext') return {mode};
  return certificateFolder === undefined
    ? {mode, secretName: tls.secretName ?? secretName, extraHosts}
    : {mode, certificateFolder, extraHosts};
}

function secretsOf({provider}: ConfigFile): KubernetesProviderConfig['secrets'] {
  const {type, path} = provider.kubernetes.secrets;
  return type === 'folder' && path !== undefined ? {type, path} : {type: 'kubernetes'};
}

const textOf = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));
