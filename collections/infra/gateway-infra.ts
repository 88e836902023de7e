import {derive} from '../../src/krt/index.ts';
import {managedGateways} from '../gateway/gateways.ts';
import type {GatewayInfraRow} from '../gateway/ir.ts';
import {portsByGateway} from '../gateway/ports.ts';
import {gatewayScope} from '../resource.ts';

/** What has to run for each managed Gateway. Depends on which ports there are, not on what happens on them. */
export const gatewayInfra = derive('gateway-infra', {
  from: managedGateways,
  rows: (ctx, gateway): GatewayInfraRow => ({
    key: gateway.key,
    namespace: gateway.namespace,
    name: gateway.name,
    dialect: gateway.dialect,
    scope: gatewayScope(gateway.dialect, gateway.key),
    ports: ctx.list(portsByGateway, gateway.key, ({port}) => port).toSorted((a, b) => a - b),
    addresses: gateway.addresses,
  }),
});
