import {conditionFalse, conditionOf, conditionTrue, type Reason} from '../../src/api/conditions.ts';
import {normalizeHostname} from '../../src/api/hostname.ts';
import {objectKey} from '../../src/api/object.ts';
import {namespaceOf} from '../../src/api/refs.ts';
import type {Gateway, GatewayListener} from '../../src/gen/gateway-api.ts';
import {type Context, derive, index} from '../../src/krt/index.ts';
import {gateways} from '../inputs.ts';
import {managedGateways} from './gateways.ts';
import type {DesiredCondition, GatewayRow, ListenerRow} from './ir.ts';
import {type ListenerCertificates, resolveCertificates} from './listener-certificates.ts';
import {findConflicts, overlappingListeners} from './listener-conflicts.ts';
import {allowedKinds, isSupportedProtocol} from './listener-kinds.ts';

type Managed = Pick<GatewayRow, 'dialect' | 'rejected' | 'unaddressed'>;

export const listenerKey = (gateway: string, name: string): string => `${gateway}/${name}`;

/** The listeners of managed Gateways, each with all of its conditions. */
export const listeners = derive('listeners', {
  from: gateways,
  rows: (ctx, gateway): readonly ListenerRow[] => {
    const managed: Managed | undefined = ctx.get(
      managedGateways,
      objectKey(gateway),
      ({dialect, rejected, unaddressed}) => ({
        dialect,
        ...(rejected && {rejected}),
        ...(unaddressed && {unaddressed}),
      }),
    );
    if (managed === undefined) return [];
    const conflicts = findConflicts(gateway.spec.listeners);
    return gateway.spec.listeners.map((listener) =>
      listenerRow(ctx, gateway, managed, listener, conflicts.get(listener.name)),
    );
  },
});

/** By key of the Gateway. */
export const listenersByGateway = index(listeners, 'gateway', ({gateway}) => gateway);

function listenerRow(
  ctx: Context,
  gateway: Gateway,
  {dialect, rejected, unaddressed}: Managed,
  listener: GatewayListener,
  conflict: Reason | undefined,
): ListenerRow {
  const {name, port, protocol, allowedRoutes} = listener;
  const {kinds, problem: kindProblem} = allowedKinds(listener);
  const mode =
    protocol === 'TLS' ? (listener.tls?.mode ?? 'Terminate') : protocol === 'HTTPS' ? 'Terminate' : undefined;
  const resolved: ListenerCertificates =
    mode === 'Terminate' ? resolveCertificates(ctx, listener, namespaceOf(gateway)) : {usable: []};
  const refused = supportProblem(gateway, listener) ?? conflict;
  const unprogrammed = refused ?? programmingProblem(mode, resolved, unaddressed);
  const told = unprogrammed ?? notAccepted(rejected);
  const overlapping = overlappingListeners(listener, gateway.spec.listeners);
  const conditions: DesiredCondition[] = [
    conditionOf('Accepted', 'Accepted', refused),
    conflict === undefined
      ? conditionFalse('Conflicted', 'NoConflicts', '')
      : conditionTrue('Conflicted', conflict.reason, conflict.message),
    conditionOf(
      'ResolvedRefs',
      'ResolvedRefs',
      isSupportedProtocol(protocol) ? (resolved.problem ?? kindProblem) : undefined,
    ),
    // Conflicts are told as such everywhere; everything else that keeps a listener from its proxies is Invalid.
    conditionOf('Programmed', 'Programmed', told && {...told, reason: told === conflict ? conflict.reason : 'Invalid'}),
  ];
  if (overlapping.length > 0) {
    const message = `hostnames overlap with those of listener ${overlapping.join(', ')}`;
    conditions.push(conditionTrue('OverlappingTLSConfig', 'OverlappingHostnames', message));
  }
  const {from, selector} = allowedRoutes.namespaces;
  return {
    key: listenerKey(objectKey(gateway), name),
    gateway: objectKey(gateway),
    dialect,
    name,
    port,
    protocol,
    hostname: normalizeHostname(listener.hostname),
    ...(mode && {tls: {mode, certificates: resolved.usable}}),
    allowedNamespaces: {from, ...(selector && {selector})},
    allowedKinds: kinds,
    programmed: unprogrammed === undefined,
    attachable: isSupportedProtocol(protocol) && conflict === undefined,
    conditions,
  };
}

/** What cannot be done at all. Serving a listener without a check it asks for would open what is meant to be closed. */
function supportProblem({spec}: Gateway, {protocol, port, filters}: GatewayListener): Reason | undefined {
  if (!isSupportedProtocol(protocol)) {
    return {reason: 'UnsupportedProtocol', message: `protocol ${protocol} is not supported`};
  }
  if ((filters?.requests ?? []).length > 0) {
    return {reason: 'UnsupportedValue', message: 'filters of listeners are not supported'};
  }
  const frontend = spec.tls?.frontend;
  const validation = (frontend?.perPort?.find((own) => own.port === port)?.tls ?? frontend?.default)?.validation;
  if (protocol === 'HTTPS' && validation !== undefined) {
    return {reason: 'UnsupportedValue', message: 'tls.frontend: validation of client certificates is not supported'};
  }
  return undefined;
}

function programmingProblem(
  mode: 'Terminate' | 'Passthrough' | undefined,
  {usable, problem}: ListenerCertificates,
  unaddressed: Reason | undefined,
): Reason | undefined {
  if (unaddressed !== undefined) return notAccepted(unaddressed);
  return mode === 'Terminate' && usable.length === 0 ? problem : undefined;
}

const notAccepted = (rejected: Reason | undefined): Reason | undefined =>
  rejected && {...rejected, message: `the Gateway is not accepted: ${rejected.message}`};
