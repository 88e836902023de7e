import {conditionFalse, conditionTrue, type Reason} from '../../src/api/conditions.ts';
import {parseDuration} from '../../src/api/duration.ts';
import {normalizeHostname} from '../../src/api/hostname.ts';
import {kindKey, namespaceOf} from '../../src/api/refs.ts';
import type {KubeObject} from '../../src/api/object.ts';
import type {HTTPRouteRule} from '../../src/gen/gateway-api.ts';
import {type Collection, type Context, deriveOutputs, index, type Input, union} from '../../src/krt/index.ts';
import {grpcRoutes, httpRoutes} from '../inputs.ts';
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
import {grpcRuleProblem, httpRuleOf, namedCharacters, type NamedCharacters} from './grpc-rules.ts';
import {type Referrer, resolveBackend, resolveBackends} from './rule-backends.ts';
import {extensionProblem, noFilters, routeFilters} from './rule-filters.ts';
import {routeMatches} from './rule-matches.ts';
import {ruleProblem} from './rule-problem.ts';

type Outputs = {readonly rules: RouteRuleRow; readonly resolutions: RouteResolutionRow};

/** A rule as one of an HTTPRoute, whatever the route is. */
type AnyRule = {
  readonly rule: HTTPRouteRule;
  /** Why it cannot be done as a whole. */
  readonly problem: Reason | undefined;
  readonly named?: readonly NamedCharacters[];
};

/** Where the rules of a kind of routes come from. */
type Kind<T> = {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
  readonly from: Input<T>;
  readonly rulesOf: (route: T) => readonly AnyRule[];
};

type WithHostnames = KubeObject & {readonly spec: {readonly hostnames?: readonly string[]}};

function rulesOf<T extends WithHostnames>(name: string, {kind, from, rulesOf}: Kind<T>) {
  return deriveOutputs<T, Outputs>(name, {
    from,
    outputs: {rules: `${name}-rules`, resolutions: `${name}-resolutions`},
    rows: (ctx, route) => {
      // Where it is attached does not matter to the rules, only whether it is.
      const attached = ctx.list(attachmentsByRoute, kindKey(route), ({listeners}) => listeners.length > 0);
      if (attached.length === 0) return {rules: [], resolutions: undefined};
      const found = rulesOf(route);
      const resolved = found.map((rule) => resolve(ctx, rule, {kind, namespace: namespaceOf(route)}));
      const rules = found.flatMap((rule, i) => ruleRow(route, kind, rule, i, resolved[i]) ?? []);
      return {
        rules: attached.includes(true) ? rules : [],
        resolutions: resolutionRow(route, resolved, rules),
      };
    },
  });
}

const ofHttpRoutes = rulesOf('http-route', {
  kind: 'HTTPRoute',
  from: httpRoutes,
  rulesOf: ({spec}) => spec.rules.map((rule) => ({rule, problem: ruleProblem(rule)})),
});

const ofGrpcRoutes = rulesOf('grpc-route', {
  kind: 'GRPCRoute',
  from: grpcRoutes,
  rulesOf: ({spec}) =>
    (spec.rules ?? []).map((rule) => ({
      rule: httpRuleOf(rule),
      problem: grpcRuleProblem(rule),
      named: (rule.matches ?? []).map(namedCharacters),
    })),
});

/** Rules of attached HTTPRoutes and GRPCRoutes, in the form that dialects read. */
export const routeRules: Collection<RouteRuleRow> = union('route-rules', [ofHttpRoutes.rules, ofGrpcRoutes.rules]);

/** Routes that name a managed Gateway: what became of their references and rules. */
export const routeResolutions: Collection<RouteResolutionRow> = union('route-resolutions', [
  ofHttpRoutes.resolutions,
  ofGrpcRoutes.resolutions,
]);

/** By `Kind/namespace/name`. */
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

function resolve(ctx: Context, {rule, problem}: AnyRule, from: Referrer): Resolved {
  return {
    backends: resolveBackends(ctx, rule, from),
    filters: routeFilters(rule.filters ?? [], (ref) => resolveBackend(ctx, ref, from)),
    problem,
    unresolved: extensionProblem(rule.filters ?? [], 'rule'),
  };
}

/** Undefined where no match of the rule can be told to a proxy. */
function ruleRow(
  route: WithHostnames,
  kind: RouteRuleRow['kind'],
  {rule, named}: AnyRule,
  ruleIndex: number,
  resolved: Resolved | undefined,
): RouteRuleRow | undefined {
  const matches = routeMatches(rule.matches).flatMap((match, i): readonly RouteMatch[] => {
    const characters = named?.[i];
    return typeof match === 'string' ? [] : [characters === undefined ? match : {...match, named: characters}];
  });
  if (matches.length === 0 || resolved === undefined) return undefined;
  const {backends, filters, problem} = resolved;
  return {
    key: `${kindKey(route)}/${String(ruleIndex).padStart(2, '0')}`,
    route: kindKey(route),
    kind,
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
  route: KubeObject,
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
