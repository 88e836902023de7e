/** The messages this dialect sends, and how they become resource rows. Schema: proto/agentgateway. */
import {gatewayScope, resourceRow, type ResourceRow} from '../resource.ts';
import {agentgateway, istio} from '../../src/gen/proto/agentgateway.js';

export const resourceType = 'type.googleapis.com/agentgateway.dev.resource.Resource';
export const addressType = 'type.googleapis.com/istio.workload.Address';

export type Bind = agentgateway.dev.resource.Bind.$Properties;
export type Listener = agentgateway.dev.resource.Listener.$Properties;
export type TlsConfig = agentgateway.dev.resource.TLSConfig.$Properties;
export type Route = agentgateway.dev.resource.Route.$Properties;
export type WireMatch = agentgateway.dev.resource.RouteMatch.$Properties;
export type RouteBackend = agentgateway.dev.resource.RouteBackend.$Properties;
export type BackendReference = agentgateway.dev.resource.BackendReference.$Properties;
export type TrafficPolicy = agentgateway.dev.resource.TrafficPolicySpec.$Properties;
export type BackendPolicy = agentgateway.dev.resource.BackendPolicySpec.$Properties;
export type WireHeaderModifier = agentgateway.dev.resource.HeaderModifier.$Properties;
export type Service = istio.workload.Service.$Properties;
export type Workload = istio.workload.Workload.$Properties;

export const BindProtocol = agentgateway.dev.resource.Bind.Protocol;
export const ListenerProtocol = agentgateway.dev.resource.Protocol;
export const AppProtocol = istio.workload.AppProtocol;
export const WorkloadStatus = istio.workload.WorkloadStatus;
export const WorkloadType = istio.workload.WorkloadType;
export const NetworkMode = istio.workload.NetworkMode;

/** Additions go from what is referred to to what refers, so that no request meets half of a configuration. */
const order = {route: 2, listener: 3, bind: 4, workload: 0, service: 1} as const;

type Place = {
  /** Gateway, `namespace/name`. */
  readonly gateway: string;
  readonly refs?: readonly string[];
};

export function bindResource({gateway, refs = []}: Place, bind: Bind & {readonly key: string}): ResourceRow {
  return resource({gateway, refs, kind: 'bind', key: bind.key, message: {bind}});
}

export function listenerResource(
  {gateway, refs = []}: Place,
  listener: Listener & {readonly key: string},
): ResourceRow {
  return resource({gateway, refs, kind: 'listener', key: listener.key, message: {listener}});
}

export function routeResource({gateway, refs = []}: Place, route: Route & {readonly key: string}): ResourceRow {
  return resource({gateway, refs, kind: 'route', key: route.key, message: {route}});
}

function resource(row: {
  readonly gateway: string;
  readonly refs: readonly string[];
  readonly kind: 'bind' | 'listener' | 'route';
  readonly key: string;
  readonly message: agentgateway.dev.resource.Resource.$Properties;
}): ResourceRow {
  return resourceRow({
    scope: gatewayScope('agentgateway', row.gateway),
    type: resourceType,
    name: `${row.kind}/${row.key}`,
    bytes: agentgateway.dev.resource.Resource.encode(row.message).finish(),
    refs: row.refs,
    order: order[row.kind],
  });
}

/** A Service is not tied to its Workloads by refs: it would change with every endpoint. Order alone does it. */
export function serviceResource({gateway, refs = []}: Place, name: string, service: Service): ResourceRow {
  return address({gateway, refs, kind: 'service', name, message: {service}});
}

export function workloadResource({gateway, refs = []}: Place, uid: string, workload: Workload): ResourceRow {
  return address({gateway, refs, kind: 'workload', name: uid, message: {workload}});
}

function address(row: {
  readonly gateway: string;
  readonly refs: readonly string[];
  readonly kind: 'service' | 'workload';
  readonly name: string;
  readonly message: istio.workload.Address.$Properties;
}): ResourceRow {
  return resourceRow({
    scope: gatewayScope('agentgateway', row.gateway),
    type: addressType,
    name: row.name,
    bytes: istio.workload.Address.encode(row.message).finish(),
    refs: row.refs,
    order: order[row.kind],
  });
}
