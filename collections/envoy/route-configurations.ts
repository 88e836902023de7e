import {envoy} from '../../src/gen/proto/envoy.js';
import {type Context, derive, distinct, index} from '../../src/krt/index.ts';
import {ports} from '../gateway/ports.ts';
import {settings} from '../inputs.ts';
import {gatewayScope, resourceRef, resourceRow, type ResourceRow} from '../resource.ts';
import {terminatesHttps} from './listener-kind.ts';
import {parseRouteConfigurationKey, routeConfigurationKey, routeConfigurationName} from './names.ts';
import {adsSource, resourceTypes} from './proto.ts';
import {envoyVirtualHostsByConfiguration} from './virtual-hosts.ts';

/** `Gateway|name`: all that a RouteConfiguration depends on of its listeners, so that edits of these do not encode it anew. */
const configurations = distinct(
  'envoy-route-configuration-names',
  index(ports, 'route-configuration', ({dialect, gateway, kind, port, listeners}) => {
    if (dialect !== 'envoy') return [];
    const served = kind === 'HTTP' ? listeners : listeners.filter(terminatesHttps);
    return served.map((listener) => routeConfigurationKey(gateway, routeConfigurationName(port, listener)));
  }),
);

/**
 * RouteConfigurations: `http-<port>` for all plain HTTP listeners of a port, `https-<port>-<listener>` for each HTTPS
 * listener. Their VirtualHosts are resources of their own and no part of them, unless the settings say `rds`.
 */
export const envoyRouteConfigurations = derive('envoy-route-configurations', {
  from: configurations,
  reads: [settings, envoyVirtualHostsByConfiguration.of],
  rows: (ctx, {key}): ResourceRow => {
    const {gateway, name} = parseRouteConfigurationKey(key);
    const scope = gatewayScope('envoy', gateway);
    return resourceRow({scope, type: resourceTypes.routeConfiguration, name, ...content(ctx, scope, name)});
  },
});

function content(ctx: Context, scope: string, name: string): Pick<ResourceRow, 'bytes' | 'refs'> {
  const {RouteConfiguration} = envoy.config.route.v3;
  const common = {
    name,
    // A Host with a port is the same host (Gateway API v1, HTTPRouteSpec.hostnames).
    ignorePortInHostMatching: true,
  };
  if (ctx.get(settings, 'settings', (row) => row.envoy.virtualHosts) !== 'rds') {
    return {bytes: RouteConfiguration.encode({...common, vhds: {configSource: adsSource}}).finish(), refs: []};
  }
  const parent = resourceRef(resourceTypes.routeConfiguration, name);
  const virtualHosts = ctx.list(envoyVirtualHostsByConfiguration, `${scope}|${parent}`);
  const writer = RouteConfiguration.encode(common);
  // Field 2, virtual_hosts, of bytes that are already encoded.
  for (const {bytes} of virtualHosts) writer.uint32((2 << 3) | 2).bytes(bytes);
  return {bytes: writer.finish(), refs: [...new Set(virtualHosts.flatMap(({refs}) => refs))].sort()};
}
