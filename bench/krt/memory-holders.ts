import {createGraph, derive, index, input, type Graph} from '../../src/krt/index.ts';
import {endpointOf, handWritten, type Endpoint, type Lookup} from './memory-controller.ts';
import {ownerKey, type Pod, type Service} from './workload.ts';

/** `key`: one fetch of a service by its key; `index`: one of the services with an index value. */
export const FETCHES = ['key', 'index'] as const;
export type Fetch = (typeof FETCHES)[number];

/** `maps` hold the rows and nothing else; the others keep them up to date, each in its own way. */
export const KINDS = ['maps', 'hand-written', 'engine'] as const;
export type Kind = (typeof KINDS)[number];

/** Holds pods, services and what is made of them, and takes changes of them. */
export type Holder = {
  write(pods: readonly Pod[], services: readonly Service[]): void;
  /** By key. Bare maps do not follow. */
  remove(pods: readonly string[], services: readonly string[]): void;
  readonly size: () => number;
  readonly get: (key: string) => Endpoint | undefined;
  /** Rows of the output that a listener was told of, so far. */
  readonly told: () => number;
  /** Present on the engine only. */
  readonly graph?: Graph;
};

export const appKey = (namespace: string, app: string | undefined): string => `${namespace}/${app}`;
export const lookups: Readonly<Record<Fetch, Lookup>> = {
  key: {wanted: ownerKey, offered: (service) => service.key},
  index: {
    wanted: ({namespace, labels}) => appKey(namespace, labels['app']),
    offered: ({namespace, selector}) => appKey(namespace, selector['app']),
  },
};

export function createHolder(kind: Kind, fetch: Fetch): Holder {
  switch (kind) {
    case 'maps':
      return maps(lookups[fetch]);
    case 'hand-written':
      return controller(lookups[fetch]);
    case 'engine':
      return engine(fetch);
  }
}

/** The rows alone. Services are looked up in a map that is thrown away; each value has one. */
function maps({wanted, offered}: Lookup): Holder {
  const pods = new Map<string, Pod>();
  const services = new Map<string, Service>();
  const endpoints = new Map<string, Endpoint>();
  return {
    write(changed, changedServices) {
      for (const service of changedServices) services.set(service.key, service);
      const byValue = new Map([...services.values()].map((service) => [offered(service), service]));
      for (const pod of changed) {
        pods.set(pod.key, pod);
        const service = byValue.get(wanted(pod));
        endpoints.set(pod.key, endpointOf(pod, service === undefined ? [] : [service]));
      }
    },
    remove(podKeys, serviceKeys) {
      for (const key of serviceKeys) services.delete(key);
      for (const key of podKeys) {
        pods.delete(key);
        endpoints.delete(key);
      }
    },
    size: () => endpoints.size,
    get: (key) => endpoints.get(key),
    told: () => 0,
  };
}

function controller(lookup: Lookup): Holder {
  let told = 0;
  const job = handWritten(lookup, () => {
    told++;
  });
  return {
    write(pods, services) {
      for (const service of services) job.setService(service);
      for (const pod of pods) job.setPod(pod);
    },
    remove(pods, services) {
      for (const key of services) job.deleteService(key);
      for (const key of pods) job.deletePod(key);
    },
    size: () => job.endpoints.size,
    get: (key) => job.endpoints.get(key),
    told: () => told,
  };
}

function engine(fetch: Fetch): Holder {
  const {wanted, offered} = lookups[fetch];
  const pods = input<Pod>('pods', {key: ({key}) => key});
  const services = input<Service>('services', {key: ({key}) => key});
  const servicesByValue = index(services, 'services-by-app', offered);
  const endpoints = derive<Pod, Endpoint>('endpoints', {
    from: pods,
    reads: [services],
    rows(ctx, pod) {
      if (fetch === 'index') return endpointOf(pod, ctx.list(servicesByValue, wanted(pod)));
      const service = ctx.get(services, wanted(pod));
      return endpointOf(pod, service === undefined ? [] : [service]);
    },
  });
  const graph = createGraph({outputs: [endpoints]});
  let told = 0;
  graph.subscribe(endpoints, ({changes}) => {
    told += changes.length;
  });
  return {
    write(changed, changedServices) {
      graph.commit((tx) => {
        for (const service of changedServices) tx.set(services, service);
        for (const pod of changed) tx.set(pods, pod);
      });
    },
    remove(podKeys, serviceKeys) {
      graph.commit((tx) => {
        for (const key of serviceKeys) tx.delete(services, key);
        for (const key of podKeys) tx.delete(pods, key);
      });
    },
    size: () => graph.size(endpoints),
    get: (key) => graph.get(endpoints, key),
    told: () => told,
    graph,
  };
}
