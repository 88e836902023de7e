/** Everything Sluice reads, as one union that `kind` discriminates. */
import type {ConfigMap} from '../api/config-map.ts';
import type {EndpointSlice, Namespace, Secret, Service} from '../api/core.ts';
import type {
  BackendTLSPolicy,
  Gateway,
  GatewayClass,
  GRPCRoute,
  HTTPRoute,
  ListenerSet,
  ReferenceGrant,
  TCPRoute,
  TLSRoute,
  UDPRoute,
} from '../gen/gateway-api.ts';

/** Kind -> row type. `group/Kind` as groupKind() of src/api/object.ts writes it is unique for each. */
export type ObjectOf = {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly ListenerSet: ListenerSet;
  readonly HTTPRoute: HTTPRoute;
  readonly GRPCRoute: GRPCRoute;
  readonly TLSRoute: TLSRoute;
  readonly TCPRoute: TCPRoute;
  readonly UDPRoute: UDPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly BackendTLSPolicy: BackendTLSPolicy;
  readonly Namespace: Namespace;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
};

export type Kind = keyof ObjectOf;

export type AnyObject = {[K in Kind]: ObjectOf[K] & {readonly kind: K}}[Kind];

/** Narrows to one kind: `objects.filter(isKind('HTTPRoute'))`. */
export function isKind<K extends Kind>(
  kind: K,
): (object: AnyObject) => object is Extract<AnyObject, {readonly kind: K}> {
  return (object): object is Extract<AnyObject, {readonly kind: K}> => object.kind === kind;
}
