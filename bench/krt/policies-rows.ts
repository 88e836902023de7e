import {type LabelSelector, type Row, selectorMatches} from '../../src/krt/index.ts';
import type {Pod} from './workload.ts';

/** Applies to the pods of its namespace that it selects. */
export type Policy = Row & {readonly namespace: string; readonly name: string; readonly selector: LabelSelector};

/** A pod with the names of the policies that apply to it, in order of their keys. */
export type Workload = Row & {readonly ip: string; readonly phase: string; readonly policies: readonly string[]};

/** To how many pods a policy applies. */
export type PolicyStatus = Row & {readonly pods: number};

export type PodEvent = {readonly kind: 'set'; readonly pod: Pod} | {readonly kind: 'delete'; readonly key: string};

/** A keeper of both. Every call is a commit of its own, after which listeners have been told. */
export type PolicySystem = {
  /** To begin with. */
  load(policies: readonly Policy[], pods: readonly Pod[]): void;
  /** No pod twice. */
  commit(events: readonly PodEvent[]): void;
  setPolicy(policy: Policy): void;
  deletePolicy(key: string): void;
  workloads(): readonly Workload[];
  statuses(): readonly PolicyStatus[];
};

/** From nothing, with every policy tried on every pod. */
export function policed(
  pods: Iterable<Pod>,
  policies: Iterable<Policy>,
): {readonly workloads: readonly Workload[]; readonly statuses: readonly PolicyStatus[]} {
  const sorted = [...policies].sort((a, b) => (a.key < b.key ? -1 : 1));
  const counts = new Map(sorted.map(({key}) => [key, 0]));
  const workloads = [...pods].map(({key, namespace, ip, phase, labels}): Workload => {
    const applying = sorted.filter(
      (policy) => policy.namespace === namespace && selectorMatches(policy.selector, labels),
    );
    for (const policy of applying) counts.set(policy.key, (counts.get(policy.key) ?? 0) + 1);
    return {key, ip, phase, policies: applying.map(({name}) => name)};
  });
  return {workloads, statuses: [...counts].map(([key, count]) => ({key, pods: count}))};
}
