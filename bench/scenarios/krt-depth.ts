import {engineDepth} from '../krt/depth-engine.ts';
import {HandWrittenDepth} from '../krt/depth-hand-written.ts';
import {depthContender, type DepthRound} from '../krt/depth-rounds.ts';
import type {Cluster} from '../krt/depth-rows.ts';
import type {DepthSystem} from '../krt/depth-system.ts';
import {World} from '../krt/depth-world.ts';
import {everyWrite, initialWrites} from '../krt/depth-writes.ts';
import {interleave, ratio} from '../krt/interleave.ts';
import {Mirror} from '../krt/map-mirror.ts';
import {batchedUpdates, singleUpdates} from '../krt/map-updates.ts';
import {CONTROLLERS, pods as podsOf, random, type Shape} from '../krt/workload.ts';
import {figure, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const OURS = 'ours';
const BY_HAND = 'hand-written';
const LARGE: Shape = {pods: 20_000, services: 1_000, namespaces: 20};

/** Five levels: map, fetch three collections, join with priority, one to many, group by. */
export const scenario: Scenario = {
  name: 'krt-depth',
  async run() {
    return [
      ...(await compared('1000 pods, single', {shape: CONTROLLERS, updates: 20_000}, 3)),
      ...(await compared('1000 pods, batches of 1000', {shape: CONTROLLERS, updates: 20_000, batch: 1_000})),
      ...(await compared('20k pods, single', {shape: LARGE, updates: 20_000}, 1.5)),
      ...(await compared('20k pods, batches of 1000', {shape: LARGE, updates: 20_000, batch: 1_000})),
    ];
  },
};

async function compared(mode: string, round: DepthRound, limit?: number): Promise<readonly Figure[]> {
  const contenders = [
    depthContender(BY_HAND, (listen) => new HandWrittenDepth(listen), round),
    depthContender(OURS, engineDepth, round),
  ];
  const standings = await interleave(contenders, {rounds: 7, warmup: 4});
  const bound = limit === undefined ? undefined : {atMost: limit};
  return [
    ...[...standings].map(([name, {microsPerOp}]) => figure(`${mode}: ${name}`, microsPerOp, 'µs CPU/pod')),
    figure(`${mode}: ${OURS} / ${BY_HAND}`, ratio(standings, OURS, BY_HAND), 'x', bound),
    figure(`${mode}: ${OURS}, rate`, 1e6 / (standings.get(OURS)?.wallPerOp ?? Number.NaN), 'pods/s'),
  ];
}

/** The same at a small size: every kind of write, verified for each contender, and the work of the engine counted. */
export function smoke(): SmokeResult {
  const byHand = new Mirror<Cluster>();
  exercise(new HandWrittenDepth(byHand.listen), byHand);
  const ours = new Mirror<Cluster>();
  const system = engineDepth(ours.listen);
  exercise(system, ours);
  const told = ours.told;

  const [pod] = podsOf(SMALL).slice(7);
  if (pod === undefined) throw new Error('no pods');
  system.setPod(pod);
  system.graph.resetCounters();
  system.setPod({...pod, ip: '10.9.9.9'});
  system.setPod({...pod, ip: '10.9.9.9', labels: {...pod.labels, 'pod-template-hash': 'other'}});
  const counters = [...system.graph.counters().values()];
  const sum = (of: 'runs' | 'cutOff' | 'scans'): number => counters.reduce((total, counter) => total + counter[of], 0);
  return [
    figure('clusters told, as many as by hand', told, 'rows', {exactly: byHand.told}),
    // A run of each transform for the new address, and one of the first, cut off, for the label that nobody reads.
    figure('runs of transforms for a new address and a label nobody reads', sum('runs'), 'runs', {exactly: 4}),
    figure('runs cut off', sum('cutOff'), 'runs', {exactly: 1}),
    figure('changes that no index ruled out', sum('scans'), 'scans', {exactly: 0}),
  ];
}

const SMALL: Shape = {pods: 60, services: 6, namespaces: 2};

function exercise(system: DepthSystem, mirror: Mirror<Cluster>): void {
  const world = new World();
  const draw = random(3);
  const current = podsOf(SMALL);
  const verify = (): void => {
    mirror.verify(world.clusters());
    mirror.verify(system.clusters());
  };
  system.setPods(current);
  for (const row of current) world.apply({kind: 'pod', row});
  for (const write of initialWrites(current, draw)) {
    system.apply(write);
    world.apply(write);
    verify();
  }
  for (let round = 0; round < 20; round++) {
    for (const row of singleUpdates(current, 5, draw)) {
      system.setPod(row);
      world.apply({kind: 'pod', row});
      verify();
    }
    for (const write of everyWrite(current, SMALL, draw)) {
      system.apply(write);
      world.apply(write);
      verify();
    }
    for (const rows of batchedUpdates(current, {batches: 2, size: 25}, draw)) {
      system.setPods(rows);
      for (const row of rows) world.apply({kind: 'pod', row});
      verify();
    }
  }
}
