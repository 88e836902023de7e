/** Recognises clients by what they say of themselves: for a server that only its own proxies can reach. */
import type {Authenticator, ClientNode, Identity, Refusal} from './api.ts';

/** Metadata key by which an Envoy names its Gateway, as `<namespace>/<gateway>`. */
export const gatewayMetadataKey = 'sluice.dev/gateway';

export type NodeAuthenticatorOptions = {
  /** First part of the scope of each kind of client: `<dialect>/<namespace>/<gateway>`. */
  readonly envoyDialect?: string;
  readonly agentgatewayDialect?: string;
};

/**
 * agentgateway: a node id that begins with `agentgateway~`, and metadata `role` = `<namespace>~<gateway>`. Envoy:
 * metadata `sluice.dev/gateway` = `<namespace>/<gateway>`, or the same as node cluster.
 */
export function createNodeAuthenticator(options: NodeAuthenticatorOptions = {}): Authenticator {
  const {envoyDialect = 'envoy', agentgatewayDialect = 'agentgateway'} = options;
  return ({node}) =>
    Promise.resolve(
      node.id.startsWith('agentgateway~')
        ? identifyAgentgateway(node, agentgatewayDialect)
        : identifyEnvoy(node, envoyDialect),
    );
}

function identifyAgentgateway(node: ClientNode, dialect: string): Identity | Refusal {
  const gateway = twoParts(node.metadata['role'] ?? '', '~');
  if (gateway === undefined) {
    return {
      refused: 'node metadata "role" must be <namespace>~<gateway>; are NAMESPACE and GATEWAY set for the proxy?',
    };
  }
  return {scope: `${dialect}/${gateway}`, profile: 'agentgateway'};
}

function identifyEnvoy(node: ClientNode, dialect: string): Identity | Refusal {
  const gateway = twoParts(node.metadata[gatewayMetadataKey] ?? node.cluster, '/');
  if (gateway === undefined) {
    return {refused: `node metadata "${gatewayMetadataKey}", or node cluster, must be <namespace>/<gateway>`};
  }
  return {scope: `${dialect}/${gateway}`, profile: 'envoy'};
}

/** `a/b` where the text is two parts, neither empty. */
function twoParts(text: string, separator: string): string | undefined {
  const parts = text.split(separator);
  return parts.length === 2 && parts.every((part) => part !== '') ? parts.join('/') : undefined;
}
