import {strict as assert} from 'node:assert';
import {type Contender, timed} from './interleave.ts';
import {Counter, type Listener, sameRows} from './map-mirror.ts';
import {type Address, addressOf, type MapSystem} from './map-rows.ts';
import {batchedUpdates, singleUpdates} from './map-updates.ts';
import {pods as podsOf, random, type Shape} from './workload.ts';

/** How much a round does: `updates` commits of one pod each, or as many pods in commits of `batch`. */
export type MapRound = {readonly shape: Shape; readonly updates: number; readonly batch?: number};

/** Updates of pods, each a new address; their rows are made outside the timed part, their outcome verified after it. */
export function mapContender(
  name: string,
  make: (listen: Listener<Address>) => MapSystem,
  {shape, updates, batch}: MapRound,
): Contender {
  const counter = new Counter();
  const system = make(counter.listen);
  const draw = random(1);
  const current = podsOf(shape);
  system.setAll(current);

  const plan = (): (() => void) => {
    if (batch === undefined) {
      const rows = singleUpdates(current, updates, draw);
      return () => {
        for (const pod of rows) system.set(pod);
      };
    }
    const commits = batchedUpdates(current, {batches: updates / batch, size: batch}, draw);
    return () => {
      for (const rows of commits) system.setAll(rows);
    };
  };

  // Made one round ahead, so that the collection of garbage before a round moves the rows out of its way.
  let work = plan();
  return {
    name,
    round() {
      const before = counter.told;
      const measured = timed(updates, work);
      assert.equal(counter.told - before, updates, `${name}: changes told`);
      sameRows(name, system.rows(), current.map(addressOf));
      work = plan();
      return measured;
    },
  };
}
