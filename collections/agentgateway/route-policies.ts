/**
 * Filters, timeouts and retries as the proxy's policies. It takes one entry of a kind and drops the others, and takes
 * a timeout of zero literally, so nothing is sent twice and no zero at all.
 */
import type {Cors, HeaderModifier, Mirror, Redirect, Rewrite, RouteFilters, RouteRuleRow} from '../gateway/ir.ts';
import type {BackendPolicy, BackendReference, TrafficPolicy, WireHeaderModifier} from './messages.ts';
import {withoutTrailingSlash} from './route-matches.ts';

/** The wire's word for a mirror's backend; undefined = it has none, and nothing is mirrored. */
type MirrorReference = (mirror: Mirror) => BackendReference | undefined;

type Placement = {readonly port: number; readonly mirrorReference: MirrorReference};
type RulePolicies = Pick<RouteRuleRow, 'filters' | 'timeouts' | 'retry'>;

/** Policies of a rule on a listener of that port. */
export function trafficPolicies({filters, timeouts, retry}: RulePolicies, placement: Placement): TrafficPolicy[] {
  const {redirect, rewrite, cors, requestHeaders, responseHeaders} = filters;
  const mirrors = wireMirrors(filters, placement.mirrorReference);
  const timeout = wireTimeout(timeouts);
  return [
    redirect && {requestRedirect: wireRedirect(redirect, placement.port)},
    rewrite && {urlRewrite: wireRewrite(rewrite)},
    cors && {cors: wireCors(cors)},
    requestHeaders && {requestHeaderModifier: wireHeaders(requestHeaders)},
    responseHeaders && {responseHeaderModifier: wireHeaders(responseHeaders)},
    mirrors && {requestMirror: mirrors},
    timeout && {timeout},
    retry && retry.attempts > 0 && {retry: wireRetry(retry)},
  ].filter(isPresent);
}

/** Policies of one backend of a rule. There is no place for a rewrite or CORS here: see `hasUnsupported`. */
export function backendPolicies(filters: RouteFilters, {port, mirrorReference}: Placement): BackendPolicy[] {
  const {redirect, requestHeaders, responseHeaders} = filters;
  const mirrors = wireMirrors(filters, mirrorReference);
  return [
    redirect && {requestRedirect: wireRedirect(redirect, port)},
    requestHeaders && {requestHeaderModifier: wireHeaders(requestHeaders)},
    responseHeaders && {responseHeaderModifier: wireHeaders(responseHeaders)},
    mirrors && {requestMirror: mirrors},
  ].filter(isPresent);
}

/** Whether backend filters ask for what the proxy does for whole rules only. */
export const hasUnsupported = ({rewrite, cors}: RouteFilters): boolean => rewrite !== undefined || cors !== undefined;

const isPresent = <T>(value: T | false | undefined): value is T => value !== undefined && value !== false;

/** The proxy derives no port: it is that of the scheme, or of the listener where the scheme stays. */
function wireRedirect(
  {scheme, hostname, path, port, statusCode}: Redirect,
  listenerPort: number,
): NonNullable<TrafficPolicy['requestRedirect']> {
  return {
    ...(scheme !== undefined && {scheme}),
    ...(hostname !== undefined && {host: hostname}),
    ...wirePathModifier(path),
    port: port ?? (scheme === undefined ? listenerPort : wellKnownPort[scheme]),
    status: statusCode,
  };
}

const wellKnownPort = {http: 80, https: 443} as const;

const wireRewrite = ({hostname, path}: Rewrite): NonNullable<TrafficPolicy['urlRewrite']> => ({
  ...(hostname !== undefined && {host: hostname}),
  ...wirePathModifier(path),
});

function wirePathModifier(path: Rewrite['path']): {full?: string; prefix?: string} {
  switch (path?.type) {
    case undefined:
      return {};
    case 'ReplaceFullPath':
      return {full: withoutTrailingSlash(path.value)};
    case 'ReplacePrefixMatch':
      return {prefix: withoutTrailingSlash(path.value)};
  }
}

const wireCors = (cors: Cors): NonNullable<TrafficPolicy['cors']> => ({
  allowCredentials: cors.allowCredentials,
  allowHeaders: [...cors.allowHeaders],
  allowMethods: [...cors.allowMethods],
  allowOrigins: [...cors.allowOrigins],
  exposeHeaders: [...cors.exposeHeaders],
  maxAge: {seconds: cors.maxAge},
});

const wireHeaders = ({add, set, remove}: HeaderModifier): WireHeaderModifier => ({
  add: add.map(({name, value}) => ({name, value})),
  set: set.map(({name, value}) => ({name, value})),
  remove: [...remove],
});

/** A mirror without backend is left out: the request itself is not harmed. */
function wireMirrors(
  {mirrors}: RouteFilters,
  reference: MirrorReference,
): NonNullable<TrafficPolicy['requestMirror']> | undefined {
  const sent = mirrors.flatMap((mirror) => {
    const backend = reference(mirror);
    return backend === undefined ? [] : [{backend, percentage: (mirror.numerator / mirror.denominator) * 100}];
  });
  return sent.length === 0 ? undefined : {mirrors: sent};
}

function wireTimeout(timeouts: RouteRuleRow['timeouts']): NonNullable<TrafficPolicy['timeout']> | undefined {
  const {requestMs = 0, backendRequestMs = 0} = timeouts ?? {};
  if (requestMs === 0 && backendRequestMs === 0) return undefined;
  return {
    ...(requestMs > 0 && {request: wireDuration(requestMs)}),
    ...(backendRequestMs > 0 && {backendRequest: wireDuration(backendRequestMs)}),
  };
}

/** The proxy counts attempts in a byte. */
const maxAttempts = 255;

const wireRetry = ({
  attempts,
  codes,
  backoffMs,
}: NonNullable<RouteRuleRow['retry']>): NonNullable<TrafficPolicy['retry']> => ({
  retryStatusCodes: [...codes],
  attempts: Math.min(attempts, maxAttempts),
  ...(backoffMs !== undefined && backoffMs > 0 && {backoff: wireDuration(backoffMs)}),
});

const wireDuration = (milliseconds: number): {seconds: number; nanos: number} => ({
  seconds: Math.floor(milliseconds / 1000),
  nanos: Math.round((milliseconds % 1000) * 1_000_000),
});
