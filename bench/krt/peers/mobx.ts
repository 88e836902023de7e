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

/** The production build whatever NODE_ENV says: the other one checks what it is given. */
const {autorun, computed, observable, runInAction}: typeof Mobx = createRequire(import.meta.url)(
  'mobx/dist/mobx.cjs.production.min.js',
);

type Entry = {
  readonly pod: Mobx.IObservableValue<Pod>;
  readonly workload: Mobx.IComputedValue<Workload>;
  readonly stop: () => void;
};

/**
 * An observable per pod and one for the services of each namespace, by reference; a computed per pod, with an equality of
 * its own, and a reaction that tells.
 */
export const mobx: ControllerKind = {name: 'mobx', create};

function create(listener: Listener) {
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
