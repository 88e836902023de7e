import type {Reason} from '../../src/api/conditions.ts';
import {gatewayGroup} from '../../src/api/refs.ts';
import type {GatewayListener} from '../../src/gen/gateway-api.ts';
import type {RouteKind} from './ir.ts';

/** Protocols that listeners may have, and the kinds of routes that are implemented for each. */
const kindsByProtocol: ReadonlyMap<string, readonly RouteKind[]> = new Map([
  ['HTTP', ['HTTPRoute', 'GRPCRoute']],
  ['HTTPS', ['HTTPRoute', 'GRPCRoute']],
  // No kind of route that these carry is supported yet: such a listener takes connections and closes them.
  ['TLS', []],
]);

export const isSupportedProtocol = (protocol: string): boolean => kindsByProtocol.has(protocol);

/**
 * What a listener may attach: the kinds its protocol can carry, narrowed to those that allowedRoutes names; kinds
 * that are named in vain are a problem (Gateway API v1, AllowedRoutes.kinds and ListenerStatus.supportedKinds).
 */
export function allowedKinds({protocol, allowedRoutes}: GatewayListener): {
  readonly kinds: readonly RouteKind[];
  readonly problem?: Reason;
} {
  const possible = kindsByProtocol.get(protocol) ?? [];
  const wanted = allowedRoutes.kinds ?? [];
  if (wanted.length === 0) return {kinds: possible};
  const kinds = possible.filter((kind) => wanted.some((ref) => ref.group === gatewayGroup && ref.kind === kind));
  const inVain = wanted.filter(({group, kind}) => group !== gatewayGroup || !kinds.some((allowed) => allowed === kind));
  if (inVain.length === 0) return {kinds};
  const names = inVain.map(({group, kind}) => (group === gatewayGroup ? kind : `${kind}.${group}`)).join(', ');
  const message = `allowedRoutes.kinds: ${names} cannot be attached to protocol ${protocol}`;
  return {kinds, problem: {reason: 'InvalidRouteKinds', message}};
}
