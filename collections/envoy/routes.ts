import {hostnameCovers, hostnameRank} from '../../src/api/hostname.ts';
import {matchSortKey} from '../../src/api/match-order.ts';
import {envoy} from '../../src/gen/proto/envoy.js';
import {type Context, derive, index, type Row} from '../../src/krt/index.ts';
import {attachmentsByRoute} from '../gateway/attachments.ts';
import type {
  AttachedHostname,
  AttachedListener,
  AttachmentRow,
  PortListener,
  RouteMatch,
  RouteRuleRow,
} from '../gateway/ir.ts';
import {ports} from '../gateway/ports.ts';
import {routeRules} from '../gateway/route-rules.ts';
import {hostKey, routeConfigurationName} from './names.ts';
import {fraction} from './proto.ts';
import {dependsOnHostname, type RoutePlace} from './redirect.ts';
import {clustersOf, routeParts} from './route-action.ts';
import {routeMatch} from './route-match.ts';

/** One match of a rule under one VirtualHost. Key: `host|rule key|index of the match`. */
export type EnvoyRouteRow = {
  readonly key: string;
  /** The VirtualHost it belongs to (hostKey). */
  readonly host: string;
  /** The routes of a VirtualHost are tried in the order of these strings. */
  readonly order: string;
  /** Field `routes` of a VirtualHost with this match in it, encoded once and shared by all hosts where it is the same. */
  readonly bytes: Uint8Array;
  /** Names of the clusters it can send requests to. */
  readonly clusters: readonly string[];
};

/** Where a rule appears: in a VirtualHost, by the most specific of the route's hostnames that lead there. */
type Appearance = {readonly host: string; readonly own: string; readonly place: RoutePlace};

type ListenersOfPort = Row & {readonly listeners: readonly Pick<PortListener, 'key' | 'hostname'>[]};

/** What routes see of a port: certificates and addresses, which thousands of them would compare, stop here. */
const listenersOfPorts = derive('envoy-listeners-of-ports', {
  from: ports,
  rows: (_ctx, {key, dialect, listeners}): ListenersOfPort | undefined =>
    dialect === 'envoy'
      ? {key, listeners: listeners.map((listener) => ({key: listener.key, hostname: listener.hostname}))}
      : undefined,
});

/** Route parts of VirtualHosts. */
export const envoyRoutes = derive('envoy-routes', {
  from: routeRules,
  reads: [attachmentsByRoute.of, listenersOfPorts],
  rows: (ctx, rule): readonly EnvoyRouteRow[] => {
    const found = appearances(ctx, rule);
    if (found.length === 0) return [];
    const clusters = clustersOf(rule);
    return rule.matches.flatMap((match, matchIndex) => {
      const encoded = new Map<string, Uint8Array>();
      const sortKey = matchSortKey(match, rule, matchIndex);
      return found.map(({host, own, place}) => ({
        key: `${host}|${rule.key}|${matchIndex}`,
        host,
        order: `${hostnameRank(own)} ${sortKey}`,
        bytes: encodeOnce(encoded, rule, match, place),
        clusters,
      }));
    });
  },
});

/** By hostKey: what a VirtualHost is made of. */
export const envoyRoutesByHost = index(envoyRoutes, 'host', ({host}) => host);

function appearances(ctx: Context, rule: RouteRuleRow): readonly Appearance[] {
  const byHost = new Map<string, Appearance>();
  for (const {gateway, listeners} of ctx.list(attachmentsByRoute, rule.route, parent)) {
    for (const listener of listeners) {
      const configuration = routeConfigurationName(listener.port, listener);
      for (const {hostname, own} of listener.hostnames) {
        if (!belongsTo(ctx, gateway, listener, hostname)) continue;
        const host = hostKey(gateway, configuration, hostname);
        const before = byHost.get(host);
        if (before !== undefined && hostnameRank(before.own) <= hostnameRank(own)) continue;
        const {port, protocol} = listener;
        byHost.set(host, {host, own, place: {port, protocol, hostname}});
      }
    }
  }
  return [...byHost.values()];
}

/** What a route depends on of its attachments: whether they are accepted is told elsewhere. */
const parent = ({dialect, gateway, listeners}: AttachmentRow): Pick<AttachmentRow, 'gateway' | 'listeners'> => ({
  gateway,
  listeners: dialect === 'envoy' ? listeners.filter(carriesHttp) : [],
});

const carriesHttp = ({programmed, protocol}: AttachedListener): boolean =>
  programmed && (protocol === 'HTTP' || protocol === 'HTTPS');

/**
 * Listener isolation: a hostname belongs to the most specific listener of the port that covers it, and routes of the
 * others are not reached under it (Gateway API v1, Listener.hostname).
 */
function belongsTo(ctx: Context, gateway: string, listener: AttachedListener, hostname: AttachedHostname['hostname']) {
  const owner = ctx.get(listenersOfPorts, `${gateway}/${listener.port}`, (port) => ownerOf(port, hostname));
  return owner === listener.key;
}

/** Listeners come most specific first. */
const ownerOf = ({listeners}: ListenersOfPort, hostname: string): string | undefined =>
  listeners.find((listener) => hostnameCovers(listener.hostname, hostname))?.key;

/** Only redirects depend on where a route stands; all others are the same bytes everywhere. */
function encodeOnce(
  encoded: Map<string, Uint8Array>,
  rule: RouteRuleRow,
  match: RouteMatch,
  place: RoutePlace,
): Uint8Array {
  const redirects = [rule.filters, ...rule.backends.map(({filters}) => filters)].flatMap(
    ({redirect}) => redirect ?? [],
  );
  const variant =
    redirects.length === 0
      ? ''
      : `${place.protocol}|${place.port}|${redirects.some((redirect) => dependsOnHostname(redirect, place)) ? place.hostname : ''}`;
  const before = encoded.get(variant);
  if (before !== undefined) return before;
  const bytes = encodeRoutes(rule, match, place);
  encoded.set(variant, bytes);
  return bytes;
}

function encodeRoutes(rule: RouteRuleRow, match: RouteMatch, place: RoutePlace): Uint8Array {
  const matched = routeMatch(match);
  const routes = routeParts(rule, match, place).map(({route, upTo}) => ({
    name: `${rule.namespace}/${rule.routeName}/${rule.ruleName ?? rule.ruleIndex}`,
    match: upTo === 1 ? matched : {...matched, runtimeFraction: {defaultValue: fraction(upTo, 1)}},
    ...route,
  }));
  return envoy.config.route.v3.VirtualHost.encode({routes}).finish();
}
