/** Matches of a rule as the proxy wants them. */
import type {RouteMatch, StringMatch} from '../gateway/ir.ts';
import type {WireMatch} from './messages.ts';

export const wireMatches = (matches: readonly RouteMatch[]): WireMatch[] => matches.map(wireMatch);

function wireMatch({path, method, headers, queryParams}: RouteMatch): WireMatch {
  return {
    path: wirePath(path),
    ...(headers.length > 0 && {headers: headers.map(wireValue)}),
    ...(method !== undefined && {method: {exact: method}}),
    ...(queryParams.length > 0 && {queryParams: queryParams.map(wireValue)}),
  };
}

function wirePath({type, value}: RouteMatch['path']): NonNullable<WireMatch['path']> {
  switch (type) {
    case 'Exact':
      return {exact: withLeadingSlash(value)};
    case 'PathPrefix':
      return {pathPrefix: value === '/' ? '/' : withoutTrailingSlash(withLeadingSlash(value))};
    case 'RegularExpression':
      return {regex: value};
  }
}

function wireValue({name, type, value}: {readonly name: string} & StringMatch): {
  name: string;
  exact?: string;
  regex?: string;
} {
  switch (type) {
    case 'Exact':
      return {name, exact: value};
    case 'RegularExpression':
      return {name, regex: value};
  }
}

const withLeadingSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

export const withoutTrailingSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);
