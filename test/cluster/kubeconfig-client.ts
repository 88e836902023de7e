import {readFileSync} from 'node:fs';
import {load} from 'js-yaml';
import {apiClient, type ApiClient} from '../rig/api-client.ts';

type Kubeconfig = {
  readonly clusters: readonly [
    {readonly cluster: {readonly server: string; readonly 'certificate-authority-data': string}},
  ];
  readonly users: readonly [{readonly user: {readonly token: string}}];
};

/** A client as a kubeconfig file of the rig describes it. */
export function clientOfKubeconfig(file: string): ApiClient {
  const {clusters, users} = load(readFileSync(file, 'utf8')) as Kubeconfig; // written by the rig
  const {server, 'certificate-authority-data': ca} = clusters[0].cluster;
  return apiClient({url: server, ca: Buffer.from(ca, 'base64').toString(), token: users[0].user.token});
}
