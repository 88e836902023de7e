import {
  type AppService,
  type Cluster,
  type Endpoint,
  endpointOf,
  type Instance,
  instancesOf,
  meshOf,
  type Namespace,
  type Settings,
  workloadOf,
} from './depth-rows.ts';
import type {Write} from './depth-system.ts';
import type {Pod} from './workload.ts';

/** The inputs as they are, and what follows from them when everything is computed from nothing. */
export class World {
  readonly #pods = new Map<string, Pod>();
  readonly #services = new Map<string, AppService>();
  readonly #namespaces = new Map<string, Namespace>();
  readonly #fixed = new Map<string, Endpoint>();
  #settings: Settings | undefined;

  apply(write: Write): void {
    switch (write.kind) {
      case 'pod':
        this.#pods.set(write.row.key, write.row);
        return;
      case 'service':
        this.#services.set(write.row.key, write.row);
        return;
      case 'namespace':
        this.#namespaces.set(write.row.key, write.row);
        return;
      case 'settings':
        this.#settings = write.row;
        return;
      case 'fixed':
        this.#fixed.set(write.row.key, write.row);
        return;
      case 'pod gone':
        this.#pods.delete(write.key);
        return;
      case 'service gone':
        this.#services.delete(write.key);
        return;
      case 'namespace gone':
        this.#namespaces.delete(write.key);
        return;
      case 'fixed gone':
        this.#fixed.delete(write.key);
    }
  }

  /** How many clusters a commit of these pods changes, where each has a new address. */
  changedBy(pods: readonly Pod[]): number {
    return new Set(pods.flatMap((pod) => this.#instancesOf(pod).map(({cluster}) => cluster))).size;
  }

  clusters(): readonly Cluster[] {
    const members = new Map<string, Instance[]>();
    const file = (instance: Instance): void => {
      const rows = members.get(instance.cluster);
      if (rows === undefined) members.set(instance.cluster, [instance]);
      else rows.push(instance);
    };
    for (const pod of this.#pods.values()) this.#instancesOf(pod).forEach(file);
    for (const endpoint of this.#fixed.values()) instancesOf(endpoint).forEach(file);
    return [...members].map(([key, rows]) => ({key, rows: rows.sort((a, b) => (a.key < b.key ? -1 : 1))}));
  }

  /** None where a fixed endpoint stands in for the pod. */
  #instancesOf(pod: Pod): readonly Instance[] {
    if (this.#fixed.has(pod.key)) return [];
    const workload = workloadOf(pod);
    const endpoint = endpointOf(
      workload,
      this.#services.get(workload.service),
      this.#namespaces.get(workload.namespace),
      this.#settings && meshOf(this.#settings),
    );
    return endpoint === undefined ? [] : instancesOf(endpoint);
  }
}
