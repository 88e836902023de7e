import {interleave, ratio} from '../krt/interleave.ts';
import {Mirror} from '../krt/map-mirror.ts';
import {engineProjection} from '../krt/projection-engine.ts';
import {HandWrittenProjection} from '../krt/projection-hand-written.ts';
import {projectionContender} from '../krt/projection-rounds.ts';
import {type FrontedPod, frontedPods, type ProjectionSystem} from '../krt/projection-rows.ts';
import {firstService, frontedNamespace, portChanged, statusWritten} from '../krt/projection-workload.ts';
import {random, readdressed} from '../krt/workload.ts';
import {figure, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const PROJECTED = 'ours, projected';
const WHOLE = 'ours, whole';
const BY_HAND = 'hand-written';
const PODS = 10_000;

/** A service whose status is written to all the time, and the pods that read something else of it. */
export const scenario: Scenario = {
  name: 'krt-projection',
  async run() {
    const contenders = [
      projectionContender(BY_HAND, (listen) => new HandWrittenProjection(listen), {pods: PODS, writes: 1_000}),
      projectionContender(PROJECTED, (listen) => engineProjection('projected', listen), {pods: PODS, writes: 100}),
      projectionContender(WHOLE, (listen) => engineProjection('whole', listen), {pods: PODS, writes: 3}),
    ];
    const standings = await interleave(contenders, {rounds: 7, warmup: 3});
    return [
      ...runsOf(PODS),
      ...[...standings].map(([name, {microsPerOp}]) => figure(`write to status: ${name}`, microsPerOp, 'µs CPU')),
      figure(`write to status: ${PROJECTED} / ${WHOLE}`, ratio(standings, PROJECTED, WHOLE), 'x'),
      figure(`write to status: ${PROJECTED} / ${BY_HAND}`, ratio(standings, PROJECTED, BY_HAND), 'x'),
    ];
  },
};

/** How often the transform runs for ten writes to the status, and for one to a port. */
function runsOf(pods: number): readonly Figure[] {
  return (['projected', 'whole'] as const).flatMap((read) => {
    const system = engineProjection(read, () => {});
    const runs = (): number => system.graph.counters().get('fronted-pods')?.runs ?? Number.NaN;
    system.setService(firstService);
    system.setPods(frontedNamespace(pods));
    // What holds for a first run must hold for the ones after it.
    let service = portChanged(firstService);
    system.setService(service);
    system.graph.resetCounters();
    for (let write = 0; write < 10; write++) {
      service = statusWritten(service);
      system.setService(service);
    }
    const idle = runs();
    system.graph.resetCounters();
    system.setService(portChanged(service));
    const needed = runs();
    system.graph.dispose();
    return [
      figure(`${read}: runs for ten writes to the status`, idle, 'runs', {
        exactly: read === 'projected' ? 0 : 10 * pods,
      }),
      figure(`${read}: runs for a changed port`, needed, 'runs', {exactly: pods}),
    ];
  });
}

/** The same at a small size: every kind of write, verified for each contender, and the runs counted. */
export function smoke(): SmokeResult {
  const byHand = exercise((listen) => new HandWrittenProjection(listen));
  return [
    ...(['projected', 'whole'] as const).map((read) =>
      figure(
        `${read}: changes told, as many as by hand`,
        exercise((listen) => engineProjection(read, listen)),
        'rows',
        {exactly: byHand},
      ),
    ),
    ...runsOf(50),
  ];
}

/** Returns how many changes were told. */
function exercise(make: (listen: Mirror<FrontedPod>['listen']) => ProjectionSystem): number {
  const mirror = new Mirror<FrontedPod>();
  const system = make(mirror.listen);
  const draw = random(7);
  const pods = frontedNamespace(30);
  const services = new Map([[firstService.key, firstService]]);
  const verify = (): void => {
    mirror.verify(frontedPods(pods, services));
    mirror.verify(system.rows());
  };
  const set = (service: typeof firstService): void => {
    services.set(service.key, service);
    system.setService(service);
    verify();
  };
  system.setPods(pods);
  set(firstService);
  set(statusWritten(firstService));
  set(portChanged(firstService));
  for (const [at, pod] of pods.slice(0, 10).entries()) pods[at] = readdressed(pod, draw);
  system.setPods(pods.slice(0, 12));
  verify();
  const [gone] = pods.splice(5, 1);
  if (gone === undefined) throw new Error('no pods');
  system.deletePod(gone.key);
  verify();
  services.clear();
  system.deleteService(firstService.key);
  verify();
  system.setPods([gone]);
  pods.push(gone);
  verify();
  set(statusWritten(firstService));
  return mirror.told;
}
