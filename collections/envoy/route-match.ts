/** HTTPRouteMatch as Envoy's RouteMatch (Gateway API v1, HTTPRouteMatch). */
import type {envoy} from '../../src/gen/proto/envoy.js';
import type {RouteMatch, StringMatch} from '../gateway/ir.ts';

type Match = envoy.config.route.v3.IRouteMatch;

export function routeMatch(match: RouteMatch): Match {
  const method = match.method === undefined ? [] : [{name: ':method', stringMatch: {exact: match.method}}];
  return {
    ...pathMatch(match.path),
    headers: [...method, ...match.headers.map((header) => ({name: header.name, stringMatch: stringMatcher(header)}))],
    queryParameters: match.queryParams.map((query) => ({name: query.name, stringMatch: stringMatcher(query)})),
  };
}

/** `/foo/` and `/foo` are the same prefix; `''` stands for `/`, under which every path lies. */
export function prefixWithoutSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '');
}

function pathMatch(path: RouteMatch['path']): Match {
  switch (path.type) {
    case 'Exact':
      return {path: path.value};
    case 'RegularExpression':
      return {safeRegex: {regex: path.value}};
    case 'PathPrefix': {
      const prefix = prefixWithoutSlash(path.value);
      return prefix === '' ? {prefix: '/'} : {pathSeparatedPrefix: prefix};
    }
  }
}

function stringMatcher(match: StringMatch): envoy.type.matcher.v3.IStringMatcher {
  switch (match.type) {
    case 'Exact':
      return {exact: match.value};
    case 'RegularExpression':
      return {safeRegex: {regex: match.value}};
  }
}
