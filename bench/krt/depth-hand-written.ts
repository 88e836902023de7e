import {ClusterTable} from './depth-cluster-table.ts';
import {
  type AppService,
  type Cluster,
  type Endpoint,
  endpointOf,
  type Instance,
  instancesOf,
  type Mesh,
  meshOf,
  type Namespace,
  type Workload,
  workloadOf,
} from './depth-rows.ts';
import type {DepthSystem, Write} from './depth-system.ts';
import type {Listener} from './map-mirror.ts';
import type {Pod} from './workload.ts';

type Entry = {pod: Pod; workload: Workload; endpoint: Endpoint | undefined};

/**
 * The five levels by hand: the inputs, the indexes to find who is concerned by a service or a namespace, what was made
 * of each pod, and the clusters. What is the same as before goes no further.
 */
export class HandWrittenDepth implements DepthSystem {
  readonly #pods = new Map<string, Entry>();
  readonly #services = new Map<string, AppService>();
  readonly #namespaces = new Map<string, Namespace>();
  readonly #fixed = new Map<string, Endpoint>();
  #mesh: Mesh | undefined;
  readonly #podsOfService = new Map<string, Set<Entry>>();
  readonly #podsOfNamespace = new Map<string, Set<Entry>>();
  readonly #instances = new Map<string, readonly Instance[]>();
  readonly #clusters: ClusterTable;

  constructor(listen: Listener<Cluster>) {
    this.#clusters = new ClusterTable(listen);
  }

  setPod(pod: Pod): void {
    this.#setPod(pod);
    this.#clusters.flush();
  }

  setPods(pods: readonly Pod[]): void {
    for (const pod of pods) this.#setPod(pod);
    this.#clusters.flush();
  }

  apply(write: Write): void {
    this.#write(write);
    this.#clusters.flush();
  }

  clusters(): readonly Cluster[] {
    return this.#clusters.list();
  }

  #write(write: Write): void {
    switch (write.kind) {
      case 'pod':
        return this.#setPod(write.row);
      case 'pod gone':
        return this.#deletePod(write.key);
      case 'service':
        this.#services.set(write.row.key, write.row);
        return this.#deriveAll(this.#podsOfService.get(write.row.key));
      case 'service gone':
        this.#services.delete(write.key);
        return this.#deriveAll(this.#podsOfService.get(write.key));
      case 'namespace':
        this.#namespaces.set(write.row.key, write.row);
        return this.#deriveAll(this.#podsOfNamespace.get(write.row.key));
      case 'namespace gone':
        this.#namespaces.delete(write.key);
        return this.#deriveAll(this.#podsOfNamespace.get(write.key));
      case 'settings':
        this.#mesh = meshOf(write.row);
        return this.#deriveAll(this.#pods.values());
      case 'fixed':
        this.#fixed.set(write.row.key, write.row);
        return this.#settle(write.row.key, write.row);
      case 'fixed gone':
        this.#fixed.delete(write.key);
        return this.#settle(write.key, this.#pods.get(write.key)?.endpoint);
    }
  }

  #setPod(pod: Pod): void {
    const workload = workloadOf(pod);
    const entry = this.#pods.get(pod.key);
    if (entry === undefined) {
      const added: Entry = {pod, workload, endpoint: undefined};
      this.#pods.set(pod.key, added);
      this.#file(added);
      this.#derive(added);
      return;
    }
    const before = entry.workload;
    entry.pod = pod;
    if (sameWorkload(before, workload)) return;
    if (before.service !== workload.service || before.namespace !== workload.namespace) {
      this.#unfile(entry);
      entry.workload = workload;
      this.#file(entry);
    } else entry.workload = workload;
    this.#derive(entry);
  }

  #deletePod(key: string): void {
    const entry = this.#pods.get(key);
    if (entry === undefined) return;
    this.#pods.delete(key);
    this.#unfile(entry);
    if (!this.#fixed.has(key)) this.#settle(key, undefined);
  }

  #deriveAll(entries: Iterable<Entry> = []): void {
    for (const entry of entries) this.#derive(entry);
  }

  #derive(entry: Entry): void {
    const {workload} = entry;
    const endpoint = endpointOf(
      workload,
      this.#services.get(workload.service),
      this.#namespaces.get(workload.namespace),
      this.#mesh,
    );
    entry.endpoint = endpoint;
    if (!this.#fixed.has(workload.key)) this.#settle(workload.key, endpoint);
  }

  /** Replaces the instances of a key by those of the endpoint that counts. */
  #settle(key: string, endpoint: Endpoint | undefined): void {
    const before = this.#instances.get(key) ?? [];
    const now = endpoint === undefined ? [] : instancesOf(endpoint);
    const kept = now.map((instance) => {
      const old = before.find((other) => other.key === instance.key);
      if (old !== undefined && sameInstance(old, instance)) return old;
      if (old !== undefined && old.cluster !== instance.cluster) this.#clusters.remove(old);
      this.#clusters.put(instance);
      return instance;
    });
    for (const old of before) {
      if (!now.some((instance) => instance.key === old.key)) this.#clusters.remove(old);
    }
    if (kept.length === 0) this.#instances.delete(key);
    else this.#instances.set(key, kept);
  }

  #file(entry: Entry): void {
    const {service, namespace} = entry.workload;
    add(this.#podsOfService, service, entry);
    add(this.#podsOfNamespace, namespace, entry);
  }

  #unfile(entry: Entry): void {
    const {service, namespace} = entry.workload;
    remove(this.#podsOfService, service, entry);
    remove(this.#podsOfNamespace, namespace, entry);
  }
}

function add(index: Map<string, Set<Entry>>, value: string, entry: Entry): void {
  const bucket = index.get(value);
  if (bucket === undefined) index.set(value, new Set([entry]));
  else bucket.add(entry);
}

function remove(index: Map<string, Set<Entry>>, value: string, entry: Entry): void {
  const bucket = index.get(value);
  bucket?.delete(entry);
  if (bucket?.size === 0) index.delete(value);
}

const sameWorkload = (a: Workload, b: Workload): boolean =>
  a.service === b.service && a.namespace === b.namespace && a.ip === b.ip && a.ready === b.ready;

const sameInstance = (a: Instance, b: Instance): boolean =>
  a.cluster === b.cluster &&
  a.address === b.address &&
  a.ready === b.ready &&
  a.mtls === b.mtls &&
  a.domain === b.domain;
