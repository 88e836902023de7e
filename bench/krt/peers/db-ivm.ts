import {
  consolidate,
  D2,
  join,
  map,
  MultiSet,
  output,
  reduce,
  type KeyValue,
  type MultiSetArray,
} from '@tanstack/db-ivm';
import {
  sameWorkload,
  workload,
  type ControllerKind,
  type Listener,
  type ServiceRow,
  type Workload,
} from '../controllers-model.ts';
import type {Labels, Pod} from '../workload.ts';

/**
 * An equi-join on namespace and `app`, right as long as every selector is of that one label, then a join of the pods with
 * the names found. Of the plans tried this is the fastest: an update that leaves `app` alone nets to nothing before the
 * first join, where a single join of whole rows would group and hash all of it again.
 */
export const dbIvm: ControllerKind = {name: '@tanstack/db-ivm', create};

function create(listener: Listener) {
  const graph = new D2();
  const pods$ = graph.newInput<KeyValue<string, Pod>>();
  const services$ = graph.newInput<KeyValue<string, ServiceRow>>();
  const told = new Map<string, Workload>();

  const serviceNames$ = services$.pipe(
    map(([, {namespace, selector, name}]): KeyValue<string, string> => [joinKey(namespace, selector), name]),
  );
  const names$ = pods$.pipe(
    map(([key, {namespace, labels}]): KeyValue<string, string> => [joinKey(namespace, labels), key]),
    join<string, string, string, KeyValue<string, string>>(serviceNames$, 'inner'),
    map(([, [key, name]]): KeyValue<string, string> => [key ?? '', name ?? '']),
    reduce<string, string, readonly string[], KeyValue<string, string>>((values) =>
      values.length === 0 ? [] : [[values.map(([name]) => name).sort(), 1]],
    ),
  );
  pods$.pipe(
    join<string, Pod, readonly string[], KeyValue<string, Pod>>(names$, 'left'),
    consolidate(),
    output((changes) => {
      for (const [[key, [pod, names]], count] of changes.getInner()) {
        if (count <= 0 || pod === null) continue;
        const now = workload(pod, names ?? []);
        const old = told.get(key);
        if (old !== undefined && sameWorkload(old, now)) continue;
        told.set(key, now);
        listener(key, old, now);
      }
    }),
  );
  graph.finalize();

  const pods = new Map<string, Pod>();
  const services = new Map<string, ServiceRow>();
  return {
    update(batch: readonly Pod[]): void {
      const changes: MultiSetArray<KeyValue<string, Pod>> = [];
      for (const pod of batch) replace(pods, pod, changes);
      pods$.sendData(new MultiSet(changes));
      graph.run();
    },
    updateService(service: ServiceRow): void {
      const changes: MultiSetArray<KeyValue<string, ServiceRow>> = [];
      replace(services, service, changes);
      services$.sendData(new MultiSet(changes));
      graph.run();
    },
    end: () => told,
    dispose(): void {},
  };
}

const joinKey = (namespace: string, {app = ''}: Labels): string => `${namespace}/${app}`;

/** A change of a row is a withdrawal of the old one and an addition of the new. */
function replace<T extends {readonly key: string}>(
  rows: Map<string, T>,
  row: T,
  changes: MultiSetArray<KeyValue<string, T>>,
): void {
  const old = rows.get(row.key);
  if (old !== undefined) changes.push([[row.key, old], -1]);
  changes.push([[row.key, row], 1]);
  rows.set(row.key, row);
}
