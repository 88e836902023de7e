import type {Reason} from '../../src/api/conditions.ts';
import {parseDuration} from '../../src/api/duration.ts';
import type {HTTPRouteRule} from '../../src/gen/gateway-api.ts';
import {filtersProblem} from './rule-filters.ts';
import {routeMatches} from './rule-matches.ts';

/**
 * Why a rule of an HTTPRoute cannot be done as a whole, by its text alone. A reference that leads nowhere, or a
 * filter of a backendRef that is not supported, costs only its share of the requests and is not told here.
 */
export function ruleProblem(rule: HTTPRouteRule): Reason | undefined {
  const badMatch = routeMatches(rule.matches).find((match) => typeof match === 'string');
  if (badMatch !== undefined) return {reason: 'UnsupportedValue', message: badMatch};
  return filtersProblem(rule.filters ?? [], 'rule', matchesOnlyPrefixes(rule)) ?? durationProblem(rule);
}

/** Whether a path can be replaced by its prefix, whichever match a request took. */
export const matchesOnlyPrefixes = ({matches}: HTTPRouteRule): boolean =>
  matches.every(({path}) => path.type === 'PathPrefix');

function durationProblem({timeouts, retry}: HTTPRouteRule): Reason | undefined {
  const durations = [timeouts?.request, timeouts?.backendRequest, retry?.backoff];
  const bad = durations.find((text) => text !== undefined && parseDuration(text) === undefined);
  return bad === undefined ? undefined : {reason: 'UnsupportedValue', message: `${bad} is not a duration`};
}
