import {conditionFalse, conditionTrue, type Reason} from '../../src/api/conditions.ts';
import {parseDuration} from '../../src/api/duration.ts';
import {normalizeHostname} from '../../src/api/hostname.ts';
import {kindKey, namespaceOf} from '../../src/api/refs.ts';
import type {HTTPRoute, HTTPRouteRule} from '../../src/gen/gateway-api.ts';
import {type Context, deriveOutputs, index} from '../../src/krt/index.ts';
import {httpRoutes} from '../inputs.ts';
import {attachmentsByRoute} from './attachments.ts';
import type {
  BackendTarget,
  DesiredCondition,
  RouteFilters,
  RouteMatch,
  RouteResolutionRow,
  RouteRuleRow,
  WeightedBackend,
} from './ir.ts';
import {resolveBackend, resolveBackends} from './rule-backends.ts';
import {extensionProblem, noFilters, routeFilters} from './rule-filters.ts';
import {routeMatches} from './rule-matches.ts';
import {ruleProblem} from './rule-problem.ts';

type Outputs = {readonly rules: RouteRuleRow; readonly resolutions: RouteResolutionRow};

const outputs = deriveOutputs<HTTPRoute, Outputs>('route-rules', {
  from: httpRoutes,
  outputs: {rules: 'route-rules', resolutions: 'route-resolutions'},
  rows: (ctx, route) => {
    // Where it is attached does not matter to the rules, only whether it is.
    const attached = ctx.list(attachmentsByRoute, kindKey(route), ({listeners}) => listeners.length > 0);
    if (attached.length === 0) return {rules: [], resolutions: undefined};
    const resolved = route.spec.rules.map((rule) => resolve(ctx, rule, namespaceOf(route)));
    const rules = route.spec.rules.flatMap((rule, i) => ruleRow(route, rule, i, resolved[i]) ?? []);
    return {
      rules: attached.includes(true) ? rules : [],
      resolutions: resolutionRow(route, resolved, rules),
    };
  },
});

/** Rules of attached HTTPRoutes, in the form that dialects read. */
export const routeRules = outputs.rules;

/** HTTPRoutes that name a managed Gateway: what became of their references and rules. */
export const routeResolutions = outputs.resolutions;

/** By `HTTPRoute/namespace/name`. */
export const routeRulesByRoute = index(routeRules, 'route', ({route}) => route);

/** By key of each backend that requests can go to, mirrored ones too. */
export const routeRulesByBackend = index(routeRules, 'backend', backendsOf);

type Resolved = {
  readonly backends: readonly WeightedBackend[];
  readonly filters: RouteFilters;
  readonly problem: Reason | undefined;
  /** A reference of its filters that leads nowhere. */
  readonly unresolved: Reason | undefined;
};

function resolve(ctx: Context, rule: HTTPRouteRule, namespace: string): Resolved {
  return {
    backends: resolveBackends(ctx, rule, namespace),
    filters: routeFilters(rule.filters ?? [], (ref) => resolveBackend(ctx, ref, namespace)),
    problem: ruleProblem(rule),
    unresolved: extensionProblem(rule.filters ?? [], 'rule'),
  };
}

/** Undefined where no match of the rule can be told to a proxy. */
function ruleRow(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  ruleIndex: number,
  resolved: Resolved | undefined,
): RouteRuleRow | undefined {
  const matches = routeMatches(rule.matches).filter((match): match is RouteMatch => typeof match !== 'string');
  if (matches.length === 0 || resolved === undefined) return undefined;
  const {backends, filters, problem} = resolved;
  return {
    key: `${kindKey(route)}/${String(ruleIndex).padStart(2, '0')}`,
    route: kindKey(route),
    namespace: namespaceOf(route),
    routeName: route.metadata.name,
    ruleIndex,
    ...(rule.name !== undefined && {ruleName: rule.name}),
    created: route.metadata.creationTimestamp ?? '',
    hostnames: [...new Set((route.spec.hostnames ?? []).map(normalizeHostname))],
    matches,
    ...(problem === undefined
      ? {filters, backends, ...timeoutsOf(rule), ...retryOf(rule)}
      : {filters: noFilters, backends: [], invalid: problem}),
  };
}

function timeoutsOf({timeouts}: HTTPRouteRule): Pick<RouteRuleRow, 'timeouts'> {
  const request = milliseconds(timeouts?.request);
  const backendRequest = milliseconds(timeouts?.backendRequest);
  if (request === undefined && backendRequest === undefined) return {};
  return {
    timeouts: {
      ...(request !== undefined && {requestMs: request}),
      ...(backendRequest !== undefined && {backendRequestMs: backendRequest}),
    },
  };
}

function retryOf({retry}: HTTPRouteRule): Pick<RouteRuleRow, 'retry'> {
  if (retry === undefined) return {};
  const {attempts, codes = [], backoff} = retry;
  const backoffMs = milliseconds(backoff);
  return {
    retry: {
      attempts,
      codes: [...new Set(codes)].toSorted((a, b) => a - b),
      ...(backoffMs !== undefined && {backoffMs}),
    },
  };
}

const milliseconds = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(text);

function resolutionRow(
  route: HTTPRoute,
  resolved: readonly Resolved[],
  rules: readonly RouteRuleRow[],
): RouteResolutionRow {
  return {
    key: kindKey(route),
    rules: resolved.length,
    invalidRules: resolved.flatMap(({problem}, ruleIndex) => (problem === undefined ? [] : {ruleIndex, ...problem})),
    resolvedRefs: resolvedRefs(resolved),
    backends: [...new Set(rules.flatMap(backendsOf))].toSorted(),
  };
}

function resolvedRefs(resolved: readonly Resolved[]): DesiredCondition {
  const broken = resolved.flatMap(({backends, filters, unresolved}, i): readonly Reason[] => {
    const targets = targetsOf(backends, filters).flatMap((target) => (target.kind === 'invalid' ? target : []));
    const all = unresolved === undefined ? targets : [unresolved, ...targets];
    return all.map(({reason, message}) => ({reason, message: `rules[${i}]: ${message}`}));
  });
  const [first] = broken;
  if (first === undefined) return conditionTrue('ResolvedRefs', 'ResolvedRefs');
  const messages = [...new Set(broken.map(({message}) => message))];
  return conditionFalse('ResolvedRefs', first.reason, messages.join('; '));
}

const targetsOf = (backends: readonly WeightedBackend[], filters: RouteFilters): readonly BackendTarget[] => [
  ...backends.flatMap((backend) => [backend.target, ...backend.filters.mirrors.map(({target}) => target)]),
  ...filters.mirrors.map(({target}) => target),
];

function backendsOf({backends, filters}: RouteRuleRow): readonly string[] {
  return targetsOf(backends, filters).flatMap((target) => (target.kind === 'backend' ? target.backend : []));
}
