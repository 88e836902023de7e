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
 * Up to this many listeners a port, each RouteConfiguration names the hosts of all the others, so that a host of none is
 * answered 404. Beyond it that would be too many (their square); a host of none is then answered 421 like the rest.
 */
const LISTENERS_TOLD_APART = 64;

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
  const others = listeners.map(({hostname}) => hostname).filter((hostname) => hostname !== listener.hostname);
  // Where some other listener takes every host, or there are too many to name, `*` speaks for those not covered here.
  const tellsApart = !others.includes('') && listeners.length <= LISTENERS_TOLD_APART;
  const misdirected = others
    .filter((hostname) => hostname !== '' && (tellsApart || hostnameCovers(listener.hostname, hostname)))
    .map((hostname) => row(hostname, 'misdirected'));
  const own = row(listener.hostname, 'not-found');
  return listener.hostname === ''
    ? [own, ...misdirected]
    : [row('', tellsApart ? 'not-found' : 'misdirected'), own, ...misdirected];
}
