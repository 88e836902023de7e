import type {Reason} from '../../src/api/conditions.ts';
import {infraName} from '../../src/api/infra-name.ts';
import type {Context} from '../../src/krt/index.ts';
import type {GatewayProvisioningRow} from '../infra/provisioned.ts';
import {serviceAddresses, servicesByGateway, settings} from '../inputs.ts';
import type {GatewayRow} from '../gateway/ir.ts';

export type StatusAddress = {readonly type: string; readonly value: string};

export type AssignedAddresses = {
  readonly addresses: readonly StatusAddress[];
  /** Why they are not what was asked for. */
  readonly problem?: Reason;
};

/** Where a Gateway is reached: on this host, or by the Services that are labelled with it. */
export function assignedAddresses(
  ctx: Context,
  {key, namespace, name, addresses: asked, unaddressed}: GatewayRow,
  mode: GatewayProvisioningRow['mode'] | undefined,
): AssignedAddresses {
  if (unaddressed !== undefined) return {addresses: []};
  if (ctx.get(settings, 'settings', (row) => row.provider) !== 'kubernetes') return judged(onThisHost(asked), asked);
  const found = ofServices(ctx, `${namespace}/${infraName(name)}`);
  // Whoever runs the proxies without such a Service knows where they are.
  const addresses = found.length === 0 && mode !== 'managed' ? asked.map(ipAddress) : found;
  if (mode !== 'managed' || asked.length <= 1) return judged(addresses, asked);
  const [first, ...others] = asked;
  const message = `addresses: the Service of Gateway ${key} takes one, ${first}; not used: ${others.join(', ')}`;
  return {addresses, problem: {reason: 'AddressNotUsable', message}};
}

function judged(addresses: readonly StatusAddress[], asked: readonly string[]): AssignedAddresses {
  if (addresses.length === 0) {
    return {addresses, problem: {reason: 'AddressNotAssigned', message: 'no address has been assigned yet'}};
  }
  const missing = asked.filter((value) => !addresses.some((address) => address.value === value));
  if (missing.length === 0) return {addresses};
  const got = addresses.map(({value}) => value).join(', ');
  const message = `addresses: ${missing.join(', ')} was asked for, ${got} was assigned`;
  return {addresses, problem: {reason: 'AddressNotUsable', message}};
}

/** Without a wish proxies on this host bind every address, so the loopback one works. */
const onThisHost = (asked: readonly string[]): readonly StatusAddress[] =>
  (asked.length === 0 ? ['127.0.0.1'] : asked).map(ipAddress);

/** Of load balancers where there are to be any, otherwise those of the cluster; sorted. */
function ofServices(ctx: Context, label: string): readonly StatusAddress[] {
  const services = ctx.list(servicesByGateway, label, ({metadata, spec}) => ({
    key: `${metadata.namespace}/${metadata.name}`,
    balanced: spec.type === 'LoadBalancer',
    clusterIPs:
      spec.type === 'ExternalName' ? [] : (spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP])),
  }));
  const found = services.flatMap(({key, balanced, clusterIPs}) =>
    balanced
      ? (ctx.get(serviceAddresses, key, ({addresses}) => addresses) ?? [])
      : clusterIPs.filter((ip) => ip !== 'None' && ip !== '').map(ipAddress),
  );
  const byValue = new Map(found.map((address) => [address.value, address]));
  return [...byValue.values()].toSorted((a, b) => (a.value < b.value ? -1 : 1));
}

const ipAddress = (value: string): StatusAddress => ({type: 'IPAddress', value});
