import {strict as assert} from 'node:assert';
import {type Contender, timed} from './interleave.ts';
import {Counter, sameRows} from './map-mirror.ts';
import type {PolicyListeners} from './policies-engine.ts';
import {policed, type PodEvent, type PolicySystem} from './policies-rows.ts';
import {BLOCK, eventBlock, podsOf, policiesOf, type PolicyShape} from './policies-workload.ts';
import {random} from './workload.ts';

/** How much a round does: `events`, each a commit of its own or in bursts of 20. */
export type PolicyRound = {readonly shape: PolicyShape; readonly events: number; readonly burst: boolean};

/** Events of pods; all that follows from them is verified after a round. */
export function policyContender(
  name: string,
  make: (listeners: PolicyListeners) => PolicySystem,
  {shape, events, burst}: PolicyRound,
): Contender {
  const workloads = new Counter();
  const statuses = new Counter();
  const system = make({workload: workloads.listen, status: statuses.listen});
  const draw = random(1);
  const pods = podsOf(shape);
  const policies = policiesOf(shape);
  system.load(policies, pods.current);

  const plan = (): readonly (readonly PodEvent[])[] => {
    const blocks = Array.from({length: events / BLOCK}, () => eventBlock(pods, shape, draw));
    return burst ? blocks : blocks.flat().map((event) => [event]);
  };

  // Made one round ahead, so that the collection of garbage before a round moves the rows out of its way.
  let commits = plan();
  return {
    name,
    round() {
      const before = workloads.told;
      const todo = commits;
      const measured = timed(events, () => {
        for (const commit of todo) system.commit(commit);
      });
      // Every event but a flip changes a workload, and so does a flip, since it changes which policies apply.
      assert.equal(workloads.told - before, events, `${name}: workloads told`);
      const expected = policed(pods.current, policies);
      sameRows(`${name}: workloads`, system.workloads(), expected.workloads);
      sameRows(`${name}: statuses`, system.statuses(), expected.statuses);
      commits = plan();
      return measured;
    },
  };
}
