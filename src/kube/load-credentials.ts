/** Which credentials count, where the configuration names none. */
import {existsSync} from 'node:fs';
import {homedir} from 'node:os';
import {delimiter, join} from 'node:path';
import {type Credentials, CredentialsError} from './credentials.ts';
import {inClusterCredentials, isInCluster, type PodEnvironment, podEnvironment} from './in-cluster.ts';
import {kubeconfigCredentials} from './kubeconfig-credentials.ts';

export type CredentialsOptions = {
  /** A kubeconfig. By default the files of KUBECONFIG, then what a Pod has, then `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig; its current one by default. */
  readonly context?: string;
};

/** Throws CredentialsError, which says what was looked for. */
export function loadCredentials(
  {kubeconfig, context}: CredentialsOptions = {},
  environment: PodEnvironment & {readonly home: string} = {...podEnvironment(), home: homedir()},
): Credentials {
  const inFiles = (files: readonly string[]): Credentials =>
    kubeconfigCredentials({files, ...(context !== undefined && {context})});

  if (kubeconfig !== undefined) return inFiles([kubeconfig]);
  const listed = (environment.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  // As kubectl does: files of the list that are not there say nothing.
  const present = listed.filter((file) => existsSync(file));
  if (present.length > 0) return inFiles(present);
  if (listed.length > 0) {
    throw new CredentialsError(`KUBECONFIG: no such file: ${listed.join(', ')}`);
  }
  if (context === undefined && isInCluster(environment)) return inClusterCredentials(environment);
  const ofUser = join(environment.home, '.kube', 'config');
  if (existsSync(ofUser)) return inFiles([ofUser]);
  throw new CredentialsError(
    `no cluster to talk to: KUBECONFIG is not set, this is no Pod of a cluster, and there is no ${ofUser}`,
  );
}
