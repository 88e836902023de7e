import {selectorMatches} from '../../src/krt/index.ts';
import type {PodEvent, Policy} from './policies-rows.ts';
import type {Pod} from './workload.ts';

/** How much work is necessary for commits of events, found by brute force. */
export class ExpectedWork {
  /** Workloads to be made anew. */
  workloads = 0;
  /** Policies that were told to, summed over those workloads. */
  applying = 0;
  /** Policies that began or ceased to apply to a pod, counted once a commit. */
  memberships = 0;
  /** Policies that applied before, and those that do now, summed over the pods whose labels changed. */
  compared = 0;
  readonly #pods: Map<string, Pod>;
  readonly #policies: readonly Policy[];

  constructor(pods: readonly Pod[], policies: readonly Policy[]) {
    this.#pods = new Map(pods.map((pod) => [pod.key, pod]));
    this.#policies = policies;
  }

  /** No pod twice in one commit. */
  commit(events: readonly PodEvent[]): void {
    const changed = new Set<Policy>();
    for (const event of events) {
      const key = event.kind === 'set' ? event.pod.key : event.key;
      const old = this.#pods.get(key);
      const now = event.kind === 'set' ? event.pod : undefined;
      if (now === undefined) this.#pods.delete(key);
      else this.#pods.set(key, now);
      const before = this.#appliesTo(old);
      const after = this.#appliesTo(now);
      for (const policy of before) if (!after.has(policy)) changed.add(policy);
      for (const policy of after) if (!before.has(policy)) changed.add(policy);
      if (now !== undefined) this.workloads++;
      this.applying += after.size;
      if (old === undefined || now === undefined || !sameLabels(old, now)) this.compared += before.size + after.size;
    }
    this.memberships += changed.size;
  }

  #appliesTo(pod: Pod | undefined): ReadonlySet<Policy> {
    if (pod === undefined) return new Set();
    const {namespace, labels} = pod;
    return new Set(
      this.#policies.filter((policy) => policy.namespace === namespace && selectorMatches(policy.selector, labels)),
    );
  }
}

const sameLabels = (a: Pod, b: Pod): boolean => {
  const keys = Object.keys(a.labels);
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key]);
};
