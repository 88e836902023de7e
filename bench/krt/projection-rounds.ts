import {strict as assert} from 'node:assert';
import {type Contender, timed} from './interleave.ts';
import {Counter, type Listener, sameRows} from './map-mirror.ts';
import {type FrontedPod, frontedPods, type LiveService, type ProjectionSystem} from './projection-rows.ts';
import {firstService, frontedNamespace, portChanged, statusWritten} from './projection-workload.ts';

/**
 * Writes to the status of the one service, a commit each, of which nobody is to be told. Between rounds, untimed, a port
 * of it changes, so that all rows do.
 */
export function projectionContender(
  name: string,
  make: (listen: Listener<FrontedPod>) => ProjectionSystem,
  {pods: count, writes}: {readonly pods: number; readonly writes: number},
): Contender {
  const counter = new Counter();
  const system = make(counter.listen);
  const pods = frontedNamespace(count);
  let service: LiveService = firstService;
  system.setService(service);
  system.setPods(pods);
  const verify = (): void => sameRows(name, system.rows(), frontedPods(pods, new Map([[service.key, service]])));

  const plan = (): readonly LiveService[] =>
    Array.from({length: writes}, () => {
      service = statusWritten(service);
      return service;
    });

  // Made one round ahead, so that the collection of garbage before a round moves the rows out of its way.
  let todo = plan();
  return {
    name,
    round() {
      const rows = todo;
      const before = counter.told;
      const measured = timed(writes, () => {
        for (const row of rows) system.setService(row);
      });
      assert.equal(counter.told, before, `${name}: told of writes that change nothing`);
      verify();
      service = portChanged(service);
      system.setService(service);
      assert.equal(counter.told - before, count, `${name}: told of a changed port`);
      verify();
      todo = plan();
      return measured;
    },
  };
}
