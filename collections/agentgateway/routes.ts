/** One Route for each rule of a route on each listener that it is attached to. */
import {attachmentsByRoute} from '../gateway/attachments.ts';
import {parseBackendKey} from '../gateway/backends.ts';
import type {AttachmentRow, Mirror, RouteRuleRow} from '../gateway/ir.ts';
import {routeRules} from '../gateway/route-rules.ts';
import {type Collection, type Context, derive} from '../../src/krt/index.ts';
import {settings} from '../inputs.ts';
import {type ResourceRow, resourceRef} from '../resource.ts';
import {defaultSettings} from '../settings.ts';
import {addressType, type Route, routeResource} from './messages.ts';
import {listenerKey, routeKey, serviceHostname, serviceName} from './names.ts';
import {backendReference, routeBackends, withBackendFiltersLifted} from './route-backends.ts';
import {wireMatches} from './route-matches.ts';
import {trafficPolicies} from './route-policies.ts';

export const agentgatewayRoutes: Collection<ResourceRow> = derive('agentgateway-routes', {
  from: routeRules,
  reads: [attachmentsByRoute.of, settings],
  rows: (ctx, row) => {
    const parents = parentListeners(ctx, row.route);
    if (parents.length === 0) return undefined;
    const rule = withBackendFiltersLifted(row);
    const clusterDomain = ctx.get(settings, 'settings', (row) => row.clusterDomain) ?? defaultSettings.clusterDomain;
    const refs = serviceRefs(rule, clusterDomain);
    return parents.map(({gateway, name, port}) =>
      routeResource(
        gateway,
        {...routeBody(rule, port, clusterDomain), key: routeKey(rule, name), listenerKey: listenerKey(gateway, name)},
        refs,
      ),
    );
  },
});

/** All but the keys, which name the listener. */
function routeBody(rule: RouteRuleRow, port: number, clusterDomain: string): Route {
  const {kind, routeName, namespace, ruleName, hostnames, matches, invalid} = rule;
  const mirrorReference = (mirror: Mirror) => backendReference(mirror.target, clusterDomain);
  return {
    name: {kind, name: routeName, namespace, ...(ruleName !== undefined && {ruleName})},
    hostnames: [...hostnames],
    matches: wireMatches(matches),
    ...(invalid === undefined
      ? {
          backends: routeBackends(rule, port, clusterDomain),
          trafficPolicies: trafficPolicies(rule, {port, mirrorReference}),
        }
      : {trafficPolicies: [{directResponse: {status: 500}}]}),
  };
}

type ParentListener = {readonly gateway: string; readonly name: string; readonly port: number};

/** The listeners of agentgateway Gateways that a route is attached to, each once, however many parentRefs lead there. */
function parentListeners(ctx: Context, route: string): readonly ParentListener[] {
  const found = new Map<string, ParentListener>();
  for (const parents of ctx.list(attachmentsByRoute, route, agentgatewayParents)) {
    for (const parent of parents) found.set(listenerKey(parent.gateway, parent.name), parent);
  }
  return [...found.values()];
}

function agentgatewayParents({dialect, gateway, listeners}: AttachmentRow): readonly ParentListener[] {
  return dialect === 'agentgateway' ? listeners.map(({name, port}) => ({gateway, name, port})) : [];
}

/** The Services a route sends requests to: a proxy must have them before it gets the route. */
function serviceRefs({backends, filters}: RouteRuleRow, clusterDomain: string): readonly string[] {
  const mirrors = [filters, ...backends.map((backend) => backend.filters)].flatMap((each) => each.mirrors);
  const names = [...backends, ...mirrors].flatMap(({target}) => {
    if (target.kind !== 'backend') return [];
    const {namespace, service} = parseBackendKey(target.backend);
    return resourceRef(addressType, serviceName(namespace, serviceHostname(namespace, service, clusterDomain)));
  });
  return [...new Set(names)].sort();
}
