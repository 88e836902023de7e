import {createGraph, derive, group, index, input} from '../../src/krt/index.ts';
import type {Counters, GroupRow} from '../../src/krt/index.ts';
import {endpointOf, handWritten, type Endpoint} from './memory-controller.ts';
import {lookups} from './memory-holders.ts';
import type {Pod, Service} from './workload.ts';

export const KINDS = ['engine', 'hand-written'] as const;
export type Kind = (typeof KINDS)[number];

export type Group = GroupRow<Endpoint>;

/** Holds the pods, what is made of each with the services of its app (found by index), and groups of these by service. */
export type GroupHolder = {
  load(pods: readonly Pod[], services: readonly Service[]): void;
  /** One change, by itself. */
  edit(pod: Pod): void;
  readonly groups: () => number;
  readonly group: (service: string) => Group | undefined;
  /** Groups that a listener was told of, so far. */
  readonly told: () => number;
  /** Of the engine, by node; empty for others. */
  readonly counters: () => ReadonlyMap<string, Counters>;
  readonly resetCounters: () => void;
};

const {wanted, offered} = lookups.index;

export function createGroupHolder(kind: Kind): GroupHolder {
  switch (kind) {
    case 'engine':
      return engine();
    case 'hand-written':
      return byHand();
  }
}

function engine(): GroupHolder {
  const pods = input<Pod>('pods', {key: ({key}) => key});
  const services = input<Service>('services', {key: ({key}) => key});
  const servicesByApp = index(services, 'services-by-app', offered);
  const endpoints = derive<Pod, Endpoint>('endpoints', {
    from: pods,
    reads: [services],
    rows: (ctx, pod) => endpointOf(pod, ctx.list(servicesByApp, wanted(pod))),
  });
  const byService = group(
    'endpoints-of-service',
    index(endpoints, 'by-service', (endpoint) => endpoint.services),
  );
  const graph = createGraph({outputs: [byService]});
  let told = 0;
  graph.subscribe(byService, ({changes}) => {
    told += changes.length;
  });
  return {
    load(rows, serviceRows) {
      graph.commit((tx) => {
        for (const row of serviceRows) tx.set(services, row);
        for (const row of rows) tx.set(pods, row);
      });
    },
    edit: (pod) => void graph.commit((tx) => tx.set(pods, pod)),
    groups: () => graph.size(byService),
    group: (service) => graph.get(byService, service),
    told: () => told,
    counters: () => graph.counters(),
    resetCounters: () => graph.resetCounters(),
  };
}

/** The hand-written controller with groups on top: each a new row when a member changes, its members in order. */
function byHand(): GroupHolder {
  const groups = new Map<string, Group>();
  let told = 0;
  const tell = (key: string, rows: readonly Endpoint[]): void => {
    if (rows.length === 0) groups.delete(key);
    else groups.set(key, {key, rows});
    told++;
  };
  const job = handWritten(lookups.index, ({key, old, new: now}) => {
    if (old !== undefined && old.services !== now?.services)
      tell(
        old.services,
        (groups.get(old.services)?.rows ?? []).filter((row) => row.key !== key),
      );
    if (now === undefined) return;
    const rows = [...(groups.get(now.services)?.rows ?? [])];
    const at = positionOf(key, rows);
    rows.splice(at, rows[at]?.key === key ? 1 : 0, now);
    tell(now.services, rows);
  });
  return {
    load(pods, services) {
      for (const service of services) job.setService(service);
      for (const pod of pods) job.setPod(pod);
    },
    edit: (pod) => job.setPod(pod),
    groups: () => groups.size,
    group: (service) => groups.get(service),
    told: () => told,
    counters: () => new Map(),
    resetCounters: () => {},
  };
}

/** Where a key is among rows in the order of their keys, or would be. */
function positionOf(key: string, rows: readonly Endpoint[]): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
