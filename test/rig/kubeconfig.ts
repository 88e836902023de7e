import {readFileSync, writeFileSync} from 'node:fs';

export type Credentials =
  | {readonly token: string}
  /** Read again by clients now and then, as they do with a mounted one. */
  | {readonly tokenFile: string};

/** Writes a kubeconfig file of one cluster and one user. `caFile` goes in as text, so that the file stands alone. */
export function writeKubeconfig(
  file: string,
  {
    url,
    caFile,
    namespace = 'default',
    credentials,
  }: {
    readonly url: string;
    readonly caFile: string;
    readonly namespace?: string;
    readonly credentials: Credentials;
  },
): void {
  const ca = Buffer.from(readFileSync(caFile)).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{name: 'rig', cluster: {server: url, 'certificate-authority-data': ca}}],
    users: [{name: 'rig', user: credentials}],
    contexts: [{name: 'rig', context: {cluster: 'rig', user: 'rig', namespace}}],
    'current-context': 'rig',
  };
  // JSON is YAML.
  writeFileSync(file, `${JSON.stringify(config, undefined, 2)}\n`, {mode: 0o600});
}
