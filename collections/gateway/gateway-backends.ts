import {derive, distinct, index, type Row} from '../../src/krt/index.ts';
import {attachments} from './attachments.ts';
import {managedGateways} from './gateways.ts';
import type {GatewayBackendRow} from './ir.ts';
import {routeResolutions} from './route-rules.ts';

type BackendUseRow = Row & {readonly gateway: string; readonly backends: readonly string[]};

/** Attachments with the backends their routes send requests to. */
export const backendUses = derive('backend-uses', {
  from: attachments,
  rows: (ctx, {key, route, gateway, listeners}): BackendUseRow | undefined => {
    if (listeners.length === 0) return undefined;
    const backends = ctx.get(routeResolutions, route, (row) => row.backends) ?? [];
    return backends.length === 0 ? undefined : {key, gateway, backends};
  },
});

const usedPairs = index(backendUses, 'gateway-backend', ({gateway, backends}) =>
  backends.map((backend) => `${gateway}|${backend}`),
);

/** Backends that the routes of a Gateway refer to: what its proxies have to know. */
export const gatewayBackends = derive('gateway-backends', {
  from: distinct('gateway-backend-pairs', usedPairs),
  rows: (ctx, {key}): GatewayBackendRow | undefined => {
    const [gateway = '', backend = ''] = key.split('|');
    const dialect = ctx.get(managedGateways, gateway, (row) => row.dialect);
    return dialect && {key, gateway, dialect, backend};
  },
});

/** By key of the Gateway. */
export const gatewayBackendsByGateway = index(gatewayBackends, 'gateway', ({gateway}) => gateway);

/** By key of the backend. */
export const gatewayBackendsByBackend = index(gatewayBackends, 'backend', ({backend}) => backend);
