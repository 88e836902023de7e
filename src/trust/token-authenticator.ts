/** Lets a proxy see the configuration of its own Gateway and of no other: by the ServiceAccount that its token is of. */
import type {Authenticator, ClientNode, Log, Refusal} from '../xds/api.ts';
import type {TokenReviews} from './token-reviews.ts';
import {silentLog} from './trust-source.ts';

export type TokenAuthenticatorOptions = {
  readonly reviews: Pick<TokenReviews, 'review'>;
  /** Which Gateway a client says that it is for; its scope is `<dialect>/<namespace>/<gateway>`. */
  readonly identify: Authenticator;
  /** The ServiceAccount, in the namespace of the Gateway (`namespace/name`), that its proxies run as. */
  readonly serviceAccountOf: (gateway: string) => string | undefined;
  /** More of them, as `namespace/name`: those of proxies that somebody else runs for the Gateway. */
  readonly bindings?: (gateway: string) => readonly string[];
  readonly log?: Log;
};

/** How clients fared: in `accepted`, or in one of the reasons. */
export type AuthenticationOutcome =
  | 'accepted'
  | 'not-recognised'
  | 'no-token'
  | 'bad-token'
  | 'other-gateway'
  | 'other-pod'
  | 'not-decided';

export type TokenAuthenticator = {
  readonly authenticate: Authenticator;
  counts(): Readonly<Record<AuthenticationOutcome, number>>;
};

export function createTokenAuthenticator(options: TokenAuthenticatorOptions): TokenAuthenticator {
  const {reviews, identify, serviceAccountOf, bindings = () => [], log = silentLog} = options;
  const counts: Record<AuthenticationOutcome, number> = {
    accepted: 0,
    'not-recognised': 0,
    'no-token': 0,
    'bad-token': 0,
    'other-gateway': 0,
    'other-pod': 0,
    'not-decided': 0,
  };
  const refuse = (outcome: AuthenticationOutcome, refused: string): Refusal => {
    counts[outcome] += 1;
    const isAboutToken = outcome === 'no-token' || outcome === 'bad-token';
    return {refused, ...(isAboutToken && {unauthenticated: true})};
  };

  const decide: Authenticator = async (request) => {
    const {node, metadata} = request;
    const identity = await identify(request);
    if ('refused' in identity) {
      counts['not-recognised'] += 1;
      return identity;
    }
    const token = bearerToken(metadata.get('authorization'));
    if (token === undefined) return refuse('no-token', 'there is no bearer token in the header "authorization"');
    const verdict = await reviews.review(token);
    if (!verdict.genuine) return refuse('bad-token', verdict.reason);

    const account = serviceAccount(verdict.user);
    const gateway = gatewayOf(identity.scope);
    if (account === undefined) return refuse('other-gateway', `${verdict.user} is not a ServiceAccount`);
    const [namespace] = gateway.split('/');
    const own = serviceAccountOf(gateway);
    const isOwn = own !== undefined && account === `${namespace}/${own}`;
    if (!isOwn && !bindings(gateway).includes(account)) {
      const expected = own === undefined ? 'no ServiceAccount' : `ServiceAccount ${namespace}/${own}`;
      return refuse(
        'other-gateway',
        `ServiceAccount ${account} may not have the configuration of Gateway ${gateway}: that is for ${expected}`,
      );
    }
    // What we run is told its Pod's name; who runs proxies by himself may call them what he likes.
    const claimed = isOwn ? podOf(node, namespace ?? '') : undefined;
    if (claimed !== undefined && verdict.pod !== undefined && claimed !== verdict.pod) {
      return refuse('other-pod', `the node says that it is Pod ${claimed}, its token is of Pod ${verdict.pod}`);
    }
    counts.accepted += 1;
    log.debug({node: node.id, gateway, serviceAccount: account, pod: verdict.pod}, 'client authenticated');
    return identity;
  };

  return {
    authenticate: async (request) => {
      try {
        return await decide(request);
      } catch (error) {
        counts['not-decided'] += 1;
        throw error;
      }
    },
    counts: () => ({...counts}),
  };
}

/** RFC 6750; the scheme in any case. */
const bearerToken = (header: string | undefined): string | undefined =>
  /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header?.trim() ?? '')?.[1];

/** `namespace/name`. */
function serviceAccount(user: string): string | undefined {
  const found = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  return found === null ? undefined : `${found[1]}/${found[2]}`;
}

/** `namespace/name` of `dialect/namespace/name`. */
const gatewayOf = (scope: string): string => scope.slice(scope.indexOf('/') + 1);

/** As far as the id of the node names one: `agentgateway~IP~POD.NAMESPACE~DOMAIN`, and of an Envoy `POD.NAMESPACE`. */
function podOf({id}: ClientNode, namespace: string): string | undefined {
  const name = id.startsWith('agentgateway~') ? (id.split('~')[2] ?? '') : id;
  const suffix = `.${namespace}`;
  const pod = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
  return /^[a-z0-9][a-z0-9.-]*$/.test(pod) ? pod : undefined;
}
