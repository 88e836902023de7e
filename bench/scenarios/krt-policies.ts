import {interleave, ratio} from '../krt/interleave.ts';
import {Mirror} from '../krt/map-mirror.ts';
import {enginePolicies, type PolicyListeners} from '../krt/policies-engine.ts';
import {HandWrittenPolicies} from '../krt/policies-hand-written.ts';
import {policyContender, type PolicyRound} from '../krt/policies-rounds.ts';
import {policed, type Policy, type PolicyStatus, type PolicySystem, type Workload} from '../krt/policies-rows.ts';
import {BLOCK, eventBlock, podsOf, policiesOf, type PolicyShape} from '../krt/policies-workload.ts';
import {countedWork} from '../krt/policies-work.ts';
import {random} from '../krt/workload.ts';
import {figure, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const OURS = 'ours';
const BY_HAND = 'hand-written';
const EVENTS = 10_000;
const LARGE: PolicyShape = {pods: 10_000, policies: 500, namespaces: 1};

/** Many select many: 500 policies that each apply to 10,000 pods of a namespace, and 10,000 events of those pods. */
export const scenario: Scenario = {
  name: 'krt-policies',
  async run() {
    const single: PolicyRound = {shape: LARGE, events: EVENTS, burst: false};
    const bursts: PolicyRound = {shape: LARGE, events: EVENTS, burst: true};
    return [
      ...(await compared('a commit each', single, 1)),
      ...countedWork('a commit each', single),
      ...(await compared('bursts of 20', bursts)),
      ...countedWork('bursts of 20', bursts),
    ];
  },
};

async function compared(mode: string, round: PolicyRound, limit?: number): Promise<readonly Figure[]> {
  const contenders = [
    policyContender(BY_HAND, (listeners) => new HandWrittenPolicies(listeners), round),
    policyContender(OURS, enginePolicies, round),
  ];
  const standings = await interleave(contenders, {rounds: 5, warmup: 2});
  const seconds = (micros = Number.NaN): number => (micros * EVENTS) / 1e6;
  const bound = limit === undefined ? undefined : {atMost: limit};
  return [
    ...[...standings].map(([name, {microsPerOp}]) =>
      figure(`${mode}: ${name}, ${EVENTS} events, CPU`, seconds(microsPerOp), 's'),
    ),
    figure(`${mode}: ${OURS}, ${EVENTS} events`, seconds(standings.get(OURS)?.wallPerOp), 's', bound),
    figure(`${mode}: ${OURS} / ${BY_HAND}`, ratio(standings, OURS, BY_HAND), 'x'),
  ];
}

/** Enough policies for each form and each label that they hang on, in two namespaces. */
const SMALL: PolicyShape = {pods: 120, policies: 200, namespaces: 2};

/** The same at a small size: every kind of change, verified for each contender, and the work of the engine counted. */
export function smoke(): SmokeResult {
  const byHand = exercise((listeners) => new HandWrittenPolicies(listeners));
  const ours = exercise(enginePolicies);
  return [
    figure('workloads told, as many as by hand', ours.workloads, 'rows', {exactly: byHand.workloads}),
    figure('policy statuses told, as many as by hand', ours.statuses, 'rows', {exactly: byHand.statuses}),
    ...countedWork('a commit each', {shape: SMALL, events: 200, burst: false}),
    ...countedWork('bursts of 20', {shape: SMALL, events: 200, burst: true}),
  ];
}

/** How many changes were told. */
type Told = {readonly workloads: number; readonly statuses: number};

function exercise(make: (listeners: PolicyListeners) => PolicySystem): Told {
  const workloads = new Mirror<Workload>();
  const statuses = new Mirror<PolicyStatus>();
  const system = make({workload: workloads.listen, status: statuses.listen});
  const draw = random(6);
  const pods = podsOf(SMALL);
  const policies = new Map(policiesOf(SMALL).map((policy) => [policy.key, policy]));
  const verify = (): void => {
    const expected = policed(pods.current, policies.values());
    workloads.verify(expected.workloads);
    workloads.verify(system.workloads());
    statuses.verify(expected.statuses);
    statuses.verify(system.statuses());
  };
  const set = (policy: Policy): void => {
    policies.set(policy.key, policy);
    system.setPolicy(policy);
    verify();
  };
  system.load([...policies.values()], pods.current);
  verify();
  for (let round = 0; round < 5; round++) {
    const block = eventBlock(pods, SMALL, draw);
    for (const event of block) system.commit([event]);
    verify();
    system.commit(eventBlock(pods, SMALL, draw));
    verify();
    const policy = draw.pick([...policies.values()]);
    set({...policy, selector: {matchLabels: {app: `app-${draw.int(BLOCK)}`}}});
    policies.delete(policy.key);
    system.deletePolicy(policy.key);
    verify();
    set(policy);
  }
  return {workloads: workloads.told, statuses: statuses.told};
}
