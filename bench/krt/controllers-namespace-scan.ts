import {
  namesSelecting,
  samePairs,
  sameWorkload,
  withService,
  workload,
  type ControllerKind,
  type Listener,
  type ServiceRow,
  type Workload,
} from './controllers-model.ts';
import type {Pod} from './workload.ts';
import {selects} from './workload.ts';

type Entry = {pod: Pod; readonly namespace: Namespace; workload: Workload | undefined};
type Namespace = {services: readonly ServiceRow[]; readonly entries: Entry[]};

/** Written by hand for this job: a pod looks through the services of its namespace, a service through the pods of its. */
export const namespaceScan: ControllerKind = {name: 'by hand, namespace scan', create};

function create(listener: Listener) {
  const entries = new Map<string, Entry>();
  const namespaces = new Map<string, Namespace>();
  const services = new Map<string, ServiceRow>();

  const namespaceOf = (name: string): Namespace => {
    let namespace = namespaces.get(name);
    if (namespace === undefined) namespaces.set(name, (namespace = {services: [], entries: []}));
    return namespace;
  };
  const reconcile = (entry: Entry): void => {
    const {pod, namespace, workload: old} = entry;
    const now = workload(pod, namesSelecting(namespace.services, pod));
    if (old !== undefined && sameWorkload(old, now)) return;
    entry.workload = now;
    listener(now.key, old, now);
  };

  return {
    update(pods: readonly Pod[]): void {
      for (const pod of pods) {
        let entry = entries.get(pod.key);
        if (entry === undefined) {
          entry = {pod, namespace: namespaceOf(pod.namespace), workload: undefined};
          entries.set(pod.key, entry);
          entry.namespace.entries.push(entry);
        } else entry.pod = pod;
        reconcile(entry);
      }
    },
    updateService(service: ServiceRow): void {
      const old = services.get(service.key);
      services.set(service.key, service);
      const namespace = namespaceOf(service.namespace);
      namespace.services = withService(namespace.services, service);
      if (old !== undefined && samePairs(old.selector, service.selector)) return;
      for (const entry of namespace.entries) {
        const {labels} = entry.pod;
        if (selects(service.selector, labels) || (old !== undefined && selects(old.selector, labels))) reconcile(entry);
      }
    },
    end: () => workloadsOf(entries.values()),
    dispose(): void {
      entries.clear();
      namespaces.clear();
      services.clear();
    },
  };
}

function workloadsOf(entries: Iterable<Entry>): ReadonlyMap<string, Workload> {
  const workloads = new Map<string, Workload>();
  for (const {workload: made} of entries) if (made !== undefined) workloads.set(made.key, made);
  return workloads;
}
