/** The part of an API server that reviews tokens, with tokens that a test makes. */
import {ApiError, ConnectionError, type KubeClient, type KubeRequest} from '../../../src/kube/client.ts';
import {isRecord} from '../../../src/schema/record.ts';

export type TokenOf = {
  readonly namespace?: string;
  readonly name?: string;
  /** Instead of a ServiceAccount. */
  readonly user?: string;
  readonly audience?: string;
  readonly pod?: string;
  /** Seconds since 1970. */
  readonly expires?: number;
};

export type TokenServer = {
  readonly client: Pick<KubeClient, 'request'>;
  /** Signed by nobody; what it says is known to the server. */
  token(of: TokenOf): string;
  /** From now on it is not valid, with what the server says of it. */
  revoke(token: string, error: string): void;
  readonly requests: readonly KubeRequest[];
  /** Answers wait until `release`. */
  hold(): void;
  release(): void;
  /** What happens instead of an answer. */
  failure: (() => Error) | undefined;
  /** An answer instead of the right one. */
  answer: unknown;
};

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function tokenServer(): TokenServer {
  const known = new Map<string, TokenOf>();
  const revoked = new Map<string, string>();
  const requests: KubeRequest[] = [];
  let gate: Promise<void> | undefined;
  let open = (): void => {};

  const review = (token: unknown, audiences: unknown): object => {
    const of = typeof token === 'string' ? known.get(token) : undefined;
    if (of === undefined) return {user: {}, error: '[invalid bearer token, unknown]'};
    const error = typeof token === 'string' ? revoked.get(token) : undefined;
    if (error !== undefined) return {user: {}, error};
    const {namespace = 'default', name = 'gw', user, audience = 'sluice', pod} = of;
    const matching = Array.isArray(audiences) ? audiences.filter((each) => each === audience) : [];
    if (matching.length === 0) {
      return {user: {}, error: `token audiences ["${audience}"] is invalid for the target audiences`};
    }
    return {
      authenticated: true,
      audiences: matching,
      user: {
        username: user ?? `system:serviceaccount:${namespace}:${name}`,
        ...(pod !== undefined && {extra: {'authentication.kubernetes.io/pod-name': [pod]}}),
      },
    };
  };

  const server: TokenServer = {
    requests,
    client: {
      request: async (request) => {
        requests.push(request);
        await gate;
        if (server.failure !== undefined) throw server.failure();
        if (server.answer !== undefined) return {status: 201, body: server.answer};
        const spec = isRecord(request.body) && isRecord(request.body['spec']) ? request.body['spec'] : {};
        return {status: 201, body: {kind: 'TokenReview', spec, status: review(spec['token'], spec['audiences'])}};
      },
    },
    token: (of) => {
      const claims = {
        sub: of.name ?? 'gw',
        jti: String(known.size),
        ...(of.expires !== undefined && {exp: of.expires}),
      };
      const token = `${part({alg: 'RS256'})}.${part(claims)}.${part({signature: known.size})}`;
      known.set(token, of);
      return token;
    },
    revoke: (token, error) => void revoked.set(token, error),
    hold: () => {
      gate = new Promise((resolve) => (open = resolve));
    },
    release: () => {
      gate = undefined;
      open();
    },
    failure: undefined,
    answer: undefined,
  };
  return server;
}

export const apiIsDown = (): Error => new ConnectionError('POST tokenreviews: connection refused');
export const apiForbids = (): Error =>
  new ApiError('POST tokenreviews: 403 Forbidden', {status: 403, reason: 'Forbidden', retryAfterMs: undefined});
