import {BehaviorSubject, combineLatest, map} from 'rxjs';
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

/**
 * rxjs has streams of values and no keys: the latest pods and services are combined, and all workloads are made again.
 * The services are grouped in a stream of their own, so that a change of a pod does not group them again.
 */
export const rxjs: ControllerKind = {name: 'rxjs', create};

function create(listener: Listener) {
  const pods = new Map<string, Pod>();
  const pods$ = new BehaviorSubject<ReadonlyMap<string, Pod>>(pods);
  const services = new Map<string, ServiceRow>();
  const services$ = new BehaviorSubject<ReadonlyMap<string, ServiceRow>>(services);

  const servicesByNamespace$ = services$.pipe(map((all) => byNamespace(all.values())));
  const workloads$ = combineLatest([pods$, servicesByNamespace$]).pipe(
    map(([all, candidates]) => {
      const made: Workload[] = [];
      for (const pod of all.values()) {
        made.push(workload(pod, namesSelecting(candidates.get(pod.namespace) ?? [], pod)));
      }
      return made;
    }),
  );

  const told = new Map<string, Workload>();
  const subscription = workloads$.subscribe((made) => {
    for (const now of made) {
      const old = told.get(now.key);
      if (old !== undefined && sameWorkload(old, now)) continue;
      told.set(now.key, now);
      listener(now.key, old, now);
    }
  });

  return {
    update(batch: readonly Pod[]): void {
      for (const pod of batch) pods.set(pod.key, pod);
      pods$.next(pods);
    },
    updateService(service: ServiceRow): void {
      services.set(service.key, service);
      services$.next(services);
    },
    end: () => told,
    dispose: () => subscription.unsubscribe(),
  };
}

function byNamespace(services: Iterable<ServiceRow>): ReadonlyMap<string, readonly ServiceRow[]> {
  const grouped = new Map<string, readonly ServiceRow[]>();
  for (const service of services) {
    grouped.set(service.namespace, withService(grouped.get(service.namespace) ?? [], service));
  }
  return grouped;
}
