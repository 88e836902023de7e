import {messageOf, type ApiClient} from '../api-client.ts';
import {NotYet, type Pod, type TokenSource} from './pod.ts';

type TokenRequest = {readonly status: {readonly token: string; readonly expirationTimestamp: string}};
type Held = {readonly token: string; readonly refreshAt: number};

/** Tokens of ServiceAccounts for Pods, made anew when four fifths of their life are over, as kubelet does. */
export function tokenSource(client: ApiClient): (pod: Pod, source: TokenSource) => Promise<string> {
  const tokens = new Map<string, Held>();
  return async ({metadata, spec}, {audience, expirationSeconds = 3600}) => {
    const {namespace, name, uid} = metadata;
    const key = JSON.stringify([uid, audience, expirationSeconds]);
    const held = tokens.get(key);
    if (held !== undefined && Date.now() < held.refreshAt) return held.token;
    const account = spec.serviceAccountName ?? 'default';
    const answer = await client.request<TokenRequest>(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          ...(audience !== undefined && {audiences: [audience]}),
          expirationSeconds,
          boundObjectRef: {apiVersion: 'v1', kind: 'Pod', name, uid},
        },
      },
    );
    if (answer.status !== 201) {
      throw new NotYet(
        'ContainerCreating',
        `no token for ServiceAccount ${namespace}/${account}: ${messageOf(answer)}`,
      );
    }
    const {token, expirationTimestamp} = answer.body.status;
    const life = Date.parse(expirationTimestamp) - Date.now();
    tokens.set(key, {token, refreshAt: Date.now() + life * 0.8});
    return token;
  };
}
