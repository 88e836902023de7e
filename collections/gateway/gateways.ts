import type {Reason} from '../../src/api/conditions.ts';
import {isIpAddress} from '../../src/api/ip-address.ts';
import {objectKey} from '../../src/api/object.ts';
import {namespaceOf} from '../../src/api/refs.ts';
import type {GatewaySpec} from '../../src/gen/gateway-api.ts';
import {derive} from '../../src/krt/index.ts';
import {gateways} from '../inputs.ts';
import {managedGatewayClasses} from './gateway-classes.ts';
import type {GatewayRow} from './ir.ts';

type Addresses = Pick<GatewayRow, 'addresses' | 'rejected' | 'addressProblem'>;

/**
 * Gateways of our classes. A type of address that is not supported rejects the Gateway; an entry without value asks
 * for any address, which binding all of them answers.
 */
export const managedGateways = derive('managed-gateways', {
  from: gateways,
  rows: (ctx, gateway): GatewayRow | undefined => {
    const {metadata, spec} = gateway;
    const gatewayClass = ctx.get(managedGatewayClasses, spec.gatewayClassName);
    if (gatewayClass === undefined) return undefined;
    const {dialect, controllerName} = gatewayClass;
    const addresses = addressesOf(spec);
    const rejected = rejectedBy(gatewayClass.rejected, spec) ?? addresses.rejected;
    return {
      key: objectKey(gateway),
      namespace: namespaceOf(gateway),
      name: metadata.name,
      dialect,
      controllerName,
      generation: metadata.generation ?? 1,
      ...addresses,
      ...(rejected && {rejected}),
    };
  },
});

function rejectedBy(byClass: Reason | undefined, {gatewayClassName, infrastructure}: GatewaySpec): Reason | undefined {
  if (byClass !== undefined) {
    return {reason: byClass.reason, message: `GatewayClass ${gatewayClassName}: ${byClass.message}`};
  }
  const ref = infrastructure?.parametersRef;
  return (
    ref && {
      reason: 'InvalidParameters',
      message: `infrastructure.parametersRef: ${ref.kind} of group "${ref.group}" is not supported`,
    }
  );
}

function addressesOf({addresses = []}: GatewaySpec): Addresses {
  const odd = addresses.find(({type}) => type !== 'IPAddress');
  if (odd !== undefined) {
    return {
      addresses: [],
      rejected: {reason: 'UnsupportedAddress', message: `addresses: type ${odd.type} is not supported`},
    };
  }
  const values = addresses.flatMap(({value}) => (value === undefined || value === '' ? [] : [value]));
  const usable = values.filter(isIpAddress);
  const unusable = values.filter((value) => !isIpAddress(value));
  if (unusable.length === 0) return {addresses: usable};
  const problem = {reason: 'AddressNotUsable', message: `addresses: ${unusable.join(', ')} is not an IP address`};
  // With nothing left to bind, all addresses would be bound, which is more than was asked for.
  return usable.length === 0
    ? {addresses: [], rejected: {...problem, reason: 'UnsupportedAddress'}}
    : {addresses: usable, addressProblem: problem};
}
