/**
 * The graph's table of contents, in the order of the flow:
 *
 *   inputs -> gateway/ (attachment level) -> envoy/ | agentgateway/ (resources) | infra/ (what has to run)
 *                                         -> *-status
 *
 * A collection that an output reaches is alive; one that none reaches comes alive when it is dumped.
 */
import type {AnyCollection, Collection} from '../src/krt/index.ts';
import {union} from '../src/krt/index.ts';
import {agentgatewayResources} from './agentgateway/resources.ts';
import {envoyResources} from './envoy/resources.ts';
import {gatewayClassStatus} from './gateway/gateway-class-status.ts';
import {gatewayStatus} from './gateway/gateway-status.ts';
import {httpRouteStatus} from './gateway/http-route-status.ts';
import type {GatewayInfraRow, StatusRow} from './gateway/ir.ts';
import {gatewayInfra} from './infra/gateway-infra.ts';
import type {ResourceRow} from './resource.ts';

/** Everything that leaves the process. */
export type Outputs = {
  /** For src/xds: the resources of all dialects. */
  readonly resources: Collection<ResourceRow>;
  /** For src/status. */
  readonly statuses: Collection<StatusRow>;
  /** For src/provision. */
  readonly infra: Collection<GatewayInfraRow>;
};

export const outputs: Outputs = {
  resources: union('resources', [envoyResources, agentgatewayResources]),
  statuses: union('statuses', [gatewayClassStatus, gatewayStatus, httpRouteStatus]),
  infra: gatewayInfra,
};

export const outputCollections: readonly AnyCollection[] = [outputs.resources, outputs.statuses, outputs.infra];
