/** Retries and timeouts (Gateway API v1, HTTPRouteRetry and HTTPRouteTimeouts). */
import type {envoy} from '../../src/gen/proto/envoy.js';
import type {RouteRuleRow} from '../gateway/ir.ts';
import {duration, extensionTypes, packAny} from './proto.ts';

type RetryPolicy = envoy.config.route.v3.IRetryPolicy;
type RouteAction = envoy.config.route.v3.IRouteAction;

/** The backend has not seen the request yet, so that trying another one is safe whatever the method. */
const notStarted = ['connect-failure', 'refused-stream', 'reset-before-request'];

/** The next try goes to another endpoint where there is one. */
const elsewhere: RetryPolicy = {
  retryHostPredicate: [
    {name: 'envoy.retry_host_predicates.previous_hosts', typedConfig: packAny(extensionTypes.previousHosts)},
  ],
  // Endpoints are drawn at random, and one that is down looks idle: of two, it is drawn three times in four under load.
  // A draw costs next to nothing; with few of them requests fail although there is an endpoint that would answer.
  hostSelectionRetryMaxAttempts: 50,
};

/** Of every VirtualHost; holds for rules that say nothing about retries: only what no backend has begun. */
export const defaultRetryPolicy: RetryPolicy = {
  retryOn: notStarted.join(','),
  numRetries: {value: 2},
  ...elsewhere,
};

export function retriesAndTimeouts({timeouts, retry}: Pick<RouteRuleRow, 'timeouts' | 'retry'>): RouteAction {
  const {requestMs, backendRequestMs} = timeouts ?? {};
  if (retry === undefined || retry.attempts === 0) {
    const limit = shorter(requestMs, backendRequestMs);
    return {...timeout(limit), ...(retry && {retryPolicy: {numRetries: {value: 0}}})};
  }
  const limited = backendRequestMs !== undefined && backendRequestMs > 0;
  // A try that timed out counts as a reset; Envoy has no condition for it alone.
  const on = [
    ...notStarted,
    ...(limited ? ['reset'] : []),
    ...(retry.codes.length > 0 ? ['retriable-status-codes'] : []),
  ];
  return {
    ...timeout(requestMs),
    retryPolicy: {
      retryOn: on.join(','),
      numRetries: {value: retry.attempts},
      retriableStatusCodes: [...retry.codes],
      ...(limited && {perTryTimeout: duration(backendRequestMs)}),
      ...(retry.backoffMs !== undefined && retry.backoffMs > 0 && {retryBackOff: backOff(retry.backoffMs)}),
      ...elsewhere,
    },
  };
}

function backOff(milliseconds: number): envoy.config.route.v3.RetryPolicy.IRetryBackOff {
  return {baseInterval: duration(milliseconds)};
}

/** How long a stream may be silent where nothing else is said: Envoy's own default, which streams outlive. */
const defaultIdleMs = 300_000;

/**
 * Without a timeout in the rule there is none: the specification leaves it open, and Envoy's default of 15 s would
 * cut downloads and streams. What is silent for five minutes is cut all the same, unless the rule allows it more time.
 */
function timeout(milliseconds: number | undefined): RouteAction {
  const limit = {timeout: duration(milliseconds ?? 0)};
  if (milliseconds === undefined || (milliseconds > 0 && milliseconds <= defaultIdleMs)) return limit;
  return {...limit, idleTimeout: duration(milliseconds)};
}

/** The smaller limit; 0 is no limit. */
function shorter(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}
