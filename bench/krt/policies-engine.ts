import {createGraph, derive, type Graph, input, matchJoin} from '../../src/krt/index.ts';
import type {Listener} from './map-mirror.ts';
import type {Policy, PolicyStatus, PolicySystem, Workload} from './policies-rows.ts';
import type {Pod} from './workload.ts';

export type PolicyListeners = {readonly workload: Listener<Workload>; readonly status: Listener<PolicyStatus>};

const nameOf = ({name}: Policy): string => name;

/** Which policies apply to which pods on the engine, maintained by a match join that both outputs read. */
export function enginePolicies(listeners: PolicyListeners): PolicySystem & {readonly graph: Graph} {
  const pods = input<Pod>('pods', {
    key: ({key}) => key,
    labels: ({labels}) => labels,
    namespace: ({namespace}) => namespace,
  });
  const policies = input<Policy>('policies', {
    key: ({key}) => key,
    selector: ({selector}) => selector,
    namespace: ({namespace}) => namespace,
  });
  const matches = matchJoin('policy-pods', {selectors: policies, targets: pods});
  const workloads = derive('workloads', {
    from: pods,
    rows: (ctx, {key, ip, phase}): Workload => ({
      key,
      ip,
      phase,
      policies: ctx.list(matches.selectors, key, nameOf),
    }),
  });
  const statuses = derive('policy-statuses', {
    from: policies,
    rows: (ctx, {key}): PolicyStatus => ({key, pods: ctx.count(matches.targets, key)}),
  });
  const graph = createGraph({outputs: [workloads, statuses]});
  graph.subscribe(workloads, ({changes}) => {
    for (const change of changes) listeners.workload(change);
  });
  graph.subscribe(statuses, ({changes}) => {
    for (const change of changes) listeners.status(change);
  });
  return {
    graph,
    load(policyRows, podRows) {
      graph.commit((tx) => {
        tx.replaceAll(policies, policyRows);
        tx.replaceAll(pods, podRows);
      });
    },
    commit(events) {
      graph.commit((tx) => {
        for (const event of events) {
          if (event.kind === 'set') tx.set(pods, event.pod);
          else tx.delete(pods, event.key);
        }
      });
    },
    setPolicy(policy) {
      graph.commit((tx) => tx.set(policies, policy));
    },
    deletePolicy(key) {
      graph.commit((tx) => tx.delete(policies, key));
    },
    workloads: () => graph.list(workloads),
    statuses: () => graph.list(statuses),
  };
}
