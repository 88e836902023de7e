/**
 * GRPCRoutes as what they are on the wire: requests of HTTP/2 with the path `/package.Service/Method`. Everything behind this
 * file knows rules of HTTP only.
 */
import type {Reason} from '../../src/api/conditions.ts';
import {compileRegex} from '../../src/api/regex.ts';
import type {
  GRPCMethodMatch,
  GRPCRouteMatch,
  GRPCRouteRule,
  HTTPPathMatch,
  HTTPRouteMatch,
  HTTPRouteRule,
} from '../../src/gen/gateway-api.ts';
import {ruleProblem} from './rule-problem.ts';

/** The same as a rule of an HTTPRoute. */
export function httpRuleOf({matches = [], ...rule}: GRPCRouteRule): HTTPRouteRule {
  return {...rule, matches: matches.map(httpMatchOf)};
}

/** Why a rule cannot be done as a whole, by its text alone. */
export function grpcRuleProblem(rule: GRPCRouteRule): Reason | undefined {
  for (const {method} of rule.matches ?? []) {
    if (method?.type !== 'RegularExpression') continue;
    for (const field of ['service', 'method'] as const) {
      const problem = method[field] === undefined ? undefined : compileRegex(method[field]);
      if (problem === undefined) continue;
      const message = `method.${field}: ${JSON.stringify(method[field])} is not an RE2 expression: ${problem}`;
      return {reason: 'UnsupportedValue', message};
    }
  }
  return ruleProblem(httpRuleOf(rule));
}

/** How many characters of a path a match names: of the service, and of the method. */
export type NamedCharacters = {readonly service: number; readonly method: number};

/** What decides between matches of GRPCRoutes, before headers (Gateway API v1, GRPCRouteRule.matches). */
export const namedCharacters = ({method}: GRPCRouteMatch): NamedCharacters => ({
  service: method?.service?.length ?? 0,
  method: method?.method?.length ?? 0,
});

function httpMatchOf({method, headers = []}: GRPCRouteMatch): HTTPRouteMatch {
  return {path: pathOf(method), headers: headers.map((header) => ({...header}))};
}

const anyName = '[^/]+';

function pathOf(match: GRPCMethodMatch | undefined): HTTPPathMatch {
  const {service = '', method = '', type = 'Exact'} = match ?? {};
  if (service === '' && method === '') return {type: 'PathPrefix', value: '/'};
  switch (type) {
    case 'Exact':
      if (method === '') return {type: 'PathPrefix', value: `/${service}`};
      return service === ''
        ? {type: 'RegularExpression', value: `/${anyName}/${quoted(method)}`}
        : {type: 'Exact', value: `/${service}/${method}`};
    case 'RegularExpression':
      return {type: 'RegularExpression', value: `/${group(service)}/${group(method)}`};
  }
}

/** An alternation must not reach beyond its part of the path. */
const group = (pattern: string): string => (pattern === '' ? anyName : `(?:${pattern})`);

const quoted = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
