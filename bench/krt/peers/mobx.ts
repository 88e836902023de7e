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
 * As it comes when it is imported and nothing is said of NODE_ENV, which is the build with checks.
 *
 * An observable per pod and one for the services of each namespace, by reference; a computed per pod, with an equality of
 * its own, and a reaction that tells.
 */
export const mobx: ControllerKind = {name: 'mobx', create: (listener) => create(load('development'), listener)};

/** The same with the build that is used where NODE_ENV is `production`: it does not check what it is given. */
export const mobxProduction: ControllerKind = {
  name: 'mobx, production build',
  create: (listener) => create(load('production.min'), listener),
};

function create({autorun, computed, observable, runInAction}: typeof Mobx, listener: Listener) {
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
