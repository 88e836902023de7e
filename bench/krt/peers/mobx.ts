import {createRequire} from 'node:module';
import type * as Mobx from 'mobx';
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
import type {Pod} from '../workload.ts';

const load = (build: string): typeof Mobx => createRequire(import.meta.url)(`mobx/dist/mobx.cjs.${build}.js`);

type Entry = {
  readonly pod: Mobx.IObservableValue<Pod>;
  readonly workload: Mobx.IComputedValue<Workload>;
  readonly stop: () => void;
};

/**
 * As its manual has it: observable maps of rows, whose fields are observable too, a computed per pod and one for the
 * services of a namespace, and a reaction that tells. In the build that is had where nothing is said of NODE_ENV.
 */
export const mobx: ControllerKind = {name: 'mobx', create: (listener) => deep(load('development'), listener)};

/**
 * As who knows it well would have it for rows that never change in themselves: an observable per pod and one for the
 * services of each namespace, by reference, and a computed per pod with an equality of its own.
 */
export const mobxByReference: ControllerKind = {
  name: 'mobx, by reference',
  create: (listener) => byReference(load('development'), listener),
};

/** The same with the build that is used where NODE_ENV is `production`: it does not check what it is given. */
export const mobxProduction: ControllerKind = {
  name: 'mobx, by reference, production build',
  create: (listener) => byReference(load('production.min'), listener),
};

type Derived = {readonly workload: Mobx.IComputedValue<Workload | undefined>; readonly stop: () => void};

function deep({autorun, computed, observable, runInAction}: typeof Mobx, listener: Listener) {
  const pods = observable.map<string, Pod>();
  const services = observable.map<string, ServiceRow>();
  const derived = new Map<string, Derived>();
  const namespaces = new Map<string, Mobx.IComputedValue<readonly ServiceRow[]>>();

  const servicesOf = (namespace: string): readonly ServiceRow[] => {
    let found = namespaces.get(namespace);
    if (found === undefined) {
      found = computed(() =>
        [...services.values()]
          .filter((service) => service.namespace === namespace)
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
      namespaces.set(namespace, found);
    }
    return found.get();
  };
  const derive = (key: string): Derived => {
    const made = computed(
      () => {
        const pod = pods.get(key);
        return pod && workload(pod, namesSelecting(servicesOf(pod.namespace), pod));
      },
      {equals: (a, b) => a === b || (a !== undefined && b !== undefined && sameWorkload(a, b))},
    );
    let told: Workload | undefined;
    const stop = autorun(() => {
      const now = made.get();
      const old = told;
      told = now;
      if (now !== undefined) listener(now.key, old, now);
    });
    return {workload: made, stop};
  };

  return {
    update(rows: readonly Pod[]): void {
      runInAction(() => {
        for (const pod of rows) pods.set(pod.key, pod);
        for (const {key} of rows) if (!derived.has(key)) derived.set(key, derive(key));
      });
    },
    updateService(service: ServiceRow): void {
      runInAction(() => services.set(service.key, service));
    },
    end(): ReadonlyMap<string, Workload> {
      const workloads = new Map<string, Workload>();
      for (const [key, {workload: made}] of derived) {
        const now = made.get();
        if (now !== undefined) workloads.set(key, now);
      }
      return workloads;
    },
    dispose(): void {
      for (const {stop} of derived.values()) stop();
    },
  };
}

function byReference({autorun, computed, observable, runInAction}: typeof Mobx, listener: Listener) {
  const entries = new Map<string, Entry>();
  const namespaces = new Map<string, Mobx.IObservableValue<readonly ServiceRow[]>>();

  const servicesOf = (namespace: string): Mobx.IObservableValue<readonly ServiceRow[]> => {
    let services = namespaces.get(namespace);
    if (services === undefined) {
      namespaces.set(namespace, (services = observable.box<readonly ServiceRow[]>([], {deep: false})));
    }
    return services;
  };
  const entryOf = (first: Pod): Entry => {
    const pod = observable.box(first, {deep: false});
    const services = servicesOf(first.namespace);
    const made = computed(
      () => {
        const current = pod.get();
        return workload(current, namesSelecting(services.get(), current));
      },
      {equals: sameWorkload},
    );
    let told: Workload | undefined;
    const stop = autorun(() => {
      const now = made.get();
      const old = told;
      told = now;
      listener(now.key, old, now);
    });
    return {pod, workload: made, stop};
  };

  return {
    update(pods: readonly Pod[]): void {
      runInAction(() => {
        for (const pod of pods) {
          const entry = entries.get(pod.key);
          if (entry === undefined) entries.set(pod.key, entryOf(pod));
          else entry.pod.set(pod);
        }
      });
    },
    updateService(service: ServiceRow): void {
      runInAction(() => {
        const services = servicesOf(service.namespace);
        services.set(withService(services.get(), service));
      });
    },
    end: () => new Map([...entries].map(([key, entry]) => [key, entry.workload.get()])),
    dispose(): void {
      for (const {stop} of entries.values()) stop();
    },
  };
}
