import type {Reason} from '../../src/api/conditions.ts';
import type {
  BackendObjectReference,
  HTTPHeaderFilter,
  HTTPPathModifier,
  HTTPRouteFilter,
} from '../../src/gen/gateway-api.ts';
import type {BackendTarget, Cors, HeaderModifier, Mirror, PathModifier, Redirect, RouteFilters} from './ir.ts';

export const noFilters: RouteFilters = {mirrors: []};

/** Filters that a backendRef may have; what a rule alone may do cannot be done for a share of its requests. */
const backendFilters: ReadonlySet<string> = new Set(['RequestHeaderModifier', 'ResponseHeaderModifier', 'URLRewrite']);
const ruleFilters: ReadonlySet<string> = new Set([...backendFilters, 'RequestRedirect', 'RequestMirror', 'CORS']);

type Level = 'rule' | 'backend';

/** Why a list of filters cannot be done. None may be skipped (Gateway API v1, HTTPRouteFilter). */
export function filtersProblem(
  filters: readonly HTTPRouteFilter[],
  level: Level,
  onlyPrefixes: boolean,
): Reason | undefined {
  const known = level === 'rule' ? ruleFilters : backendFilters;
  const unknown = filters.find(({type}) => !known.has(type));
  if (unknown !== undefined) return {reason: 'UnsupportedValue', message: unsupported(unknown, level)};
  if (filters.some(({type}) => type === 'RequestRedirect') && filters.some(({type}) => type === 'URLRewrite')) {
    return {reason: 'IncompatibleFilters', message: 'RequestRedirect and URLRewrite cannot be combined'};
  }
  const paths = filters.flatMap(({requestRedirect, urlRewrite}) => [requestRedirect?.path, urlRewrite?.path]);
  if (!onlyPrefixes && paths.some((path) => path?.type === 'ReplacePrefixMatch')) {
    return {reason: 'UnsupportedValue', message: 'ReplacePrefixMatch needs matches of type PathPrefix'};
  }
  return undefined;
}

/** The first reference of filters to an object of a kind that is not known: none is (RouteReasonInvalidKind). */
export function extensionProblem(filters: readonly HTTPRouteFilter[], level: Level): Reason | undefined {
  const unknown = filters.find(({extensionRef}) => extensionRef !== undefined);
  return unknown && {reason: 'InvalidKind', message: unsupported(unknown, level)};
}

function unsupported({type, extensionRef: ref}: HTTPRouteFilter, level: Level): string {
  const what = ref === undefined ? '' : ` (${ref.kind} of group "${ref.group}")`;
  return `filter ${type}${what} is not supported${level === 'backend' ? ' on a backendRef' : ''}`;
}

/** Filters merged per kind; those that filtersProblem refuses are left out. */
export function routeFilters(
  filters: readonly HTTPRouteFilter[],
  resolve: (ref: BackendObjectReference) => BackendTarget,
): RouteFilters {
  const requestHeaders = mergeHeaders(filters.map(({requestHeaderModifier}) => requestHeaderModifier));
  const responseHeaders = mergeHeaders(filters.map(({responseHeaderModifier}) => responseHeaderModifier));
  const redirect = first(filters.map(redirectOf));
  const rewrite = first(filters.map(({urlRewrite}) => urlRewrite));
  const cors = first(filters.map(corsOf));
  return {
    ...(requestHeaders && {requestHeaders}),
    ...(responseHeaders && {responseHeaders}),
    ...(redirect && {redirect}),
    ...(rewrite && {
      rewrite: {
        ...(rewrite.hostname !== undefined && {hostname: rewrite.hostname}),
        ...pathOf(rewrite.path),
      },
    }),
    mirrors: filters.flatMap((filter) => mirrorOf(filter, resolve) ?? []),
    ...(cors && {cors}),
  };
}

const first = <T>(values: readonly (T | undefined)[]): T | undefined => values.find((value) => value !== undefined);

/** Of several entries for one header, whatever their case, the first counts. */
function mergeHeaders(filters: readonly (HTTPHeaderFilter | undefined)[]): HeaderModifier | undefined {
  const present = filters.filter((filter) => filter !== undefined);
  if (present.length === 0) return undefined;
  return {
    set: uniqueBy(
      present.flatMap(({set = []}) => set),
      ({name}) => name.toLowerCase(),
    ),
    add: uniqueBy(
      present.flatMap(({add = []}) => add),
      ({name}) => name.toLowerCase(),
    ),
    remove: uniqueBy(
      present.flatMap(({remove = []}) => remove),
      (name) => name.toLowerCase(),
    ),
  };
}

function uniqueBy<T>(values: readonly T[], nameOf: (value: T) => string): readonly T[] {
  const seen = new Map<string, T>();
  for (const value of values) if (!seen.has(nameOf(value))) seen.set(nameOf(value), value);
  return [...seen.values()];
}

function pathOf(path: HTTPPathModifier | undefined): {readonly path?: PathModifier} {
  if (path === undefined) return {};
  switch (path.type) {
    case 'ReplaceFullPath':
      return {path: {type: path.type, value: path.replaceFullPath ?? '/'}};
    case 'ReplacePrefixMatch':
      return {path: {type: path.type, value: path.replacePrefixMatch ?? '/'}};
  }
}

function redirectOf({requestRedirect}: HTTPRouteFilter): Redirect | undefined {
  if (requestRedirect === undefined) return undefined;
  const {scheme, hostname, path, port, statusCode} = requestRedirect;
  return {
    ...(scheme && {scheme}),
    ...(hostname !== undefined && {hostname}),
    ...pathOf(path),
    ...(port !== undefined && {port}),
    statusCode,
  };
}

function mirrorOf(
  {requestMirror}: HTTPRouteFilter,
  resolve: (ref: BackendObjectReference) => BackendTarget,
): Mirror | undefined {
  if (requestMirror === undefined) return undefined;
  const {backendRef, percent, fraction} = requestMirror;
  return {
    target: resolve(backendRef),
    numerator: fraction?.numerator ?? percent ?? 100,
    denominator: fraction?.denominator ?? 100,
  };
}

function corsOf({cors}: HTTPRouteFilter): Cors | undefined {
  return (
    cors && {
      allowOrigins: cors.allowOrigins ?? [],
      allowMethods: cors.allowMethods ?? [],
      allowHeaders: cors.allowHeaders ?? [],
      exposeHeaders: cors.exposeHeaders ?? [],
      allowCredentials: cors.allowCredentials ?? false,
      maxAge: cors.maxAge,
    }
  );
}
