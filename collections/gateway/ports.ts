import {compareHostnames} from '../../src/api/hostname.ts';
import {derive, index} from '../../src/krt/index.ts';
import {settings} from '../inputs.ts';
import {managedGateways} from './gateways.ts';
import type {ListenerRow, PortListener, PortRow} from './ir.ts';
import {listenersByGateway} from './listeners.ts';

/** What a proxy needs to know of a listener; conditions and what may attach are not its business. */
const portListener = (row: ListenerRow): {readonly port: number; readonly programmed?: PortListener} => {
  const {key, name, port, protocol, hostname, tls} = row;
  return {port, ...(row.programmed && {programmed: {key, name, protocol, hostname, ...(tls && {tls})}})};
};

/** Ports that proxies of a Gateway bind, with the compatible listeners of each; never merged across Gateways. */
export const ports = derive('ports', {
  from: managedGateways,
  rows: (ctx, gateway): readonly PortRow[] => {
    const provider = ctx.get(settings, 'settings', (row) => row.provider);
    const byPort = new Map<number, PortListener[]>();
    for (const {port, programmed} of ctx.list(listenersByGateway, gateway.key, portListener)) {
      if (programmed === undefined) continue;
      byPort.set(port, [...(byPort.get(port) ?? []), programmed]);
    }
    return [...byPort].map(([port, merged]) => ({
      key: `${gateway.key}/${port}`,
      gateway: gateway.key,
      dialect: gateway.dialect,
      port,
      // Conflicts were sorted out before: one HTTP listener means that all are.
      kind: merged.some(({protocol}) => protocol === 'HTTP') ? 'HTTP' : 'TLS',
      addresses: provider === 'file' ? gateway.addresses : [],
      listeners: merged.toSorted((a, b) => compareHostnames(a.hostname, b.hostname)),
    }));
  },
});

/** By key of the Gateway. */
export const portsByGateway = index(ports, 'gateway', ({gateway}) => gateway);
