/** `sluice/collections`: the inputs and collections of Sluice, in the order in which data flows, and their row types. */
export {
  agentgatewayParameters,
  configMaps,
  endpointSlices,
  endpointSlicesByService,
  gatewayClasses,
  gatewayParameters,
  gateways,
  grpcRoutes,
  httpRoutes,
  nacks,
  nacksByScope,
  namespaces,
  provisionFailures,
  proxies,
  referenceGrants,
  secrets,
  serviceAddresses,
  services,
  servicesByGateway,
  sessionSeed,
  settings,
} from '../../collections/inputs.ts';
export {managedGatewayClasses} from '../../collections/gateway/gateway-classes.ts';
export {managedGateways} from '../../collections/gateway/gateways.ts';
export {granted, grants} from '../../collections/gateway/grants.ts';
export {certificates} from '../../collections/gateway/certificates.ts';
export {listeners, listenersByGateway} from '../../collections/gateway/listeners.ts';
export {ports, portsByGateway} from '../../collections/gateway/ports.ts';
export {
  attachments,
  attachmentsByGateway,
  attachmentsByListener,
  attachmentsByRoute,
} from '../../collections/gateway/attachments.ts';
export {attachedRoutes} from '../../collections/gateway/attached-routes.ts';
export {
  routeResolutions,
  routeRules,
  routeRulesByBackend,
  routeRulesByRoute,
} from '../../collections/gateway/route-rules.ts';
export {backends} from '../../collections/gateway/backends.ts';
export {
  gatewayBackends,
  gatewayBackendsByBackend,
  gatewayBackendsByGateway,
} from '../../collections/gateway/gateway-backends.ts';
export {endpoints} from '../../collections/gateway/endpoints.ts';
export {infra, provisioned, resources, statuses} from '../../collections/index.ts';

export {gatewayScope, resourceRef, resourceRow} from '../../collections/resource.ts';
export {statusRow} from '../../collections/extension.ts';

export type {Extension} from '../../collections/extension.ts';
export type {Manifest} from '../../collections/infra/manifest.ts';
export type {GatewayProvisioningRow, ProvisionedObjectRow} from '../../collections/infra/provisioned.ts';
export type {AttachedRoutesRow} from '../../collections/gateway/attached-routes.ts';
export type {GrantRow} from '../../collections/gateway/grants.ts';
export type * from '../../collections/gateway/ir.ts';
export type {
  NackRow,
  ProvisionFailureRow,
  ProxyRow,
  ServiceAddressesRow,
  SessionSeedRow,
} from '../../collections/inputs.ts';
export type {ResourceRow} from '../../collections/resource.ts';
export type {Image, Provisioning, Settings} from '../../collections/settings.ts';
