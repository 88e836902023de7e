import type {Reason} from '../../src/api/conditions.ts';
import {objectKey} from '../../src/api/object.ts';
import {gatewayGroup, namespaceOf} from '../../src/api/refs.ts';
import type {Gateway, GatewaySpec} from '../../src/gen/gateway-api.ts';
import {type Context, derive} from '../../src/krt/index.ts';
import {gateways, settings} from '../inputs.ts';
import {managedGatewayClasses} from './gateway-classes.ts';
import type {GatewayClassRow, GatewayRow} from './ir.ts';
import {resolveParameters} from './parameters.ts';
import {requestedAddresses} from './requested-addresses.ts';

type Parameters = Pick<GatewayRow, 'parameters' | 'rejected'>;

/** On a Gateway, `"true"`: somebody else runs its proxies. */
export const selfManagedAnnotation = 'sluice.dev/self-managed';
/** On a Gateway of agentgateway: a list of ports that need not be reached from outside. */
const internalPortsAnnotation = 'agentgateway.dev/internal-ports';

/** Gateways of our classes. */
export const managedGateways = derive('managed-gateways', {
  from: gateways,
  rows: (ctx, gateway): GatewayRow | undefined => {
    const {metadata, spec} = gateway;
    const gatewayClass = ctx.get(managedGatewayClasses, spec.gatewayClassName);
    if (gatewayClass === undefined) return undefined;
    const {dialect, controllerName} = gatewayClass;
    const {annotations = {}, uid} = metadata;
    const provider = ctx.get(settings, 'settings', (row) => row.provider) ?? 'file';
    const {rejected: unaddressed, ...addresses} = requestedAddresses(spec.addresses, provider);
    const parameters = parametersOf(ctx, gateway, gatewayClass);
    const rejected = rejectedBy(gatewayClass, spec) ?? parameters.rejected ?? unaddressed;
    return {
      key: objectKey(gateway),
      namespace: namespaceOf(gateway),
      name: metadata.name,
      className: spec.gatewayClassName,
      ...(uid !== undefined && {uid}),
      dialect,
      controllerName,
      generation: metadata.generation ?? 1,
      labels: copied(spec.infrastructure?.labels),
      annotations: copied(spec.infrastructure?.annotations),
      selfManaged: annotations[selfManagedAnnotation] === 'true',
      internalPorts: dialect === 'agentgateway' ? portsIn(annotations[internalPortsAnnotation] ?? '') : [],
      ...parameters,
      ...addresses,
      ...(rejected && {rejected}),
      ...(unaddressed && {unaddressed}),
    };
  },
});

function rejectedBy({rejected}: GatewayClassRow, {gatewayClassName}: GatewaySpec): Reason | undefined {
  return rejected && {reason: rejected.reason, message: `GatewayClass ${gatewayClassName}: ${rejected.message}`};
}

function parametersOf(ctx: Context, gateway: Gateway, {dialect, parameters: ofClass}: GatewayClassRow): Parameters {
  const inherited = ofClass === undefined ? {} : {ofClass};
  const ref = gateway.spec.infrastructure?.parametersRef;
  if (ref === undefined) return {parameters: inherited};
  const field = 'infrastructure.parametersRef';
  const own = resolveParameters(ctx, dialect, {field, ref, namespace: namespaceOf(gateway)});
  return 'key' in own ? {parameters: {...inherited, own: own.key}} : {parameters: inherited, rejected: own.problem};
}

/** Names of that prefix tell what objects are made for; users do not get to set them. */
const copied = (texts: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).filter(([name]) => !name.startsWith(`${gatewayGroup}/`)));

const portsIn = (list: string): readonly number[] =>
  list.split(',').flatMap((text) => (/^\s*[0-9]{1,5}\s*$/.test(text) ? [Number(text)] : []));
