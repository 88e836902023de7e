import {hostnameCovers} from '../../src/api/hostname.ts';
import {derive} from '../../src/krt/index.ts';
import type {PortListener, PortRow} from '../gateway/ir.ts';
import {ports} from '../gateway/ports.ts';
import {terminatesHttps} from './listener-kind.ts';
import {hostKey, routeConfigurationName} from './names.ts';

/** A VirtualHost that exists whether or not a route names its host. Key: hostKey. */
export type ListenerHostRow = {
  readonly key: string;
  /** What a request gets that no route takes: nothing is here, or it came by the wrong connection. */
  readonly otherwise: 'not-found' | 'misdirected';
};

/**
 * Every RouteConfiguration has a VirtualHost for all hosts, since Envoy waits for the first one, and one for its
 * listener's own hostname, so that requests for it do not fall to a less specific listener of the port.
 *
 * A connection by TLS has chosen its listener by SNI. A Host that would have chosen another listener of the port is
 * answered 421, one that this listener covers but no route names 404 (Gateway API v1, Listener.tls; RFC 9110, 15.5.20).
 */
export const envoyListenerHosts = derive('envoy-listener-hosts', {
  from: ports,
  rows: (_ctx, port): readonly ListenerHostRow[] => {
    if (port.dialect !== 'envoy') return [];
    return port.kind === 'HTTP'
      ? plainHosts(port)
      : port.listeners.filter(terminatesHttps).flatMap((listener) => tlsHosts(port, listener));
  },
});

function plainHosts({gateway, port, listeners}: PortRow): ListenerHostRow[] {
  const configuration = routeConfigurationName(port, {name: '', protocol: 'HTTP'});
  const hostnames = new Set(['', ...listeners.map(({hostname}) => hostname)]);
  return [...hostnames].map((hostname) => ({key: hostKey(gateway, configuration, hostname), otherwise: 'not-found'}));
}

function tlsHosts({gateway, port, listeners}: PortRow, listener: PortListener): ListenerHostRow[] {
  const configuration = routeConfigurationName(port, listener);
  const row = (hostname: string, otherwise: ListenerHostRow['otherwise']): ListenerHostRow => ({
    key: hostKey(gateway, configuration, hostname),
    otherwise,
  });
  // Hosts of listeners that this one does not cover fall to `*`.
  const others = listeners
    .map(({hostname}) => hostname)
    .filter((hostname) => hostname !== listener.hostname && hostnameCovers(listener.hostname, hostname))
    .map((hostname) => row(hostname, 'misdirected'));
  if (listener.hostname === '') return [row('', 'not-found'), ...others];
  return [row('', 'misdirected'), row(listener.hostname, 'not-found'), ...others];
}
