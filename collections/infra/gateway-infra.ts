import {derive} from '../../src/krt/index.ts';
import {managedGateways} from '../gateway/gateways.ts';
import type {GatewayInfraRow} from '../gateway/ir.ts';
import {portsByGateway} from '../gateway/ports.ts';
import {gatewayScope} from '../resource.ts';

/** What has to run for each Gateway. One without a port yet has a row too: its proxy may be kept for what comes. */
export const gatewayInfra = derive('gateway-infra', {
  from: managedGateways,
  rows: (ctx, {key, namespace, name, dialect, addresses}): GatewayInfraRow => ({
    key,
    namespace,
    name,
    dialect,
    scope: gatewayScope(dialect, key),
    ports: ctx.list(portsByGateway, key, ({port}) => port).toSorted((a, b) => a - b),
    addresses,
  }),
});
