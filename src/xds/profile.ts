/** How the two kinds of client differ. */
import type {ProfileName} from './api.ts';
import {type Nack, readBlame} from './nack.ts';
import {typeUrls} from './type-urls.ts';

export type Profile = {
  readonly name: ProfileName;
  /** Types in the order in which they are added; removals run the other way. Unknown types are added last. */
  readonly order: readonly string[];
  /** Resources or removed names of one response to a client that serves. */
  readonly maxResources: number;
  readNack(message: string): Nack;
  /**
   * Type of a resource of the same name that belongs to one of this type: the ClusterLoadAssignment of a Cluster. What
   * refers to a Cluster needs both, and a Cluster that changed wants its ClusterLoadAssignment anew.
   */
  companion(type: string): string | undefined;
  /**
   * A new client turns ready when each of these types has been answered once without error, so the first snapshot
   * needs care (first-snapshot.ts).
   */
  readonly readiness: readonly string[];
};

const envoy: Profile = {
  name: 'envoy',
  order: [
    typeUrls.cluster,
    typeUrls.endpoints,
    typeUrls.secret,
    typeUrls.listener,
    typeUrls.routeConfiguration,
    typeUrls.virtualHost,
  ],
  maxResources: Infinity,
  readNack: () => ({kind: 'whole'}),
  companion: (type) => (type === typeUrls.cluster ? typeUrls.endpoints : undefined),
  readiness: [],
};

const agentgateway: Profile = {
  name: 'agentgateway',
  order: [typeUrls.address, typeUrls.resource],
  maxResources: 100,
  readNack: readBlame,
  companion: () => undefined,
  readiness: [typeUrls.address, typeUrls.resource],
};

export function profileOf(name: ProfileName): Profile {
  switch (name) {
    case 'envoy':
      return envoy;
    case 'agentgateway':
      return agentgateway;
  }
}

/** Place of a type among additions. */
export function rankOf(profile: Profile, type: string): number {
  const rank = profile.order.indexOf(type);
  return rank === -1 ? profile.order.length : rank;
}
