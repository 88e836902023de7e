import {compileRegex} from '../../src/api/regex.ts';
import type {HTTPRouteMatch} from '../../src/gen/gateway-api.ts';
import type {RouteMatch, StringMatch} from './ir.ts';

type NamedMatch = {readonly name: string} & StringMatch;

const everything: HTTPRouteMatch = {path: {type: 'PathPrefix', value: '/'}};

/** What matches of a rule say in the form that dialects read, or why one of them cannot be done. */
export function routeMatches(matches: readonly HTTPRouteMatch[]): readonly (RouteMatch | string)[] {
  return (matches.length === 0 ? [everything] : matches).map(routeMatch);
}

function routeMatch({path, method, headers = [], queryParams = []}: HTTPRouteMatch): RouteMatch | string {
  const problem =
    regexProblem('path', path) ??
    firstProblem(headers.map((header) => regexProblem(`header ${header.name}`, header))) ??
    firstProblem(queryParams.map((param) => regexProblem(`query parameter ${param.name}`, param)));
  if (problem !== undefined) return problem;
  return {
    // A slash at the end of a prefix means nothing (HTTPPathMatch, PathPrefix).
    path: path.type === 'PathPrefix' ? {type: path.type, value: path.value.replace(/(.)\/$/, '$1')} : path,
    ...(method && {method}),
    headers: unique(headers.map((header) => ({...header, name: header.name.toLowerCase()}))),
    queryParams: unique(queryParams),
  };
}

const firstProblem = (problems: readonly (string | undefined)[]): string | undefined =>
  problems.find((problem) => problem !== undefined);

function regexProblem(
  what: string,
  {type, value}: {readonly type: string; readonly value: string},
): string | undefined {
  switch (type) {
    case 'Exact':
    case 'PathPrefix':
      return undefined;
    case 'RegularExpression': {
      const problem = compileRegex(value);
      return problem === undefined
        ? undefined
        : `${what}: ${JSON.stringify(value)} is not an RE2 expression: ${problem}`;
    }
    default:
      return `${what}: match type ${type} is not supported`;
  }
}

/** Of several entries with one name the first counts. */
function unique(matches: readonly NamedMatch[]): readonly NamedMatch[] {
  return matches.filter(({name}, i) => matches.findIndex((other) => other.name === name) === i);
}
