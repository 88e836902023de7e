import {batch, computed, effect, signal, type ReadonlySignal, type Signal} from '@preact/signals-core';
import {
  namesSelecting,
  sameWorkload,
  withService,
  workload,
  type ControllerKind,
  type Listener,
  type ServiceRow,
  type Workload,
} from '../controllers-model.ts';
import {namesFor, servicesByPair} from '../controllers-pair-index.ts';
import type {Pod} from '../workload.ts';

type Entry = {readonly pod: Signal<Pod>; readonly workload: ReadonlySignal<Workload>; readonly stop: () => void};

/**
 * A signal per pod and one for the services of each namespace; a computed per pod, and an effect that tells. Signals
 * compare by reference, so the computed gives the old workload back where the new one is equal.
 */
export const signals: ControllerKind = {
  name: '@preact/signals-core',
  create: (listener) => create(listener, (services) => (pod) => namesSelecting(services.value, pod)),
};

/** The same, with a computed that files the services of each namespace by label pair, all again when one changes. */
export const signalsByLabel: ControllerKind = {
  name: '@preact/signals-core, label index',
  create: (listener) =>
    create(listener, (services) => {
      const byPair = computed(() => servicesByPair(services.value));
      return (pod) => namesFor(pod, byPair.value);
    }),
};

/** What finds the names of the services of a pod, given those of its namespace. */
type Finder = (services: ReadonlySignal<readonly ServiceRow[]>) => (pod: Pod) => readonly string[];
type Namespace = {readonly services: Signal<readonly ServiceRow[]>; readonly namesOf: (pod: Pod) => readonly string[]};

function create(listener: Listener, finder: Finder) {
  const entries = new Map<string, Entry>();
  const namespaces = new Map<string, Namespace>();

  const namespaceOf = (name: string): Namespace => {
    let namespace = namespaces.get(name);
    if (namespace === undefined) {
      const services = signal<readonly ServiceRow[]>([]);
      namespace = {services, namesOf: finder(services)};
      namespaces.set(name, namespace);
    }
    return namespace;
  };
  const entryOf = (first: Pod): Entry => {
    const pod = signal(first);
    const {namesOf} = namespaceOf(first.namespace);
    let last: Workload | undefined;
    const made = computed(() => {
      const current = pod.value;
      const now = workload(current, namesOf(current));
      if (last === undefined || !sameWorkload(last, now)) last = now;
      return last;
    });
    let told: Workload | undefined;
    const stop = effect(() => {
      const now = made.value;
      const old = told;
      told = now;
      listener(now.key, old, now);
    });
    return {pod, workload: made, stop};
  };

  return {
    update(pods: readonly Pod[]): void {
      batch(() => {
        for (const pod of pods) {
          const entry = entries.get(pod.key);
          if (entry === undefined) entries.set(pod.key, entryOf(pod));
          else entry.pod.value = pod;
        }
      });
    },
    updateService(service: ServiceRow): void {
      const {services} = namespaceOf(service.namespace);
      services.value = withService(services.value, service);
    },
    end: () => new Map([...entries].map(([key, entry]) => [key, entry.workload.value])),
    dispose(): void {
      for (const {stop} of entries.values()) stop();
    },
  };
}
