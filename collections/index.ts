/**
 * Table of contents of the graph, in the order in which data flows. What is reachable from the outputs comes alive; each
 * line is a place to start reading.
 *
 *   inputs.ts                objects, settings, connected proxies and what they refused
 *   gateway/gateway-classes  GatewayClasses of ours
 *   gateway/gateways         their Gateways
 *   gateway/grants           ReferenceGrants, by what they allow
 *   gateway/certificates     usable TLS Secrets
 *   gateway/listeners        listeners, with conflicts and certificates resolved
 *   gateway/ports            listeners merged per port
 *   gateway/route-parents    what routes see of Gateways and listeners
 *   gateway/admissions       which listeners admit routes by the labels of namespaces
 *   gateway/attachments      which route may attach to which listener
 *   gateway/route-rules      rules of attached routes, with their backends
 *   gateway/backends         Service ports that are referred to
 *   gateway/endpoints        where they are
 *   gateway/*-status         what objects are told
 *   envoy/resources          xDS for Envoy
 *   agentgateway/resources   xDS for agentgateway
 *   infra/gateway-infra      proxies to run
 *   infra/provisioned        objects that are to exist for them in a cluster
 *   extension.ts             what collections from outside add to all this
 */
import {type AnyCollection, type Collection, union} from '../src/krt/index.ts';
import {agentgatewayResources} from './agentgateway/resources.ts';
import {envoyResources} from './envoy/resources.ts';
import {gatewayClassStatus} from './status/gateway-class-status.ts';
import {gatewayStatus} from './status/gateway-status.ts';
import {routeStatus} from './status/route-status.ts';
import type {GatewayInfraRow, StatusRow} from './gateway/ir.ts';
import {gatewayInfra} from './infra/gateway-infra.ts';
import {
  type GatewayProvisioningRow,
  provisionedGateways,
  type ProvisionedObjectRow,
  provisionedObjects,
} from './infra/provisioned.ts';
import {
  inputsByGroupKind,
  nacks,
  provisionFailures,
  proxies,
  serviceAddresses,
  sessionSeed,
  settings,
} from './inputs.ts';
import type {ResourceRow} from './resource.ts';

/** Everything that proxies are sent. */
export const resources: Collection<ResourceRow> = union('resources', [envoyResources, agentgatewayResources]);

/** Everything that objects are told. */
export const statuses: Collection<StatusRow> = union('statuses', [gatewayClassStatus, gatewayStatus, routeStatus]);

/** Every proxy that is to run. */
export const infra: Collection<GatewayInfraRow> = gatewayInfra;

/** Every object that is to exist in the cluster, and for which Gateways that is all there is to be. */
export const provisioned: {
  readonly objects: Collection<ProvisionedObjectRow>;
  readonly gateways: Collection<GatewayProvisioningRow>;
} = {objects: provisionedObjects, gateways: provisionedGateways};

/** What a graph is made for. Inputs are named too, so that one that nothing reads yet can still be written and looked at. */
export const graphOutputs: readonly AnyCollection[] = [
  resources,
  statuses,
  infra,
  provisioned.objects,
  provisioned.gateways,
  settings,
  serviceAddresses,
  provisionFailures,
  sessionSeed,
  proxies,
  nacks,
  ...inputsByGroupKind.values(),
];
