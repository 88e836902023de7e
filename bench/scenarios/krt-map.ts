import {type Contender, interleave, ratio, type Standing} from '../krt/interleave.ts';
import {engineMap} from '../krt/map-engine.ts';
import {HandWrittenMap} from '../krt/map-hand-written.ts';
import {Mirror} from '../krt/map-mirror.ts';
import {type Address, addressOf, type MapSystem} from '../krt/map-rows.ts';
import {mapContender, type MapRound} from '../krt/map-rounds.ts';
import {CONTROLLERS, podOf, pods, random, readdressed, rephased} from '../krt/workload.ts';
import {figure, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const IDENTITY = 'ours, rows not compared';
const STRUCTURAL = 'ours, rows compared';
const BY_HAND = 'hand-written';

/** One map level: what the engine itself costs. */
export const scenario: Scenario = {
  name: 'krt-map',
  async run() {
    return [
      ...(await compared('single', {shape: CONTROLLERS, updates: 100_000}, {identity: 2, structural: 3.5})),
      ...(await compared('batches of 1000', {shape: CONTROLLERS, updates: 100_000, batch: 1_000})),
    ];
  },
};

type Limits = {readonly identity: number; readonly structural: number};

async function compared(mode: string, round: MapRound, limits?: Limits): Promise<readonly Figure[]> {
  const contenders: readonly Contender[] = [
    mapContender(BY_HAND, (listen) => new HandWrittenMap(listen), round),
    mapContender(IDENTITY, (listen) => engineMap('identity', listen), round),
    mapContender(STRUCTURAL, (listen) => engineMap('structural', listen), round),
  ];
  const standings = await interleave(contenders, {rounds: 9, warmup: 4});
  return [
    ...[...standings].map(([name, {microsPerOp}]) => figure(`${mode}: ${name}`, microsPerOp, 'µs CPU/pod')),
    against(standings, mode, IDENTITY, limits?.identity),
    against(standings, mode, STRUCTURAL, limits?.structural),
    figure(`${mode}: ${STRUCTURAL}, rate`, 1e6 / (standings.get(STRUCTURAL)?.wallPerOp ?? Number.NaN), 'pods/s'),
  ];
}

function against(standings: ReadonlyMap<string, Standing>, mode: string, ours: string, limit?: number): Figure {
  const bound = limit === undefined ? undefined : {atMost: limit};
  return figure(`${mode}: ${ours} / ${BY_HAND}`, ratio(standings, ours, BY_HAND), 'x', bound);
}

/** The same at a small size: every kind of change, verified for each contender, and the work of the engine counted. */
export function smoke(): SmokeResult {
  const byHand = new Mirror<Address>();
  exercise(new HandWrittenMap(byHand.listen), byHand);
  return (['identity', 'structural'] as const).flatMap((equals) => {
    const mirror = new Mirror<Address>();
    const system = engineMap(equals, mirror.listen);
    exercise(system, mirror);
    const {runs = Number.NaN, examined = Number.NaN} = system.graph.counters().get('addresses') ?? {};
    return [
      figure(`${equals}: changes told, as many as by hand`, mirror.told, 'rows', {exactly: byHand.told}),
      // 40 pods at first, then 40 single updates, 10 in a batch and the one that comes back: a run each.
      figure(`${equals}: runs`, runs, 'runs', {exactly: 91}),
      figure(`${equals}: rows looked at`, examined, 'rows', {exactly: 0}),
    ];
  });
}

function exercise(system: MapSystem, mirror: Mirror<Address>): void {
  const shape = {pods: 40, services: 5, namespaces: 2};
  const draw = random(2);
  const current = new Map(pods(shape).map((pod) => [pod.key, pod]));
  const verify = (): void => {
    mirror.verify([...current.values()].map(addressOf));
    mirror.verify(system.rows());
  };
  system.setAll([...current.values()]);
  verify();
  for (const pod of current.values()) {
    const updated = draw.int(2) === 0 ? readdressed(pod, draw) : rephased(pod);
    current.set(pod.key, updated);
    system.set(updated);
    verify();
  }
  const batch = [...current.values()].slice(0, 10).map((pod) => readdressed(pod, draw));
  for (const pod of batch) current.set(pod.key, pod);
  system.setAll(batch);
  verify();
  const back = podOf(3, 3, shape.namespaces);
  current.delete(back.key);
  system.delete(back.key);
  verify();
  current.set(back.key, back);
  system.set(back);
  verify();
}
