/** Objects of a cluster, read from its API server; statuses and what is made for Gateways, written to it. */
import {inputsByGroupKind, settings} from '../../collections/inputs.ts';
import type {Meters} from '../admin/meters.ts';
import {formatProblem, type Problem} from '../api/problem.ts';
import type {KubernetesProviderConfig, StaticConfig} from '../config/static-config.ts';
import {createSecretFolder, type SecretFolder} from '../files/secret-folder.ts';
import {runProxies} from '../host-proxies.ts';
import type {Batch} from '../inputs.ts';
import type {KubeClient} from '../kube/client.ts';
import {groupKindOf, type KubeKind, kubeKinds} from '../kube/kinds.ts';
import {createKubeProvider} from '../kube/kube-provider.ts';
import type {NamespaceChoice} from '../kube/namespace-choice.ts';
import type {Proxies} from '../proxies.ts';
import type {Surroundings, SurroundingsOptions} from '../surroundings.ts';
import type {XdsTrust} from '../xds-trust.ts';
import {clusterSettings, createClusterInputs} from './cluster-inputs.ts';
import {createClusterOutputs} from './cluster-outputs.ts';
import {followServiceAddresses} from './service-addresses.ts';

export type ClusterSurroundingsOptions = SurroundingsOptions & {
  readonly client: KubeClient;
  /** URL of the API server. */
  readonly server: string;
  readonly version: string;
  readonly trust: Pick<XdsTrust, 'bundle' | 'onBundle'>;
  readonly meters: Meters;
};

export function createClusterSurroundings(config: StaticConfig, options: ClusterSurroundingsOptions): Surroundings {
  const {graph, logs, client, server, version, trust} = options;
  const {kubernetes} = config.provider;
  const log = logs('kube');
  const undo: (() => void)[] = [];
  let take: (batch: Batch) => void = () => {};
  let proxies: Proxies | undefined;

  const onProblems = (problems: readonly Problem[]): void => {
    for (const problem of problems) log.error({}, formatProblem(problem));
  };
  const folder = secretFolder(kubernetes, {
    onProblems,
    onChanges: (batch) => take(batch),
    log: {warn: (text) => log.warn({}, text)},
  });
  const provider = createKubeProvider({
    client,
    server,
    kinds: kubeKinds.filter((kind) => isRead(kind, folder !== undefined)),
    namespaces: namespacesOf(kubernetes),
    onChanges: (batch) => take(batch),
    onProblems,
    log,
  });
  const outputs = createClusterOutputs(config, {...options, live: provider.live});

  return {
    inputs: createClusterInputs(config, version, trust.bundle),
    async read(to) {
      // The first batch is everything there is: of both.
      const first: Batch[] = [];
      take = (batch) => void first.push(batch);
      await folder?.start();
      await provider.start();
      to({set: first.flatMap(({set}) => set), removed: first.flatMap(({removed}) => removed)});
      take = to;
    },
    connect(address) {
      undo.push(followServiceAddresses(graph, provider.live));
      trust.onBundle(() => {
        graph.commit((tx) => tx.set(settings, clusterSettings(config, version, trust.bundle())));
      });
      outputs.connect();
      if (config.envoy.manage) proxies = runProxies(config, address, options);
    },
    view: () => {
      const hint = proxies?.hint();
      return {
        paths: folder !== undefined && kubernetes.secrets.type === 'folder' ? [kubernetes.secrets.path] : [],
        cluster: server,
        problems: [...provider.problems(), ...(folder?.problems() ?? [])],
        statuses: outputs.statuses(),
        proxies: proxies?.views() ?? [],
        ...(hint !== undefined && {hint}),
      };
    },
    metrics: () => provider.metrics(),
    figures: outputs.figures,
    settled: async (limitMs) => proxies?.settled(limitMs),
    async stopReading() {
      await folder?.stop();
      await provider.stop();
    },
    async stop() {
      trust.onBundle(() => {});
      await outputs.stop();
      await proxies?.stop();
      for (const undoOne of undo.toReversed()) undoOne();
    },
  };
}

/** What nothing is made of is not read either. */
const isRead = (kind: KubeKind, hasSecrets: boolean): boolean =>
  inputsByGroupKind.has(groupKindOf(kind)) && !(hasSecrets && groupKindOf(kind) === '/Secret');

function secretFolder(
  {secrets}: KubernetesProviderConfig,
  options: Omit<Parameters<typeof createSecretFolder>[0], 'folder'>,
): SecretFolder | undefined {
  return secrets.type === 'folder' ? createSecretFolder({...options, folder: secrets.path}) : undefined;
}

function namespacesOf({namespaces, namespaceSelector}: KubernetesProviderConfig): NamespaceChoice {
  if (namespaces !== undefined) return {is: 'named', names: namespaces};
  return namespaceSelector === undefined ? {is: 'all'} : {is: 'labelled', selector: namespaceSelector};
}
