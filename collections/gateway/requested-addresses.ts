import {isIpAddress} from '../../src/api/ip-address.ts';
import type {GatewaySpecAddress} from '../../src/gen/gateway-api.ts';
import type {Settings} from '../settings.ts';
import type {GatewayRow} from './ir.ts';

type Addresses = Pick<GatewayRow, 'addresses' | 'rejected' | 'addressProblem'>;

/**
 * The addresses that a Gateway asks for. A type that is not supported rejects the Gateway; an entry without value asks for
 * any address, which all of them, or the one of a load balancer, answers.
 */
export function requestedAddresses(
  asked: readonly GatewaySpecAddress[] = [],
  provider: Settings['provider'],
): Addresses {
  const isKnown = (type: string): boolean => type === 'IPAddress' || (type === 'Hostname' && provider === 'kubernetes');
  const odd = asked.find(({type}) => !isKnown(type));
  if (odd !== undefined) {
    return {
      addresses: [],
      rejected: {reason: 'UnsupportedAddress', message: `addresses: type ${odd.type} is not supported`},
    };
  }
  const valued = asked.flatMap(({type, value = ''}) => (value === '' ? [] : [{type, value}]));
  const isUsable = ({type, value}: (typeof valued)[number]): boolean => type === 'IPAddress' && isIpAddress(value);
  const addresses = valued.filter(isUsable).map(({value}) => value);
  const unusable = valued.filter((address) => !isUsable(address)).map(({value}) => value);
  if (unusable.length === 0) return {addresses};
  const addressProblem = {
    reason: 'AddressNotUsable',
    message: `addresses: ${unusable.join(', ')} is not an IP address`,
  };
  // With nothing left to bind, all addresses would be bound, which is more than was asked for.
  return addresses.length === 0 && provider === 'file'
    ? {addresses, rejected: {...addressProblem, reason: 'UnsupportedAddress'}}
    : {addresses, addressProblem};
}
