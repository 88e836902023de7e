import type {Json, JsonObject} from '../../src/api/json.ts';
import type {ListenerRow} from '../gateway/ir.ts';
import type {Identity} from './identity.ts';
import {type Manifest, manifest, type ManifestParts} from './manifest.ts';

export type ListenerPort = Pick<ListenerRow, 'port' | 'protocol'>;

export type ServicePorts = {
  readonly listeners: readonly ListenerPort[];
  /** Ports that nobody is to reach by the Service: of the proxy itself, or of the user's choice. */
  readonly hidden: readonly number[];
  /** The one that the Service has where it would have none. */
  readonly empty: number;
  /** Node ports by port. */
  readonly nodePorts?: ReadonlyMap<number, number>;
};

/** One for each port and transport protocol of the listeners, ascending; the proxy listens on the same. */
function portsOf({listeners, hidden, empty, nodePorts}: ServicePorts): readonly JsonObject[] {
  const shown = listeners.filter(({port}) => !hidden.includes(port));
  const numbers = (udp: boolean): readonly number[] => [
    ...new Set(shown.filter(({protocol}) => (protocol === 'UDP') === udp).map(({port}) => port)),
  ];
  const ports = [
    ...numbers(false).map((port) => ({name: `listener-${port}`, port, protocol: 'TCP'})),
    ...numbers(true).map((port) => ({name: `udp-${port}`, port, protocol: 'UDP'})),
  ].toSorted((a, b) => a.port - b.port);
  const named = ports.length > 0 ? ports : [{name: `listener-${empty}`, port: empty, protocol: 'TCP'}];
  return named.map((entry): JsonObject => {
    const nodePort = nodePorts?.get(entry.port);
    return {...entry, targetPort: entry.port, ...(nodePort !== undefined && {nodePort})};
  });
}

/** Where the proxies of a Gateway are reached; `spec` is what is asked for beyond that. */
export function gatewayService(
  identity: Identity,
  ports: ServicePorts,
  {
    address,
    spec = {},
    ...parts
  }: {readonly address?: string | undefined; readonly spec?: {readonly [field: string]: Json}} & ManifestParts,
): Manifest {
  return manifest('v1', 'Service', identity, {
    ...parts,
    body: {
      spec: {
        type: 'LoadBalancer',
        selector: identity.selector,
        ports: portsOf(ports),
        ...(address !== undefined && {loadBalancerIP: address}),
        ...spec,
      },
    },
  });
}
