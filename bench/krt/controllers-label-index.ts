import {
  samePairs,
  sameWorkload,
  workload,
  type ControllerKind,
  type Listener,
  type ServiceRow,
  type Workload,
} from './controllers-model.ts';
import {
  fileService,
  file,
  namesFor,
  servicesByPair,
  unfile,
  unfileService,
  type PairIndex,
  type ServicesByPair,
} from './controllers-pair-index.ts';
import {selects, type Labels, type Pod} from './workload.ts';

type Entry = {pod: Pod; readonly namespace: Namespace; workload: Workload | undefined};

/** Pods are filed under each of their labels. */
type Namespace = {readonly services: ServicesByPair; readonly entries: PairIndex<Entry>; readonly all: Set<Entry>};

/** Written by hand for this job: a pod finds its services, and a service its pods, by label pair. */
export const labelIndex: ControllerKind = {name: 'by hand, label index', create};

function create(listener: Listener) {
  const entries = new Map<string, Entry>();
  const namespaces = new Map<string, Namespace>();
  const services = new Map<string, ServiceRow>();

  const namespaceOf = (name: string): Namespace => {
    let namespace = namespaces.get(name);
    if (namespace === undefined) {
      namespace = {services: servicesByPair([]), entries: new Map(), all: new Set()};
      namespaces.set(name, namespace);
    }
    return namespace;
  };
  const reconcile = (entry: Entry): void => {
    const {pod, namespace, workload: old} = entry;
    const now = workload(pod, namesFor(pod, namespace.services));
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
          entry.namespace.all.add(entry);
          filePairs(entry.namespace.entries, pod.labels, entry);
        } else {
          const {labels} = entry.pod;
          entry.pod = pod;
          if (!samePairs(labels, pod.labels)) {
            unfilePairs(entry.namespace.entries, labels, entry);
            filePairs(entry.namespace.entries, pod.labels, entry);
          }
        }
        reconcile(entry);
      }
    },
    updateService(service: ServiceRow): void {
      const namespace = namespaceOf(service.namespace);
      const old = services.get(service.key);
      services.set(service.key, service);
      if (old !== undefined) unfileService(namespace.services, old);
      fileService(namespace.services, service);
      if (old !== undefined && samePairs(old.selector, service.selector)) return;
      const affected = new Set<Entry>(selected(namespace, service));
      if (old !== undefined) for (const entry of selected(namespace, old)) affected.add(entry);
      for (const entry of affected) reconcile(entry);
    },
    end(): ReadonlyMap<string, Workload> {
      const workloads = new Map<string, Workload>();
      for (const {workload: made} of entries.values()) if (made !== undefined) workloads.set(made.key, made);
      return workloads;
    },
    dispose(): void {
      entries.clear();
      namespaces.clear();
      services.clear();
    },
  };
}

function selected(namespace: Namespace, {selector}: ServiceRow): readonly Entry[] {
  const [anchor] = Object.entries(selector);
  if (anchor === undefined) return [...namespace.all];
  const candidates = namespace.entries.get(anchor[0])?.get(anchor[1]) ?? [];
  return [...candidates].filter(({pod}) => selects(selector, pod.labels));
}

function filePairs<T>(index: PairIndex<T>, labels: Labels, item: T): void {
  for (const [label, value] of Object.entries(labels)) file(index, label, value, item);
}

function unfilePairs<T>(index: PairIndex<T>, labels: Labels, item: T): void {
  for (const [label, value] of Object.entries(labels)) unfile(index, label, value, item);
}
