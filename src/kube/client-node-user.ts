/** Users of a kubeconfig whose credentials come from a program or an identity provider. Loaded only where there is one. */
import type {RequestOptions} from 'node:https';
import {KubeConfig} from '@kubernetes/client-node/dist/config.js';
import type {Access} from './credentials.ts';

export type ClientNodeUser = {
  /** Runs the program, or asks the provider, where what it gave before has ended. Rejects with what they say. */
  read(): Promise<Access>;
};

/** `fields`: what stands under `user` in a kubeconfig. */
export function clientNodeUser(fields: Readonly<Record<string, unknown>>): ClientNodeUser {
  const {exec, 'auth-provider': provider} = fields;
  const config = new KubeConfig();
  // JSON is YAML. The cluster is one in name only: connections are made elsewhere.
  config.loadFromString(
    JSON.stringify({
      clusters: [{name: 'cluster', cluster: {server: 'https://localhost'}}],
      users: [{name: 'user', user: {exec, 'auth-provider': provider}}],
      contexts: [{name: 'context', context: {cluster: 'cluster', user: 'user'}}],
      'current-context': 'context',
    }),
  );
  return {
    async read() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const {headers} = options;
      const cert = pemOf(options.cert);
      const key = pemOf(options.key);
      return {
        tls: {...(cert !== undefined && {cert}), ...(key !== undefined && {key})},
        headers: Object.fromEntries(
          Object.entries(headers ?? {}).flatMap(([name, value]) =>
            typeof value === 'string' ? [[name.toLowerCase(), value] as const] : [],
          ),
        ),
      };
    },
  };
}

function pemOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}
