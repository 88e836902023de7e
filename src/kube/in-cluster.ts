/** Credentials of a Pod: what the kubelet mounts for its ServiceAccount. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {isIPv6} from 'node:net';
import {type Credentials, CredentialsError} from './credentials.ts';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

export type PodEnvironment = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of token, ca.crt and namespace. */
  readonly folder: string;
};

export const podEnvironment = (): PodEnvironment => ({env: process.env, folder: FOLDER});

/** Whether this process runs in a Pod that may talk to its API server. */
export function isInCluster({env, folder}: PodEnvironment = podEnvironment()): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '' && existsSync(join(folder, 'token'));
}

/** Throws CredentialsError where this is no Pod, or one without a token. */
export function inClusterCredentials({env, folder}: PodEnvironment = podEnvironment()): Credentials {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === '') {
    throw new CredentialsError('this is no Pod of a cluster: KUBERNETES_SERVICE_HOST is not set');
  }
  const text = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'utf8').trim();
    } catch (error) {
      throw new CredentialsError(`${join(folder, name)} cannot be read: ${String(error)}`);
    }
  };
  const hasNamespace = existsSync(join(folder, 'namespace'));
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ...(hasNamespace && {namespace: text('namespace')}),
    read: () => ({tls: {ca: text('ca.crt')}, headers: {authorization: `Bearer ${text('token')}`}}),
  };
}
