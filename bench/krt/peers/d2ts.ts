import {
  consolidate,
  D2,
  join,
  map,
  MessageType,
  MultiSet,
  output,
  reduce,
  type KeyValue,
  type MultiSetArray,
} from '@electric-sql/d2ts';
import {
  sameWorkload,
  workload,
  type ControllerKind,
  type Listener,
  type ServiceRow,
  type Workload,
} from '../controllers-model.ts';
import type {Labels, Pod} from '../workload.ts';

/** The plan of the db-ivm peer; every call is a version of its own, completed at once. */
export const d2ts: ControllerKind = {name: '@electric-sql/d2ts', create};

function create(listener: Listener) {
  const graph = new D2({initialFrontier: 0});
  const pods$ = graph.newInput<KeyValue<string, Pod>>();
  const services$ = graph.newInput<KeyValue<string, ServiceRow>>();
  const told = new Map<string, Workload>();

  const serviceNames$ = services$.pipe(
    map(([, {namespace, selector, name}]): KeyValue<string, string> => [joinKey(namespace, selector), name]),
    consolidate(),
  );
  const names$ = pods$.pipe(
    map(([key, {namespace, labels}]): KeyValue<string, string> => [joinKey(namespace, labels), key]),
    consolidate(),
    join<string, string, string, KeyValue<string, string>>(serviceNames$, 'inner'),
    map(([, [key, name]]): KeyValue<string, string> => [key ?? '', name ?? '']),
    reduce<string, string, readonly string[], KeyValue<string, string>>(namesOf),
  );
  pods$.pipe(
    join<string, Pod, readonly string[], KeyValue<string, Pod>>(names$, 'left'),
    consolidate(),
    output((message) => {
      if (message.type !== MessageType.DATA) return;
      for (const [[key, [pod, names]], count] of message.data.collection.getInner()) {
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

  let version = 0;
  const pods = new Map<string, Pod>();
  const services = new Map<string, ServiceRow>();
  const complete = (): void => {
    version++;
    pods$.sendFrontier(version);
    services$.sendFrontier(version);
    graph.run();
  };
  return {
    update(batch: readonly Pod[]): void {
      const changes: MultiSetArray<KeyValue<string, Pod>> = [];
      for (const pod of batch) replace(pods, pod, changes);
      pods$.sendData(version, new MultiSet(changes));
      complete();
    },
    updateService(service: ServiceRow): void {
      const changes: MultiSetArray<KeyValue<string, ServiceRow>> = [];
      replace(services, service, changes);
      services$.sendData(version, new MultiSet(changes));
      complete();
    },
    end: () => told,
    dispose(): void {},
  };
}

/** The values are a history that is not netted. */
function namesOf(values: [string, number][]): [readonly string[], number][] {
  const counts = new Map<string, number>();
  for (const [name, count] of values) counts.set(name, (counts.get(name) ?? 0) + count);
  const names = [...counts].filter(([, count]) => count > 0).map(([name]) => name);
  return names.length === 0 ? [] : [[names.sort(), 1]];
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
