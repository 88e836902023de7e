/**
 * Which listeners of one Gateway get into each other's way (Gateway API v1, GatewaySpec.listeners, "Distinct
 * Listeners"). Listeners of different Gateways never meet.
 */
import type {Reason} from '../../src/api/conditions.ts';
import {intersectHostnames, normalizeHostname} from '../../src/api/hostname.ts';
import type {GatewayListener} from '../../src/gen/gateway-api.ts';
import {isSupportedProtocol} from './listener-kinds.ts';

const isTls = ({protocol}: GatewayListener): boolean => protocol !== 'HTTP';

const hostnameOf = ({hostname}: GatewayListener): string => normalizeHostname(hostname);

/**
 * Why each listener conflicts, by name; listeners that do not are left out. All HTTP, or all HTTPS and TLS listeners
 * of a port go together, each with a hostname of its own. The specification forbids to pick a winner: all that take
 * part in a conflict lose.
 */
export function findConflicts(listeners: readonly GatewayListener[]): ReadonlyMap<string, Reason> {
  const conflicts = new Map<string, Reason>();
  const candidates = listeners.filter(({protocol}) => isSupportedProtocol(protocol));
  for (const listener of candidates) {
    const others = candidates.filter((other) => other !== listener && other.port === listener.port);
    const protocol = others.filter((other) => isTls(other) !== isTls(listener));
    const hostname = others.filter((other) => hostnameOf(other) === hostnameOf(listener));
    if (protocol.length > 0) {
      const message = `port ${listener.port} cannot carry ${listener.protocol} next to ${describe(protocol)}`;
      conflicts.set(listener.name, {reason: 'ProtocolConflict', message});
    } else if (hostname.length > 0) {
      const host = hostnameOf(listener) === '' ? 'no hostname' : `hostname ${hostnameOf(listener)}`;
      const message = `port ${listener.port} has ${host} also in ${describe(hostname)}`;
      conflicts.set(listener.name, {reason: 'HostnameConflict', message});
    }
  }
  return conflicts;
}

const describe = (listeners: readonly GatewayListener[]): string =>
  listeners.map(({name, protocol}) => `listener ${name} (${protocol})`).join(', ');

/**
 * Names of the other TLS listeners of the port whose hostnames overlap: clients that reuse a connection for several
 * hosts may reach the wrong one (condition OverlappingTLSConfig).
 */
export function overlappingListeners(
  listener: GatewayListener,
  listeners: readonly GatewayListener[],
): readonly string[] {
  if (!isSupportedProtocol(listener.protocol) || !isTls(listener)) return [];
  return listeners
    .filter((other) => other !== listener && other.port === listener.port)
    .filter((other) => isSupportedProtocol(other.protocol) && isTls(other))
    .filter((other) => intersectHostnames(hostnameOf(other), hostnameOf(listener)) !== undefined)
    .map(({name}) => name);
}
