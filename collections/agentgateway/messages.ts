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

type Keyed<T> = T & {readonly key: string};

/** `gateway` is `namespace/name`, here and below. */
export const bindResource = (gateway: string, bind: Keyed<Bind>): ResourceRow =>
  resource('bind', gateway, bind.key, {bind});

export const listenerResource = (gateway: string, listener: Keyed<Listener>): ResourceRow =>
  resource('listener', gateway, listener.key, {listener});

export const routeResource = (gateway: string, route: Keyed<Route>, refs: readonly string[]): ResourceRow =>
  resource('route', gateway, route.key, {route}, refs);

function resource(
  kind: 'bind' | 'listener' | 'route',
  gateway: string,
  key: string,
  message: agentgateway.dev.resource.Resource.$Properties,
  refs: readonly string[] = [],
): ResourceRow {
  return resourceRow({
    scope: gatewayScope('agentgateway', gateway),
    type: resourceType,
    name: `${kind}/${key}`,
    bytes: agentgateway.dev.resource.Resource.encode(message).finish(),
    refs,
    order: order[kind],
  });
}

/** A Service is not tied to its Workloads by refs: it would change with every endpoint. Order alone does it. */
export const serviceResource = (gateway: string, name: string, service: Service): ResourceRow =>
  address('service', gateway, name, {service});

export const workloadResource = (gateway: string, uid: string, workload: Workload): ResourceRow =>
  address('workload', gateway, uid, {workload});

function address(
  kind: 'service' | 'workload',
  gateway: string,
  name: string,
  message: istio.workload.Address.$Properties,
): ResourceRow {
  return resourceRow({
    scope: gatewayScope('agentgateway', gateway),
    type: addressType,
    name,
    bytes: istio.workload.Address.encode(message).finish(),
    refs: [],
    order: order[kind],
  });
}
