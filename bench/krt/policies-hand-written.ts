import {compiled, type Test} from './policies-compiled.ts';
import type {PolicyListeners} from './policies-engine.ts';
import type {PodEvent, Policy, PolicyStatus, PolicySystem, Workload} from './policies-rows.ts';
import {type Labels, type Pod, selects} from './workload.ts';

type PolicyEntry = {policy: Policy; applies: Test; pods: number; status: PolicyStatus | undefined};
type PodEntry = {
  pod: Pod;
  applying: readonly PolicyEntry[];
  /** Of those applying. */
  names: readonly string[];
  told: Workload | undefined;
};

/**
 * By hand: what applies to a pod is kept with it and found anew only where its labels changed; policies count. A policy
 * that changes is tried on all pods of its namespace.
 */
export class HandWrittenPolicies implements PolicySystem {
  readonly #pods = new Map<string, PodEntry>();
  readonly #policies = new Map<string, PolicyEntry>();
  /** By namespace, sorted by key. */
  readonly #sorted = new Map<string, PolicyEntry[]>();
  readonly #podsOfNamespace = new Map<string, Set<PodEntry>>();
  readonly #listeners: PolicyListeners;
  readonly #counted = new Set<PolicyEntry>();

  constructor(listeners: PolicyListeners) {
    this.#listeners = listeners;
  }

  load(policies: readonly Policy[], pods: readonly Pod[]): void {
    for (const policy of policies) this.#putPolicy(policy);
    this.#sort();
    for (const pod of pods) this.#setPod(pod);
    this.#flush();
  }

  commit(events: readonly PodEvent[]): void {
    for (const event of events) {
      if (event.kind === 'set') this.#setPod(event.pod);
      else this.#deletePod(event.key);
    }
    this.#flush();
  }

  setPolicy(policy: Policy): void {
    this.#putPolicy(policy);
    this.#sort();
    this.#rematch(policy.namespace);
    this.#flush();
  }

  deletePolicy(key: string): void {
    const entry = this.#policies.get(key);
    if (entry === undefined) return;
    this.#policies.delete(key);
    this.#sort();
    this.#rematch(entry.policy.namespace);
    this.#counted.delete(entry);
    if (entry.status !== undefined) this.#listeners.status({key, old: entry.status});
    this.#flush();
  }

  workloads(): readonly Workload[] {
    return [...this.#pods.values()].flatMap(({told}) => told ?? []);
  }

  statuses(): readonly PolicyStatus[] {
    return [...this.#policies.values()].flatMap(({status}) => status ?? []);
  }

  #putPolicy(policy: Policy): void {
    const applies = compiled(policy.selector);
    const entry = this.#policies.get(policy.key);
    if (entry === undefined) {
      const added = {policy, applies, pods: 0, status: undefined};
      this.#policies.set(policy.key, added);
      this.#counted.add(added);
    } else {
      entry.policy = policy;
      entry.applies = applies;
    }
  }

  #sort(): void {
    this.#sorted.clear();
    const sorted = [...this.#policies.values()].sort((a, b) => (a.policy.key < b.policy.key ? -1 : 1));
    for (const entry of sorted) {
      const others = this.#sorted.get(entry.policy.namespace);
      if (others === undefined) this.#sorted.set(entry.policy.namespace, [entry]);
      else others.push(entry);
    }
  }

  #setPod(pod: Pod): void {
    const entry = this.#pods.get(pod.key);
    if (entry === undefined) {
      const added: PodEntry = {pod, applying: [], names: [], told: undefined};
      this.#pods.set(pod.key, added);
      const others = this.#podsOfNamespace.get(pod.namespace);
      if (others === undefined) this.#podsOfNamespace.set(pod.namespace, new Set([added]));
      else others.add(added);
      this.#match(added);
      this.#tell(added);
      return;
    }
    const relabelled = !samePairs(entry.pod.labels, pod.labels);
    entry.pod = pod;
    if (relabelled) this.#match(entry);
    this.#tell(entry);
  }

  #deletePod(key: string): void {
    const entry = this.#pods.get(key);
    if (entry === undefined) return;
    this.#pods.delete(key);
    this.#podsOfNamespace.get(entry.pod.namespace)?.delete(entry);
    for (const policy of entry.applying) this.#count(policy, -1);
    if (entry.told !== undefined) this.#listeners.workload({key, old: entry.told});
  }

  #rematch(namespace: string): void {
    for (const entry of this.#podsOfNamespace.get(namespace) ?? []) {
      this.#match(entry);
      this.#tell(entry);
    }
  }

  /** Finds what applies; both lists are sorted, so one walk finds what came and what went. */
  #match(entry: PodEntry): void {
    const {labels, namespace} = entry.pod;
    const before = entry.applying;
    const now = (this.#sorted.get(namespace) ?? []).filter(({applies}) => applies(labels));
    if (before.length === now.length && before.every((policy, at) => policy === now[at])) return;
    let at = 0;
    for (const policy of now) {
      for (let old = before[at]; old !== undefined && old.policy.key < policy.policy.key; old = before[++at]) {
        this.#count(old, -1);
      }
      if (before[at] === policy) at++;
      else this.#count(policy, 1);
    }
    for (; at < before.length; at++) {
      const old = before[at];
      if (old !== undefined) this.#count(old, -1);
    }
    entry.applying = now;
    entry.names = now.map(({policy}) => policy.name);
  }

  #count(policy: PolicyEntry, change: 1 | -1): void {
    policy.pods += change;
    this.#counted.add(policy);
  }

  #tell(entry: PodEntry): void {
    const {pod, names: policies, told: old} = entry;
    const {key, ip, phase} = pod;
    if (old !== undefined && old.ip === ip && old.phase === phase && old.policies === policies) return;
    const now: Workload = {key, ip, phase, policies};
    entry.told = now;
    this.#listeners.workload(old === undefined ? {key, new: now} : {key, old, new: now});
  }

  #flush(): void {
    for (const entry of this.#counted) {
      const {policy, pods, status: old} = entry;
      const {key} = policy;
      if (old?.pods === pods) continue;
      const now = {key, pods};
      entry.status = now;
      this.#listeners.status(old === undefined ? {key, new: now} : {key, old, new: now});
    }
    this.#counted.clear();
  }
}

const samePairs = (a: Labels, b: Labels): boolean => a === b || (selects(a, b) && selects(b, a));
