import {strict as assert} from 'node:assert';
import type {Cluster} from './depth-rows.ts';
import type {DepthSystem} from './depth-system.ts';
import {World} from './depth-world.ts';
import {everyWrite, initialWrites} from './depth-writes.ts';
import {type Contender, timed} from './interleave.ts';
import {Counter, type Listener, sameRows} from './map-mirror.ts';
import {batchedUpdates, singleUpdates} from './map-updates.ts';
import {pods as podsOf, random, type Shape} from './workload.ts';

/** How much a round does: `updates` commits of one pod each, or as many pods in commits of `batch`. */
export type DepthRound = {readonly shape: Shape; readonly updates: number; readonly batch?: number};

/**
 * Updates of pods, each a new address that goes through all levels. Between rounds, untimed, everything else is written
 * as well; the clusters are verified at the end of a round.
 */
export function depthContender(
  name: string,
  make: (listen: Listener<Cluster>) => DepthSystem,
  {shape, updates, batch}: DepthRound,
): Contender {
  const counter = new Counter();
  const system = make(counter.listen);
  const world = new World();
  const draw = random(1);
  const current = podsOf(shape);
  for (const write of initialWrites(current, draw)) {
    system.apply(write);
    world.apply(write);
  }
  system.setPods(current);

  /** The work of a round, and how many clusters it changes. */
  const plan = (): {readonly work: () => void; readonly changed: number} => {
    if (batch === undefined) {
      const rows = singleUpdates(current, updates, draw);
      const work = (): void => {
        for (const pod of rows) system.setPod(pod);
      };
      return {work, changed: rows.reduce((sum, pod) => sum + world.changedBy([pod]), 0)};
    }
    const commits = batchedUpdates(current, {batches: updates / batch, size: batch}, draw);
    const work = (): void => {
      for (const rows of commits) system.setPods(rows);
    };
    return {work, changed: commits.reduce((sum, rows) => sum + world.changedBy(rows), 0)};
  };

  // Made one round ahead, so that the collection of garbage before a round moves the rows out of its way.
  let next = plan();
  return {
    name,
    round() {
      const before = counter.told;
      const measured = timed(updates, next.work);
      assert.equal(counter.told - before, next.changed, `${name}: clusters told`);
      for (const row of current) world.apply({kind: 'pod', row});
      sameRows(name, system.clusters(), world.clusters());
      for (const write of everyWrite(current, shape, draw)) {
        system.apply(write);
        world.apply(write);
      }
      sameRows(name, system.clusters(), world.clusters());
      next = plan();
      return measured;
    },
  };
}
