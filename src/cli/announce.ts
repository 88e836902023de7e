/** What `sluice run` prints when it serves: where it listens, what is programmed, and a request to try. */
import {attachments} from '../../collections/gateway/attachments.ts';
import {attachedRoutes} from '../../collections/gateway/attached-routes.ts';
import {listeners} from '../../collections/gateway/listeners.ts';
import type {ListenerRow} from '../../collections/gateway/ir.ts';
import {routeRules} from '../../collections/gateway/route-rules.ts';
import {infra} from '../../collections/index.ts';
import type {App, Endpoints} from '../app.ts';
import type {StaticConfig} from '../config/static-config.ts';
import type {Graph} from '../krt/index.ts';
import {count} from './count.ts';

export function announce(app: App, config: StaticConfig, endpoints: Endpoints, version: string): string {
  const {graph} = app;
  const {proxies, problems, paths, cluster, hint} = app.status();
  const lines = [
    `sluice ${version}`,
    ...(cluster === undefined ? [] : [`  cluster    ${cluster}`]),
    ...(paths.length === 0 ? [] : [`  manifests  ${paths.join(', ')}`]),
    ...(problems.length === 0 ? [] : [`             ${count(problems.length, 'problem')}, see the log`]),
    ...(config.collections.length === 0 ? [] : [`  extensions ${config.collections.join(', ')}`]),
    `  xDS        ${endpoints.xds}`,
    `  admin      http://${endpoints.admin}/`,
  ];
  for (const gateway of graph.list(infra)) {
    const proxy = proxies.find((view) => view.gateway === gateway.key);
    const state =
      gateway.dialect === 'agentgateway'
        ? 'served to the agentgateway proxies that connect'
        : (proxy?.problem ?? proxy?.state ?? 'no Envoy is run for it');
    lines.push('', `Gateway ${gateway.key} (${gateway.dialect}): ${state}`);
    for (const listener of graph.list(listeners).filter((row) => row.gateway === gateway.key)) {
      lines.push(`  ${listenerLine(graph, listener, gateway.addresses[0])}`);
    }
  }
  if (hint !== undefined) lines.push('', hint);
  const request = proxies.some(({state}) => state === 'serving') ? requestToTry(graph) : undefined;
  if (request !== undefined) lines.push('', `Try:  ${request}`);
  return `\n${lines.join('\n')}\n\n`;
}

function listenerLine(graph: Graph, listener: ListenerRow, address = '0.0.0.0'): string {
  const {name, protocol, port, hostname, programmed, conditions} = listener;
  const routes = graph.get(attachedRoutes, listener.key)?.routes ?? 0;
  const why = conditions.find(({type, status}) => (type === 'Conflicted' ? status === 'True' : status === 'False'));
  const fate = programmed
    ? count(routes, 'route')
    : `not programmed: ${why?.reason ?? ''} ${why?.message ?? ''}`.trimEnd();
  return `${name.padEnd(10)} ${protocol.padEnd(5)} ${address}:${port}${hostname === '' ? '' : `  ${hostname}`}  ${fate}`;
}

/** A curl command for a route of an HTTP listener of an Envoy Gateway; one without a hostname is preferred. */
export function requestToTry(graph: Pick<Graph, 'get' | 'list'>): string | undefined {
  const paths = simplePaths(graph);
  const requests = graph.list(attachments).flatMap((attachment) => {
    const gateway = graph.get(infra, attachment.gateway);
    const path = paths.get(attachment.route);
    if (gateway?.dialect !== 'envoy' || path === undefined) return [];
    return attachment.listeners
      .filter(({protocol, programmed}) => programmed && protocol === 'HTTP')
      .flatMap(({port, hostnames}) =>
        hostnames.map(({hostname}) => {
          const host = hostname === '' ? '' : `-H 'Host: ${hostname.replace('*', 'www')}' `;
          return {hostname, path, command: `curl ${host}http://${gateway.addresses[0] ?? '127.0.0.1'}:${port}${path}`};
        }),
      );
  });
  const [best] = requests.toSorted(
    (a, b) =>
      a.hostname.length - b.hostname.length || a.path.length - b.path.length || (a.command < b.command ? -1 : 1),
  );
  return best?.command;
}

/** By route, the shortest path that some rule of it matches and that nothing else is needed for. */
function simplePaths(graph: Pick<Graph, 'list'>): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const {route, matches} of graph.list(routeRules)) {
    for (const {path, headers, queryParams, method} of matches) {
      const needsMore = headers.length > 0 || queryParams.length > 0 || (method ?? 'GET') !== 'GET';
      if (needsMore || path.type === 'RegularExpression') continue;
      const shortest = paths.get(route);
      if (shortest === undefined || path.value.length < shortest.length) paths.set(route, path.value);
    }
  }
  return paths;
}
