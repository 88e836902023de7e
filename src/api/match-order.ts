/** Precedence of HTTP route matches (Gateway API v1, HTTPRouteRule.matches) as a sort key. */

type PathType = 'Exact' | 'PathPrefix' | 'RegularExpression';

export type OrderedMatch = {
  readonly path: {readonly type: PathType; readonly value: string};
  readonly method?: string;
  readonly headers: readonly unknown[];
  readonly queryParams: readonly unknown[];
  /** Of a GRPCRoute: how many characters of the service and of the method it names. */
  readonly named?: {readonly service: number; readonly method: number};
};

export type OrderedRule = {
  /** RFC 3339, `''` when unknown: those come first and are ordered by name. */
  readonly created: string;
  readonly namespace: string;
  readonly routeName: string;
  readonly ruleIndex: number;
};

/**
 * Of two matches that both fit a request, the one whose key sorts earlier (as strings) wins: exact path; longest
 * prefix; method; more headers; more query parameters; older route; `namespace/name`; rule; match. Regular
 * expressions, whose place the specification leaves open, are ordered by the length of their pattern together with
 * prefixes, which is also what agentgateway does. Matches of GRPCRoutes are compared by what they name instead of the path;
 * they do not meet those of HTTPRoutes under one hostname. Own hostnames come before all of this: put hostnameRank in front.
 */
export function matchSortKey(match: OrderedMatch, rule: OrderedRule, matchIndex: number): string {
  const path = match.named === undefined ? pathRank(match.path) : namedRank(match.named);
  const method = match.method === undefined ? '1' : '0';
  const specificity = `${path}${method}${descending(match.headers.length, 2)}${descending(match.queryParams.length, 2)}`;
  return `${specificity} ${ruleSortKey(rule)} ${ascending(matchIndex)}`;
}

const pathRank = ({type, value}: OrderedMatch['path']): string =>
  type === 'Exact' ? '00000' : `1${descending(value.length, 4)}`;

/** More characters of the service, then of the method (Gateway API v1, GRPCRouteRule.matches). */
const namedRank = ({service, method}: NonNullable<OrderedMatch['named']>): string =>
  `1${descending(service, 4)}${descending(method, 4)}`;

/** Age, name and rule index, for things that are ordered by their rule alone. A space sorts before all of a name. */
export function ruleSortKey({created, namespace, routeName, ruleIndex}: OrderedRule): string {
  return `${created} ${namespace}/${routeName} ${ascending(ruleIndex)}`;
}

function descending(length: number, digits: number): string {
  const most = 10 ** digits - 1;
  return String(most - Math.min(length, most)).padStart(digits, '0');
}

const ascending = (position: number): string => String(position).padStart(3, '0');
