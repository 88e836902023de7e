/** The job of krt's BenchmarkControllers: every pod becomes a workload that names the services selecting it. */
import {selects, type Labels, type Pod, type Service} from './workload.ts';

/** A service with something that changes without any workload changing, as the metadata of real ones does. */
export type ServiceRow = Service & {readonly resourceVersion: number};

export type Workload = {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly ip: string;
  /** Names of the services of its namespace whose selector matches its labels, sorted. */
  readonly services: readonly string[];
};

/** Told of every workload that changed, never of one that is equal to the old one. */
export type Listener = (key: string, old: Workload | undefined, now: Workload) => void;

/** One way to do the job. Everything is synchronous: when a call returns, the listener was told. */
export type Controller = {
  /** New pods and new rows of known ones, as one batch; no key occurs twice in it, and none moves to another namespace. */
  update(pods: readonly Pod[]): void;
  /** A new service, or a new row of a known one. */
  updateService(service: ServiceRow): void;
  /** All workloads by key. */
  end(): ReadonlyMap<string, Workload>;
  dispose(): void;
};

export type ControllerKind = {readonly name: string; readonly create: (listener: Listener) => Controller};

export const workload = ({key, name, namespace, ip}: Pod, services: readonly string[]): Workload => ({
  key,
  name,
  namespace,
  ip,
  services,
});

/** Names of those of the services that select the labels of the pod, in their order. */
export function namesSelecting(services: readonly ServiceRow[], {labels}: Pod): string[] {
  const names: string[] = [];
  for (const {selector, name} of services) if (selects(selector, labels)) names.push(name);
  return names;
}

/** Whether two workloads of one pod are equal. */
export function sameWorkload(a: Workload, b: Workload): boolean {
  return a.ip === b.ip && sameStrings(a.services, b.services);
}

export function sameStrings(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Whether two objects of strings have the same pairs. */
export function samePairs(a: Labels, b: Labels): boolean {
  return a === b || (selects(a, b) && selects(b, a));
}

/** A copy of services sorted by name, with this one put in, or in place of its old row. */
export function withService(services: readonly ServiceRow[], service: ServiceRow): readonly ServiceRow[] {
  const copy = services.filter(({name}) => name < service.name);
  copy.push(service);
  for (const other of services) if (other.name > service.name) copy.push(other);
  return copy;
}

/** The oracle: all workloads, made from nothing. */
export function recomputed(pods: Iterable<Pod>, services: Iterable<ServiceRow>): ReadonlyMap<string, Workload> {
  const byNamespace = new Map<string, readonly ServiceRow[]>();
  for (const service of services) {
    byNamespace.set(service.namespace, [...(byNamespace.get(service.namespace) ?? []), service]);
  }
  const workloads = new Map<string, Workload>();
  for (const pod of pods) {
    workloads.set(pod.key, workload(pod, namesSelecting(byNamespace.get(pod.namespace) ?? [], pod).sort()));
  }
  return workloads;
}
