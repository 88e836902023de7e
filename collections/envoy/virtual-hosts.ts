import {envoy} from '../../src/gen/proto/envoy.js';
import {type Context, deriveOutputs, distinct, index, join, type Row} from '../../src/krt/index.ts';
import {settings} from '../inputs.ts';
import {gatewayScope, resourceRef, resourceRow, type ResourceRow} from '../resource.ts';
import {envoyListenerHosts, type ListenerHostRow} from './listener-hosts.ts';
import {parseHostKey, virtualHostName} from './names.ts';
import {concatMessages, resourceTypes} from './proto.ts';
import {defaultRetryPolicy} from './retry-policy.ts';
import {type EnvoyRouteRow, envoyRoutesByHost} from './routes.ts';

/** One row per VirtualHost, with nothing in it: comes and goes with the first and last thing that needs it. */
const hosts = join<Row>('envoy-hosts', [
  distinct('envoy-route-hosts', envoyRoutesByHost),
  distinct(
    'envoy-own-hosts',
    index(envoyListenerHosts, 'host', ({key}) => key),
  ),
]);

type Outputs = {readonly separate: ResourceRow; readonly contained: ResourceRow};

/**
 * VirtualHosts as resources, named `<RouteConfiguration>/<domain>`, put together from the routes' bytes. They refer to
 * the clusters that their routes use, and to the endpoints of these.
 */
const outputs = deriveOutputs<Row, Outputs>('envoy-virtual-hosts', {
  from: hosts,
  reads: [settings, envoyRoutesByHost.of, envoyListenerHosts],
  outputs: {separate: 'envoy-virtual-hosts', contained: 'envoy-contained-virtual-hosts'},
  rows: (ctx, {key}) => {
    const row = resourceOf(ctx, key);
    const contained = ctx.get(settings, 'settings', ({envoy}) => envoy.virtualHosts) === 'rds';
    return {separate: contained ? undefined : row, contained: contained ? row : undefined};
  },
});

/** Those that are sent on their own: all, unless the settings have them inside their RouteConfigurations. */
export const envoyVirtualHosts = outputs.separate;

/** Those inside RouteConfigurations, by `scope|parent`. */
export const envoyVirtualHostsByConfiguration = index(
  outputs.contained,
  'route-configuration',
  ({scope, parent}) => `${scope}|${parent ?? ''}`,
);

function resourceOf(ctx: Context, key: string): ResourceRow {
  const {gateway, routeConfiguration, domain} = parseHostKey(key);
  const routes = ctx.list(envoyRoutesByHost, key);
  const otherwise = ctx.get(envoyListenerHosts, key, (row) => row.otherwise);
  const name = virtualHostName(routeConfiguration, domain);
  return resourceRow({
    scope: gatewayScope('envoy', gateway),
    type: resourceTypes.virtualHost,
    name,
    bytes: virtualHost(name, domain, routes, otherwise),
    refs: references(routes),
    parent: resourceRef(resourceTypes.routeConfiguration, routeConfiguration),
  });
}

/**
 * Its own name is that of the resource: Envoy looks for one that is removed by it, and would otherwise keep it. Where
 * no route fits Envoy answers 404 by itself.
 */
function virtualHost(
  name: string,
  domain: string,
  routes: readonly EnvoyRouteRow[],
  otherwise: ListenerHostRow['otherwise'] | undefined,
): Uint8Array {
  const misdirected = routes.length === 0 && otherwise === 'misdirected';
  const {VirtualHost} = envoy.config.route.v3;
  const own = VirtualHost.encode({
    name,
    domains: [domain],
    ...(routes.length > 0 && {retryPolicy: defaultRetryPolicy}),
    ...(misdirected && {routes: [{match: {prefix: '/'}, directResponse: {status: 421}}]}),
  });
  const sorted = routes.toSorted((a, b) => (a.order < b.order ? -1 : 1));
  return concatMessages([own.finish(), ...sorted.map(({bytes}) => bytes)]);
}

function references(routes: readonly EnvoyRouteRow[]): readonly string[] {
  const clusters = new Set(routes.flatMap((route) => route.clusters));
  const {cluster, loadAssignment} = resourceTypes;
  return [...clusters].sort().flatMap((name) => [resourceRef(cluster, name), resourceRef(loadAssignment, name)]);
}
