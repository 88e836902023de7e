/**
 * A real API server for tests, with etcd and the controllers that tests need, made anew in about six seconds. It ends with
 * the process that started it, however that ends, and leaves nothing behind.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {apiClient, messageOf, type ApiClient} from './api-client.ts';
import {applier, type Applier} from './apply.ts';
import type {ControlPlaneBinaries} from './binaries.ts';
import {compact} from './etcd.ts';
import {inside, type Inside} from './inside.ts';
import {installCrds} from './gateway-api-crds.ts';
import {writeKubeconfig, type Credentials} from './kubeconfig.ts';
import {startSupervisor} from './supervisor-client.ts';
import type {Program} from './supervisor-methods.ts';

export type ClusterOptions = {
  /**
   * `loopback`: the API alone, on free ports of 127.0.0.1; Pods are never bound. `pods`: a network namespace of its own with a
   * node, Pods that run as processes in namespaces of theirs, and load balancers; needs root.
   */
  readonly mode: 'loopback' | 'pods';
  readonly binaries: ControlPlaneBinaries;
  /** More arguments of kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
  /** What runs on this machine for an image; a Pod whose image is not known waits, as if it could not be pulled. */
  readonly images?: (image: string) => Program | undefined;
};

/** Who a client is: the administrator, a ServiceAccount (with a token made for it), or who has the token. */
export type Identity =
  | 'admin'
  | {readonly serviceAccount: {readonly namespace: string; readonly name: string}}
  | Credentials;

export type KubeconfigOptions = {
  readonly as?: Identity;
  /** Where the client will run; `host` is where this process runs. */
  readonly from?: 'host' | 'node' | 'pod';
};

export type Cluster = Pick<ApiClient, 'request'> &
  Applier &
  Inside & {
    readonly mode: ClusterOptions['mode'];
    /** What the names of its network namespaces are made of; see network.ts. */
    readonly id: string;
    /** Of kube-apiserver, for this process. The same for the life of the cluster, restarts included. */
    readonly url: string;
    /** PEM. */
    readonly ca: string;
    /** Of a member of system:masters. */
    readonly adminToken: string;
    /** Deleted with the cluster. Tests may put files here. */
    readonly folder: string;

    /** Writes a kubeconfig file and resolves to its path. */
    kubeconfig(file: string, options?: KubeconfigOptions): Promise<string>;
    /** A token by TokenRequest; of the API server itself where no audience is given. Lives for an hour. */
    serviceAccountToken(namespace: string, name: string, audience?: string): Promise<string>;
    /** Gateway API, experimental channel, with its policy of safe upgrades. Resolves when all of it is served. */
    installGatewayApi(): Promise<void>;

    /** SIGTERM: watches are closed in order. Resolves when it is gone. */
    stopApiServer(): Promise<void>;
    /** On the same port as before. Resolves when it is ready. */
    startApiServer(): Promise<void>;
    restartApiServer(): Promise<void>;
    /** Connections break off. It stays down until `startApiServer`. */
    killApiServer(): Promise<void>;
    /** Stops it in the middle of whatever it does (SIGSTOP): connections stay open and nothing answers. */
    pauseApiServer(): Promise<void>;
    resumeApiServer(): Promise<void>;
    /**
     * Makes etcd forget all but the present state. kube-apiserver still knows recent events from memory, and with `forget`
     * it is restarted so that it does not: then a watch from an earlier resourceVersion is answered with 410 Gone.
     */
    compactEtcd(options?: {readonly forget?: boolean}): Promise<void>;

    /**
     * A port of 127.0.0.1 for this process that leads to one of a Pod, a Gateway or the node. For TCP. With `pods` only.
     */
    forward(host: string, port: number): Promise<number>;

    /** What a server or a container has printed, or all of them: `kube-apiserver`, `kubelet`, `pods/NAMESPACE_POD_CONTAINER`. */
    logs(server?: string): string;
    /** Of all processes of the rig, its supervisor included. */
    pids(): Promise<readonly number[]>;
    /** Ends everything and deletes everything. */
    stop(): Promise<void>;
  };

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const {mode, binaries, apiServerArgs = [], images = () => undefined} = options;
  const supervisor = await startSupervisor({mode, binaries, apiServerArgs}, images);
  const {started} = supervisor;
  const {id, url, folder, adminToken, caFile} = started;
  const ca = readFileSync(caFile, 'utf8');
  const client = apiClient({url, ca, token: adminToken});
  const api = 'kube-apiserver' as const;

  const cluster: Cluster = {
    mode,
    id,
    url,
    ca,
    adminToken,
    folder,
    ...client,
    ...applier(client),
    ...inside(mode === 'pods' ? id : undefined),

    async kubeconfig(file, {as = 'admin', from = 'host'} = {}) {
      const server = {host: started.url, node: started.nodeUrl, pod: started.podUrl ?? started.url}[from];
      writeKubeconfig(file, {url: server, caFile, credentials: await credentialsOf(as)});
      return file;
    },
    async serviceAccountToken(namespace, name, audience) {
      const spec = audience === undefined ? {} : {audiences: [audience]};
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const request = {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec};
      const answer = await client.request<{readonly status: {readonly token: string}}>('POST', path, request);
      if (answer.status !== 201)
        throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${messageOf(answer)}`);
      return answer.body.status.token;
    },
    installGatewayApi: () => installCrds(binaries.crds, cluster),

    stopApiServer: () => supervisor.call('endServer', {name: api, graceful: true}),
    startApiServer: () => supervisor.call('startServer', {name: api}),
    async restartApiServer() {
      await cluster.stopApiServer();
      await cluster.startApiServer();
    },
    killApiServer: () => supervisor.call('endServer', {name: api, graceful: false}),
    pauseApiServer: () => supervisor.call('signalServer', {name: api, signal: 'SIGSTOP'}),
    resumeApiServer: () => supervisor.call('signalServer', {name: api, signal: 'SIGCONT'}),
    async compactEtcd({forget = false} = {}) {
      await compact(started.etcdUrl);
      if (forget) await cluster.restartApiServer();
    },

    forward: (host, port) => supervisor.call('forward', {host, port}),
    logs(server) {
      const logs = join(folder, 'logs');
      const all = readdirSync(logs, {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.log'));
      const files = server === undefined ? all.sort() : [`${server}.log`];
      return files.map((file) => readFileSync(join(logs, file), 'utf8')).join('');
    },
    pids: () => supervisor.call('pids'),
    async stop() {
      client.close();
      await supervisor.stop();
    },
  };

  const credentialsOf = async (as: Identity): Promise<Credentials> => {
    if (as === 'admin') return {token: adminToken};
    if (!('serviceAccount' in as)) return as;
    return {token: await cluster.serviceAccountToken(as.serviceAccount.namespace, as.serviceAccount.name)};
  };
  return cluster;
}
