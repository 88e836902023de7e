/** What a route does with a request: Route messages without their match. */
import {envoy} from '../../src/gen/proto/envoy.js';
import type {Mirror, RouteFilters, RouteMatch, RouteRuleRow, WeightedBackend} from '../gateway/ir.ts';
import {corsPolicy} from './cors-policy.ts';
import {headerMutations, hostSetBy, modifiesHeaders} from './header-mutations.ts';
import {clusterName, invalidBackendCluster} from './names.ts';
import {pathChange} from './path-modifier.ts';
import {corsFilterName, fraction} from './proto.ts';
import {redirectAction, type RoutePlace} from './redirect.ts';
import {retriesAndTimeouts} from './retry-policy.ts';

type Route = envoy.config.route.v3.IRoute;
type RouteAction = envoy.config.route.v3.IRouteAction;

/** One of the routes that a match becomes. */
export type RoutePart = {
  readonly route: Route;
  /** Share of the matching requests that it and the parts before it take, 1 for the last. */
  readonly upTo: number;
};

/** 503 is UNAVAILABLE to clients of gRPC, as GRPCRoute asks for; Envoy makes UNKNOWN of 500. */
const failing = ({kind}: RouteRuleRow): Route => ({directResponse: {status: kind === 'GRPCRoute' ? 503 : 500}});

/**
 * Mostly one part. Filters of a backend that Envoy has no place for among weighted clusters need a route per
 * backend: these are tried in turn with a cumulative fraction, and all draw the same random number.
 */
export function routeParts(rule: RouteRuleRow, match: RouteMatch, place: RoutePlace): readonly RoutePart[] {
  const {filters} = rule;
  if (rule.invalid !== undefined) return [{route: failing(rule), upTo: 1}];
  if (filters.redirect !== undefined) {
    const redirect = redirectAction(filters.redirect, match, place);
    return [{route: {redirect, ...routeFilters(filters)}, upTo: 1}];
  }
  const backends = rule.backends.filter(({weight}) => weight > 0);
  if (backends.length < 2 || !backends.some((backend) => needsRouteOfItsOwn(backend.filters))) {
    return [{route: forward(rule, match, place, backends), upTo: 1}];
  }
  const total = sum(backends);
  return backends.map((backend, index) => ({
    route: forward(rule, match, place, [backend]),
    upTo: sum(backends.slice(0, index + 1)) / total,
  }));
}

const sum = (backends: readonly WeightedBackend[]): number => backends.reduce((all, {weight}) => all + weight, 0);

function needsRouteOfItsOwn({redirect, rewrite, mirrors, cors}: RouteFilters): boolean {
  return redirect !== undefined || rewrite !== undefined || cors !== undefined || mirrors.length > 0;
}

/** Clusters that a rule sends requests or copies of them to, without duplicates. */
export function clustersOf(rule: RouteRuleRow): readonly string[] {
  if (rule.invalid !== undefined || rule.filters.redirect !== undefined) return [];
  const used = rule.backends.filter(({weight}) => weight > 0);
  const mirrors = [rule.filters, ...used.map(({filters}) => filters)].flatMap((filters) => filters.mirrors);
  const targets = [...used, ...mirrors].map(({target}) => target);
  return [...new Set(targets.flatMap((target) => (target.kind === 'backend' ? [clusterName(target.backend)] : [])))];
}

function forward(
  rule: RouteRuleRow,
  match: RouteMatch,
  place: RoutePlace,
  backends: readonly WeightedBackend[],
): Route {
  if (!backends.some(({target}) => target.kind === 'backend')) return failing(rule);
  const [only] = backends;
  if (backends.length > 1 || only?.target.kind !== 'backend') {
    const several = {...weighted(rule, backends), ...common(rule, rule.filters, match)};
    const filters = backends.some((backend) => modifiesHeaders(backend.filters))
      ? withoutHeaders(rule.filters)
      : rule.filters;
    return {route: several, ...routeFilters(filters)};
  }
  if (only.filters.redirect !== undefined) {
    return {redirect: redirectAction(only.filters.redirect, match, place), ...routeFilters(rule.filters, only.filters)};
  }
  const filters: RouteFilters = {
    ...rule.filters,
    ...only.filters,
    rewrite: {...rule.filters.rewrite, ...only.filters.rewrite},
    mirrors: [...rule.filters.mirrors, ...only.filters.mirrors],
  };
  const host = filters.rewrite?.hostname ?? hostSetBy(only.filters) ?? hostSetBy(rule.filters);
  const route: RouteAction = {
    cluster: clusterName(only.target.backend),
    ...common(rule, filters, match),
    ...(host !== undefined && {hostRewriteLiteral: host}),
  };
  return {route, ...routeFilters(rule.filters, only.filters)};
}

/** Header modifiers and CORS, which Envoy keeps beside the action; of a rule, and where there is one of its only backend. */
function routeFilters(...filters: readonly RouteFilters[]): Route {
  const cors = filters.findLast((each) => each.cors !== undefined)?.cors;
  return {
    ...headerMutations(...filters),
    ...(cors && {typedPerFilterConfig: {[corsFilterName]: corsPolicy(cors)}}),
  };
}

const withoutHeaders = ({requestHeaders: _request, responseHeaders: _response, ...rest}: RouteFilters): RouteFilters =>
  rest;

/** Of actions with one cluster and with several. */
function common(rule: RouteRuleRow, filters: RouteFilters, match: RouteMatch): RouteAction {
  return {
    ...pathChange(filters.rewrite?.path, match.path),
    requestMirrorPolicies: filters.mirrors.flatMap(mirrorPolicy),
    ...retriesAndTimeouts(rule),
  };
}

function weighted({kind, filters}: RouteRuleRow, backends: readonly WeightedBackend[]): RouteAction {
  const {INTERNAL_SERVER_ERROR} = envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
  // Without a code it is 503.
  const isWrongOtherwise = kind === 'HTTPRoute' && backends.some(({target}) => target.kind === 'invalid');
  const modified = backends.some((backend) => modifiesHeaders(backend.filters));
  const host = filters.rewrite?.hostname ?? hostSetBy(filters);
  // Header modifiers of the rule come before those of a backend, and so does its Host: they move to where those are.
  const clusters = backends.map(({weight, target, filters: own}) => {
    const hostRewriteLiteral = modified ? (hostSetBy(own) ?? host) : undefined;
    return {
      name: target.kind === 'backend' ? clusterName(target.backend) : invalidBackendCluster,
      weight: {value: weight},
      ...(modified && headerMutations(filters, own)),
      ...(hostRewriteLiteral !== undefined && {hostRewriteLiteral}),
    };
  });
  return {
    weightedClusters: {clusters},
    ...(!modified && host !== undefined && {hostRewriteLiteral: host}),
    ...(isWrongOtherwise && {clusterNotFoundResponseCode: INTERNAL_SERVER_ERROR}),
  };
}

function mirrorPolicy({
  target,
  numerator,
  denominator,
}: Mirror): envoy.config.route.v3.RouteAction.IRequestMirrorPolicy[] {
  if (target.kind === 'invalid') return [];
  const share = numerator >= denominator ? {} : {runtimeFraction: {defaultValue: fraction(numerator, denominator)}};
  return [{cluster: clusterName(target.backend), disableShadowHostSuffixAppend: true, ...share}];
}
