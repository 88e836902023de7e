import type {Pod, Service} from './workload.ts';

/** What the services offer that a pod asks for: a row of the output. */
export type Endpoint = {readonly key: string; readonly ip: string; readonly services: string};

export type OnChange = (change: {
  readonly key: string;
  readonly old: Endpoint | undefined;
  readonly new: Endpoint | undefined;
}) => void;

/** How pods find services: what a pod asks for, and under what a service is found. */
export type Lookup = {readonly wanted: (pod: Pod) => string; readonly offered: (service: Service) => string};

export const endpointOf = ({key, ip}: Pod, services: readonly Service[]): Endpoint => ({
  key,
  ip,
  services: services.length === 1 ? (services[0]?.name ?? '') : services.map(({name}) => name).join(' '),
});

export type Controller = {
  setPod(pod: Pod): void;
  setService(service: Service): void;
  deletePod(key: string): void;
  deleteService(key: string): void;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
};

/**
 * The job of the engine written by hand: inputs, outputs, and the two indexes it takes to know which services a pod
 * asks for and which pods a changed service concerns. What a pod asked for last time is computed again from its old row.
 */
export function handWritten({wanted, offered}: Lookup, onChange: OnChange): Controller {
  const pods = new Map<string, Pod>();
  const services = new Map<string, Service>();
  const endpoints = new Map<string, Endpoint>();
  const podsByValue = new Map<string, Set<string>>();
  const servicesByValue = new Map<string, Set<string>>();

  const derive = (pod: Pod): void => {
    const found: Service[] = [];
    for (const key of servicesByValue.get(wanted(pod)) ?? []) {
      const service = services.get(key);
      if (service !== undefined) found.push(service);
    }
    if (found.length > 1) found.sort((a, b) => (a.key < b.key ? -1 : 1));
    const old = endpoints.get(pod.key);
    const now = endpointOf(pod, found);
    if (old !== undefined && old.ip === now.ip && old.services === now.services) return;
    endpoints.set(pod.key, now);
    onChange({key: pod.key, old, new: now});
  };
  const deriveAll = (value: string): void => {
    for (const key of podsByValue.get(value) ?? []) {
      const pod = pods.get(key);
      if (pod !== undefined) derive(pod);
    }
  };

  return {
    endpoints,
    setPod(pod) {
      const old = pods.get(pod.key);
      pods.set(pod.key, pod);
      refile(podsByValue, pod.key, old && wanted(old), wanted(pod));
      derive(pod);
    },
    setService(service) {
      const old = services.get(service.key);
      services.set(service.key, service);
      const before = old && offered(old);
      const value = offered(service);
      refile(servicesByValue, service.key, before, value);
      if (before !== undefined && before !== value) deriveAll(before);
      deriveAll(value);
    },
    deletePod(key) {
      const pod = pods.get(key);
      if (pod === undefined) return;
      pods.delete(key);
      refile(podsByValue, key, wanted(pod), undefined);
      const old = endpoints.get(key);
      endpoints.delete(key);
      onChange({key, old, new: undefined});
    },
    deleteService(key) {
      const service = services.get(key);
      if (service === undefined) return;
      services.delete(key);
      refile(servicesByValue, key, offered(service), undefined);
      deriveAll(offered(service));
    },
  };
}

/** Moves a key from one value of an index to another; values without keys go. */
function refile(
  byValue: Map<string, Set<string>>,
  key: string,
  before: string | undefined,
  after: string | undefined,
): void {
  if (before === after) return;
  if (before !== undefined) {
    const keys = byValue.get(before);
    keys?.delete(key);
    if (keys?.size === 0) byValue.delete(before);
  }
  if (after === undefined) return;
  const keys = byValue.get(after);
  if (keys === undefined) byValue.set(after, new Set([key]));
  else keys.add(key);
}
