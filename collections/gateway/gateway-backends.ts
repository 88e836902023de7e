import {derive, distinct, index} from '../../src/krt/index.ts';
import {attachments} from './attachments.ts';
import type {AttachmentRow, GatewayBackendRow} from './ir.ts';
import {routeResolutions} from './route-rules.ts';

type BackendUseRow = Pick<AttachmentRow, 'key' | 'gateway' | 'dialect'> & {readonly backends: readonly string[]};

/** Attachments with the backends their routes send requests to. */
export const backendUses = derive('backend-uses', {
  from: attachments,
  rows: (ctx, {key, route, gateway, dialect, listeners}): BackendUseRow | undefined => {
    if (listeners.length === 0) return undefined;
    const backends = ctx.get(routeResolutions, route, (row) => row.backends) ?? [];
    return backends.length === 0 ? undefined : {key, gateway, dialect, backends};
  },
});

/** The dialect of a Gateway is that of all its attachments: it changes with them. */
const usedPairs = index(backendUses, 'gateway-backend', ({dialect, gateway, backends}) =>
  backends.map((backend) => `${dialect}|${gateway}|${backend}`),
);

/** Backends that the routes of a Gateway refer to: what its proxies have to know. */
export const gatewayBackends = derive('gateway-backends', {
  from: distinct('gateway-backend-pairs', usedPairs),
  rows: (_ctx, {key}): GatewayBackendRow => {
    const [dialect, gateway = '', backend = ''] = key.split('|');
    return {
      key: `${gateway}|${backend}`,
      gateway,
      dialect: dialect === 'agentgateway' ? 'agentgateway' : 'envoy',
      backend,
    };
  },
});

/** By key of the Gateway. */
export const gatewayBackendsByGateway = index(gatewayBackends, 'gateway', ({gateway}) => gateway);

/** By key of the backend. */
export const gatewayBackendsByBackend = index(gatewayBackends, 'backend', ({backend}) => backend);
