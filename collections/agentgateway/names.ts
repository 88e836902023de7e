/**
 * Names and keys of agentgateway resources. Keys are opaque to the proxy but for three things: routes of equal
 * precedence are ordered by key, a key must determine the listener that a route hangs on, and an Address is removed
 * by the name it is derived from.
 */

/** What the proxies call this cluster; part of every Workload's uid. */
export const clusterId = 'Kubernetes';

/** Key of a Bind. `gateway` is `namespace/name`. */
export const bindKey = (gateway: string, port: number): string => `${port}/${gateway}`;

/** Key of a Listener of a Gateway. `gateway` is `namespace/name`. */
export const listenerKey = (gateway: string, listener: string): string => `${gateway}.${listener}`;

type RouteIdentity = {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
  readonly namespace: string;
  readonly routeName: string;
  readonly ruleIndex: number;
  /** RFC 3339, `''` when unknown. */
  readonly created: string;
};

/**
 * Key of a Route: `namespace/name.NN.listener`, of a GRPCRoute `namespace/name.NN.grpc.listener`, preceded by the creation time of the route (`1781085600/…`, seconds
 * since 1970 in ten digits) where it is known, as keys of TCP routes are. The proxy orders routes of equal precedence
 * by key, so that the oldest wins, as Gateway API asks; then comes the name, then the rule's place. Routes from files
 * have no creation time, and keys without it; they stand behind those that have one.
 */
export function routeKey(rule: RouteIdentity, listener: string): string {
  const index = String(rule.ruleIndex).padStart(2, '0');
  const kind = rule.kind === 'GRPCRoute' ? '.grpc' : '';
  return `${creationPrefix(rule.created)}${rule.namespace}/${rule.routeName}.${index}${kind}.${listener}`;
}

function creationPrefix(created: string): string {
  const milliseconds = Date.parse(created);
  if (Number.isNaN(milliseconds)) return '';
  return `${String(Math.floor(milliseconds / 1000)).padStart(10, '0')}/`;
}

export const serviceHostname = (namespace: string, service: string, clusterDomain: string): string =>
  `${service}.${namespace}.svc.${clusterDomain}`;

/** Name of a Service in the Address type, and what Workloads name it by. */
export const serviceName = (namespace: string, hostname: string): string => `${namespace}/${hostname}`;

/** Uid, and so the name, of the Workload of a Pod; `pod` is `namespace/name`. The core group is empty: two slashes. */
export const podUid = (pod: string): string => `${clusterId}//Pod/${pod}`;

/** Uid of the Workload of an endpoint without a Pod. */
export const sliceEndpointUid = (namespace: string, slice: string, address: string): string =>
  `${clusterId}/discovery.k8s.io/EndpointSlice/${namespace}/${slice}/${address}`;

/** Uid of the Workload that stands for the DNS name of a Service without endpoints of its own. */
export const dnsUid = (namespace: string, service: string): string => `${clusterId}//Service/${namespace}/${service}`;
