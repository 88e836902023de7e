/**
 * Every input collection: what providers, the static configuration and connected proxies put into the graph. Inputs of
 * objects are keyed by objectKey. A kind that nobody delivers is an empty collection, not a branch.
 */
import {agentgatewayGroup, type AgentgatewayParameters} from '../src/api/agentgateway-parameters.ts';
import type {ConfigMap} from '../src/api/config-map.ts';
import type {EndpointSlice, Namespace, Secret, Service} from '../src/api/core.ts';
import type {Dialect} from '../src/api/dialect.ts';
import {type GatewayParameters, kgatewayGroup} from '../src/api/gateway-parameters.ts';
import {type KubeObject, objectKey} from '../src/api/object.ts';
import {gatewayGroup} from '../src/api/refs.ts';
import type {Gateway, GatewayClass, GRPCRoute, HTTPRoute, ReferenceGrant} from '../src/gen/gateway-api.ts';
import {index, type Input, input, type Labelled, type Labels} from '../src/krt/index.ts';
import {sameDesired} from './desired-state.ts';
import type {Settings} from './settings.ts';

/** One row, key `settings`. */
export const settings = input<Settings>('settings', {key: ({key}) => key});

/** Labels of a namespace as an API server completes them: each carries its own name. */
export const namespaceLabels = (name: string, labels: Labels = {}): Labels => ({
  'kubernetes.io/metadata.name': name,
  ...labels,
});

/** What all inputs of objects have in common: what is not asked for in them (status above all) is no change. */
const ofObjects = {key: objectKey, equals: sameDesired};

export const namespaces: Input<Namespace> & Labelled<Namespace> = input<Namespace>('namespaces', {
  ...ofObjects,
  labels: ({metadata}) => namespaceLabels(metadata.name, metadata.labels),
});
export const services = input<Service>('services', ofObjects);
export const endpointSlices = input<EndpointSlice>('endpoint-slices', ofObjects);
export const secrets = input<Secret>('secrets', ofObjects);
export const configMaps = input<ConfigMap>('config-maps', ofObjects);
export const gatewayClasses = input<GatewayClass>('gateway-classes', ofObjects);
/** What Gateways and their classes say of the proxies that are to run: of agentgateway, and of Envoy. */
export const agentgatewayParameters = input<AgentgatewayParameters>('agentgateway-parameters', ofObjects);
export const gatewayParameters = input<GatewayParameters>('gateway-parameters', ofObjects);
export const gateways = input<Gateway>('gateways', ofObjects);
export const httpRoutes = input<HTTPRoute>('http-routes', ofObjects);
export const grpcRoutes = input<GRPCRoute>('grpc-routes', ofObjects);
export const referenceGrants = input<ReferenceGrant>('reference-grants', ofObjects);

/** EndpointSlices by `namespace/service`, the Service being the one their label names. */
export const endpointSlicesByService = index(endpointSlices, 'service', ({metadata}) => {
  const service = metadata.labels?.['kubernetes.io/service-name'];
  return service === undefined ? undefined : `${metadata.namespace ?? 'default'}/${service}`;
});

/** Services by `namespace/gateway`, the name being the one that their label calls the Gateway by (infra-name.ts). */
export const servicesByGateway = index(services, 'gateway', ({metadata}) => {
  const gateway = metadata.labels?.[`${gatewayGroup}/gateway-name`];
  return gateway === undefined ? undefined : `${metadata.namespace ?? 'default'}/${gateway}`;
});

/**
 * Where load balancers have made a Service reachable. It stands in statuses, of which objects are read without; so whoever
 * reads objects writes it here. Key: that of the Service.
 */
export type ServiceAddressesRow = {
  readonly key: string;
  /** Types of Gateway API: `IPAddress`, `Hostname`. */
  readonly addresses: readonly {readonly type: string; readonly value: string}[];
};
export const serviceAddresses = input<ServiceAddressesRow>('service-addresses', {key: ({key}) => key});

/** What could not be made for a Gateway, until it could. Key: that of the Gateway. */
export type ProvisionFailureRow = {readonly key: string; readonly message: string};
export const provisionFailures = input<ProvisionFailureRow>('provision-failures', {key: ({key}) => key});

/**
 * What session keys are made of that nobody has made yet: random, in hexadecimal digits, drawn when the process starts.
 * Key: `seed`.
 */
export type SessionSeedRow = {readonly key: 'seed'; readonly privateKey: string};
export const sessionSeed = input<SessionSeedRow>('session-seed', {key: ({key}) => key});

/** A connected xDS client. Key: the number that the xDS server gave it. */
export type ProxyRow = {
  readonly key: string;
  /** `<dialect>/<namespace>/<gateway>`, as in ResourceRow. */
  readonly scope: string;
  readonly dialect: Dialect;
  /** Node id, cluster and string metadata as the client sent them. */
  readonly node: string;
  readonly cluster: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly peer: string;
};
export const proxies = input<ProxyRow>('proxies', {key: ({key}) => key});

/** A resource that a connected client refused and has not accepted since. Key: `client|type|name`. */
export type NackRow = {
  readonly key: string;
  readonly client: string;
  readonly scope: string;
  /** Full type URL. */
  readonly type: string;
  readonly name: string;
  readonly message: string;
  /** The client applied the resource all the same. */
  readonly warning: boolean;
};
export const nacks = input<NackRow>('nacks', {key: ({key}) => key});
export const nacksByScope = index(nacks, 'scope', ({scope}) => scope);

function entry<T extends KubeObject>(groupKind: string, target: Input<T>): readonly [string, Input<KubeObject>] {
  // Providers write an object only to the input of its own group and kind, and only once its schema was checked.
  return [groupKind, target as unknown as Input<KubeObject>];
}

/** Where objects go, by groupKind (`group/Kind`): what is referred to comes before what refers to it. */
export const inputsByGroupKind: ReadonlyMap<string, Input<KubeObject>> = new Map([
  entry('/Namespace', namespaces),
  entry(`${agentgatewayGroup}/AgentgatewayParameters`, agentgatewayParameters),
  entry(`${kgatewayGroup}/GatewayParameters`, gatewayParameters),
  entry(`${gatewayGroup}/GatewayClass`, gatewayClasses),
  entry(`${gatewayGroup}/ReferenceGrant`, referenceGrants),
  entry('/Secret', secrets),
  entry('/ConfigMap', configMaps),
  entry('/Service', services),
  entry('discovery.k8s.io/EndpointSlice', endpointSlices),
  entry(`${gatewayGroup}/Gateway`, gateways),
  entry(`${gatewayGroup}/HTTPRoute`, httpRoutes),
  entry(`${gatewayGroup}/GRPCRoute`, grpcRoutes),
]);
