/** The command lines of the three servers, and how one sees that they are up. */
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {apiClientOf} from './api-client.ts';
import type {ControlPlaneBinaries} from './binaries.ts';
import type {Keys} from './keys.ts';

export const serverNames = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
export type ServerName = (typeof serverNames)[number];

/** Where the servers listen, as they see it themselves. */
export type Endpoints = {
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiAddress: string;
  readonly apiPort: number;
  /** What kube-apiserver gives as its own in the endpoints of the Service `kubernetes`; it refuses loopback. */
  readonly advertiseAddress: string;
};

export type ServerPlan = {
  readonly binaries: ControlPlaneBinaries;
  readonly endpoints: Endpoints;
  readonly keys: Keys;
  /** For the data of etcd and the kubeconfig of the controllers. */
  readonly folder: string;
  readonly controllersKubeconfig: string;
  readonly apiServerArgs: readonly string[];
};

/** What tests need, and no more: nothing schedules Pods, watches Nodes or signs certificates. */
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'pod-garbage-collector-controller',
];

export function commandsOf(plan: ServerPlan): Readonly<Record<ServerName, readonly string[]>> {
  const {binaries, endpoints, keys} = plan;
  const etcd = `http://127.0.0.1:${endpoints.etcdPort}`;
  const etcdPeer = `http://127.0.0.1:${endpoints.etcdPeerPort}`;
  return {
    etcd: [
      binaries.etcd,
      `--data-dir=${join(plan.folder, 'etcd')}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${etcdPeer}`,
      `--initial-advertise-peer-urls=${etcdPeer}`,
      `--initial-cluster=default=${etcdPeer}`,
      // The data is thrown away.
      '--unsafe-no-fsync',
    ],
    'kube-apiserver': [
      binaries.kubeApiserver,
      `--etcd-servers=${etcd}`,
      `--bind-address=${endpoints.apiAddress}`,
      `--secure-port=${endpoints.apiPort}`,
      `--advertise-address=${endpoints.advertiseAddress}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${keys.serviceAccount.privateKey}`,
      `--service-account-key-file=${keys.serviceAccount.publicKey}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      `--token-auth-file=${keys.tokens}`,
      '--authorization-mode=RBAC',
      `--tls-cert-file=${keys.serving.certificate}`,
      `--tls-private-key-file=${keys.serving.key}`,
      `--client-ca-file=${keys.ca}`,
      `--kubelet-client-certificate=${keys.kubeletClient.certificate}`,
      `--kubelet-client-key=${keys.kubeletClient.key}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--allow-privileged=true',
      // Without it a watch keeps a server that is told to end from ending for a minute.
      '--shutdown-watch-termination-grace-period=1s',
      ...plan.apiServerArgs,
    ],
    'kube-controller-manager': [
      binaries.kubeControllerManager,
      `--kubeconfig=${plan.controllersKubeconfig}`,
      `--service-account-private-key-file=${keys.serviceAccount.privateKey}`,
      `--root-ca-file=${keys.ca}`,
      '--leader-elect=false',
      '--use-service-account-credentials=false',
      // Nobody asks it anything, and two rigs would want the same port.
      '--secure-port=0',
      `--controllers=${controllers.join(',')}`,
    ],
  };
}

export type ApiServerAccess = {readonly url: string; readonly caFile: string; readonly token: string};

const pollEveryMs = 25;

/** Resolves when `/readyz` says so; rejects when `gone` says that the server has ended, or after `timeoutMs`. */
export async function apiServerReady(
  access: ApiServerAccess,
  gone: () => string | undefined,
  timeoutMs = 60_000,
): Promise<void> {
  await poll(access, '/readyz', gone, timeoutMs);
}

/** The last thing that a fresh cluster makes by itself, and without which no Pod can be created. */
export async function defaultServiceAccount(
  access: ApiServerAccess,
  gone: () => string | undefined,
  timeoutMs = 60_000,
): Promise<void> {
  await poll(access, '/api/v1/namespaces/default/serviceaccounts/default', gone, timeoutMs);
}

async function poll(
  access: ApiServerAccess,
  path: string,
  gone: () => string | undefined,
  timeoutMs: number,
): Promise<void> {
  const client = apiClientOf(access);
  const until = Date.now() + timeoutMs;
  let last = 'no answer yet';
  try {
    for (;;) {
      try {
        const {status} = await client.request('GET', path);
        if (status === 200) return;
        last = `it answers ${status}`;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
      const end = gone();
      if (end !== undefined) throw new Error(end);
      if (Date.now() > until) throw new Error(`kube-apiserver: ${path} is not there after ${timeoutMs} ms: ${last}`);
      await sleep(pollEveryMs);
    }
  } finally {
    client.close();
  }
}
