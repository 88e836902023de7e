import {figure, type Figure} from '../report.ts';
import {sameRows} from './map-mirror.ts';
import {enginePolicies} from './policies-engine.ts';
import {ExpectedWork} from './policies-expected.ts';
import {policed} from './policies-rows.ts';
import type {PolicyRound} from './policies-rounds.ts';
import {BLOCK, eventBlock, podsOf, policiesOf} from './policies-workload.ts';
import {random} from './workload.ts';

/**
 * The work of the engine in a round, counted: as much as follows from the events, and none of the order of policies
 * times pods. Throws where the outcome is wrong.
 */
export function countedWork(name: string, {shape, events, burst}: PolicyRound): readonly Figure[] {
  const ignore = (): void => {};
  const system = enginePolicies({workload: ignore, status: ignore});
  const draw = random(2);
  const pods = podsOf(shape);
  const policies = policiesOf(shape);
  system.load(policies, pods.current);
  const expected = new ExpectedWork(pods.current, policies);
  const blocks = Array.from({length: events / BLOCK}, () => eventBlock(pods, shape, draw));
  const commits = burst ? blocks : blocks.flat().map((event) => [event]);
  for (const commit of commits) expected.commit(commit);

  system.graph.resetCounters();
  for (const commit of commits) system.commit(commit);

  const outcome = policed(pods.current, policies);
  sameRows(`${name}: workloads`, system.workloads(), outcome.workloads);
  sameRows(`${name}: statuses`, system.statuses(), outcome.statuses);
  const counters = system.graph.counters();
  const of = (node: string) => {
    const found = counters.get(node);
    if (found === undefined) throw new Error(`nothing is called ${node}`);
    return found;
  };
  const allScans = [...counters.values()].reduce((sum, {scans}) => sum + scans, 0);
  const {workloads, applying, memberships, compared} = expected;
  const statusRuns = burst ? {atMost: memberships} : {exactly: memberships};
  system.graph.dispose();
  return [
    figure(`${name}: workload runs`, of('workloads').runs, 'runs', {exactly: workloads}),
    figure(`${name}: policy status runs, for changes of membership`, of('policy-statuses').runs, 'runs', statusRuns),
    figure(`${name}: policies listed by workloads`, of('workloads').examined, 'rows', {atMost: applying}),
    // A count is one answer, however many it counts.
    figure(`${name}: rows looked at by policy statuses`, of('policy-statuses').examined, 'rows', {atMost: memberships}),
    figure(`${name}: matches looked at by the match join`, of('policy-pods').examined, 'rows', {atMost: compared}),
    figure(`${name}: changes that no index ruled out`, allScans, 'scans', {exactly: 0}),
  ];
}
