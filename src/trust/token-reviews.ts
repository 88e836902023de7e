/** Whether bearer tokens are genuine, asked of the API server (authentication.k8s.io/v1 TokenReview) and remembered. */
import {LRUCache} from 'lru-cache';
import {createHash} from 'node:crypto';
import type {KubeClient} from '../kube/client.ts';
import {type Clock, systemClock} from '../kube/clock.ts';
import {isRecord} from '../schema/record.ts';
import {reasonOf} from './trust-source.ts';

export type TokenVerdict =
  | {
      readonly genuine: true;
      /** `system:serviceaccount:NAMESPACE:NAME` for a ServiceAccount. */
      readonly user: string;
      /** The Pod that the token was made for; it ends with it. */
      readonly pod?: string;
    }
  | {readonly genuine: false; readonly reason: string};

export type TokenReviews = {
  /** Rejects where it cannot be told; that is not remembered. */
  review(token: string): Promise<TokenVerdict>;
  counts(): TokenReviewCounts;
};

export type TokenReviewCounts = {
  /** Requests to the API server. */
  readonly asked: number;
  /** Among them those that were not answered. */
  readonly failed: number;
  /** Answered from memory, or together with another. */
  readonly remembered: number;
};

export type TokenReviewsOptions = {
  readonly client: Pick<KubeClient, 'request'>;
  /** A token must be made for one of them. */
  readonly audiences: readonly string[];
  readonly clock?: Clock;
};

const path = '/apis/authentication.k8s.io/v1/tokenreviews';
const TIMEOUT_MS = 10_000;
/** How long a verdict stands, in milliseconds: a ServiceAccount that was deleted is noticed that late. */
const GENUINE_MS = 5 * 60_000;
const NOT_GENUINE_MS = 10_000;
/** Far more than proxies that connect at once; each takes less than a kilobyte. */
const MOST = 10_000;

export function createTokenReviews({client, audiences, clock = systemClock}: TokenReviewsOptions): TokenReviews {
  let asked = 0;
  let failed = 0;
  let calls = 0;

  const ask = async (token: string): Promise<TokenVerdict> => {
    asked += 1;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: {token, audiences},
    };
    try {
      const answer = await client.request({method: 'POST', path, body, timeoutMs: TIMEOUT_MS});
      return verdictOf(answer.body, audiences);
    } catch (error) {
      failed += 1;
      // Whoever answers in place of the API server may repeat what it was asked.
      // oxlint-disable-next-line preserve-caught-error -- the cause would hold the token
      throw new Error(`tokens cannot be checked: ${reasonOf(error).replaceAll(token, '[token]')}`);
    }
  };

  // Tokens are not kept, only what identifies them. Those who ask for the same one at the same time share a request.
  const verdicts = new LRUCache<string, TokenVerdict, string>({
    max: MOST,
    ttl: GENUINE_MS,
    ttlResolution: 0,
    // A time of 0 is none to it.
    perf: {now: () => clock.now() + 1},
    ignoreFetchAbort: true,
    fetchMethod: async (_hash, _stale, {options, context: token}) => {
      const verdict = await ask(token);
      options.ttl = verdict.genuine ? Math.min(GENUINE_MS, msLeft(token, clock.date())) : NOT_GENUINE_MS;
      return verdict;
    },
  });

  return {
    async review(token) {
      calls += 1;
      const hash = createHash('sha256').update(token).digest('base64');
      const verdict = await verdicts.fetch(hash, {context: token});
      if (verdict === undefined) throw new Error('tokens cannot be checked: the review was given up');
      return verdict;
    },
    counts: () => ({asked, failed, remembered: calls - asked}),
  };
}

/** Throws where the answer is none. */
function verdictOf(answer: unknown, audiences: readonly string[]): TokenVerdict {
  const status = isRecord(answer) ? answer['status'] : undefined;
  if (!isRecord(status)) throw new Error('the answer of the API server is no TokenReview');
  const {authenticated, error, user} = status;
  if (authenticated !== true) {
    const why = typeof error === 'string' && error !== '' ? `: ${error.slice(0, 300)}` : '';
    return {genuine: false, reason: `the token is not valid${why}`};
  }
  // A server that knows nothing of audiences answers without them, and has not looked at them.
  const seen: readonly unknown[] = Array.isArray(status['audiences']) ? status['audiences'] : [];
  if (!audiences.some((audience) => seen.includes(audience))) {
    return {genuine: false, reason: `the token is not for the audience ${audiences.join(' or ')}`};
  }
  const {username, extra} = isRecord(user) ? user : {};
  if (typeof username !== 'string' || username === '') {
    return {genuine: false, reason: 'the token is of nobody: the API server names no user'};
  }
  const pods = isRecord(extra) ? extra['authentication.kubernetes.io/pod-name'] : undefined;
  const pod: unknown = Array.isArray(pods) ? pods[0] : undefined;
  return {genuine: true, user: username, ...(typeof pod === 'string' && {pod})};
}

/**
 * Until the token says that it ends, and at least a millisecond, since 0 would be for ever. It was found genuine before, so
 * that its claims (RFC 7519) may be believed.
 */
function msLeft(token: string, now: Date): number {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const ends = isRecord(claims) ? claims['exp'] : undefined;
    if (typeof ends === 'number') return Math.max(1, ends * 1000 - now.getTime());
  } catch {
    // Not a token of the API server itself; those of others need not say anything.
  }
  return GENUINE_MS;
}
