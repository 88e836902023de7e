import {interleave, ratio, type Standing} from '../krt/interleave.ts';
import {labelIndex} from '../krt/controllers-label-index.ts';
import type {ControllerKind} from '../krt/controllers-model.ts';
import {namespaceScan} from '../krt/controllers-namespace-scan.ts';
import {oursByNamespace, oursBySelector} from '../krt/controllers-ours.ts';
import {contenders, type Entrant, type Job} from '../krt/controllers-rounds.ts';
import {agreement} from '../krt/controllers-agreement.ts';
import {work} from '../krt/controllers-work.ts';
import {d2ts} from '../krt/peers/d2ts.ts';
import {dbIvm} from '../krt/peers/db-ivm.ts';
import {mobx, mobxByReference, mobxProduction} from '../krt/peers/mobx.ts';
import {rxjs} from '../krt/peers/rxjs.ts';
import {signals, signalsByLabel} from '../krt/peers/signals.ts';
import {CONTROLLERS, type Shape} from '../krt/workload.ts';
import {figure, type Bound, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const LARGE: Shape = {pods: 20_000, services: 1_000, namespaces: 2};
const ROUNDS = {rounds: 7, warmup: 4};
/** A round is 20 times as long there, so fewer tell as much. */
const LARGE_ROUNDS = {rounds: 5, warmup: 2};

const ours: readonly ControllerKind[] = [oursByNamespace, oursBySelector];
const handWritten: readonly ControllerKind[] = [namespaceScan, labelIndex];
const peers: readonly ControllerKind[] = [
  signals,
  signalsByLabel,
  mobx,
  mobxByReference,
  mobxProduction,
  dbIvm,
  d2ts,
  rxjs,
];

/** istio's BenchmarkControllers without its API client: pods and the services that select them, against everybody else. */
export const scenario: Scenario = {
  name: 'krt-controllers',
  run: async () => [...(await single()), ...(await batched()), ...(await large()), ...(await services())],
};

/** All kinds through the same random steps, and the work of the engine counted. */
export const smoke = (): SmokeResult => [...agreement([...ours, ...handWritten, ...peers]), ...work()];

async function single(): Promise<Figure[]> {
  const job: Job = {change: 'pods', batch: 1};
  const found = await standings(job, CONTROLLERS, [
    ...many([...ours, ...handWritten, signals, signalsByLabel], 20_000),
    ...many([mobxByReference, mobxProduction], 10_000),
    {kind: mobx, operations: 1_000},
    {kind: dbIvm, operations: 5_000},
    {kind: d2ts, operations: 500, fresh: true},
    {kind: rxjs, operations: 100},
  ]);
  const best = bestOf(found);
  const against = (kind: ControllerKind, bound?: Bound) =>
    figure(`pod update: ${kind.name} / ours`, ratio(found, kind.name, best), 'x', bound);
  return [
    ...costs('pod update', found),
    throughByHand('pod update', ratio(found, best, labelIndex.name), {krt: 12.3, byHand: 0.39, atLeast: 15}),
    figure(`pod update: ours / ${namespaceScan.name}`, ratio(found, best, namespaceScan.name), 'x', {atMost: 2}),
    figure(`pod update: ours / ${labelIndex.name}`, ratio(found, best, labelIndex.name), 'x'),
    against(signals, {atLeast: 0.8}),
    against(signalsByLabel),
    against(mobx, {atLeast: 4}),
    against(mobxByReference),
    against(mobxProduction),
    against(dbIvm, {atLeast: 20}),
    against(d2ts, {atLeast: 100}),
    against(rxjs, {atLeast: 500}),
  ];
}

async function batched(): Promise<Figure[]> {
  const job: Job = {change: 'pods', batch: 1_000};
  const found = await standings(job, CONTROLLERS, [
    ...many([...ours, ...handWritten, signals, signalsByLabel, mobxByReference, rxjs], 20_000),
    {kind: mobx, operations: 1_000},
    {kind: dbIvm, operations: 10_000},
    {kind: d2ts, operations: 2_000, fresh: true},
  ]);
  const best = bestOf(found);
  const perSecond = 1_000_000 / (found.get(best)?.wallPerOp ?? Number.NaN);
  return [
    ...costs('pod in a batch of 1000', found),
    figure(`batch: ours / ${namespaceScan.name}`, ratio(found, best, namespaceScan.name), 'x', {atMost: 1.5}),
    figure(`batch: ours / ${labelIndex.name}`, ratio(found, best, labelIndex.name), 'x'),
    figure('batch: ours, pod updates per second', perSecond, '/s', {atLeast: 800_000}),
  ];
}

async function large(): Promise<Figure[]> {
  const what = 'pod update, 20000 pods, 1000 services';
  const found = await standings(
    {change: 'pods', batch: 1},
    LARGE,
    many([...ours, ...handWritten, signals, signalsByLabel], 20_000),
    LARGE_ROUNDS,
  );
  const best = bestOf(found);
  return [
    ...costs(what, found),
    throughByHand(what, ratio(found, best, labelIndex.name), {krt: 98, byHand: 1, atLeast: 40}),
    figure(`${what}: ours / ${namespaceScan.name}`, ratio(found, best, namespaceScan.name), 'x', {atMost: 0.35}),
    figure(`${what}: ours / ${labelIndex.name}`, ratio(found, best, labelIndex.name), 'x'),
  ];
}

const serviceJobs = {
  touch: 'service written again as it was',
  version: 'service of another version',
  flip: 'service selects other pods',
} as const;

async function services(): Promise<Figure[]> {
  const rows: Figure[] = [];
  for (const change of ['touch', 'version', 'flip'] as const) {
    const found = await standings({change}, CONTROLLERS, [
      ...many([...ours, ...handWritten], 2_000),
      {kind: dbIvm, operations: 500},
      ...many([signals, signalsByLabel, mobx, rxjs], 50),
      {kind: d2ts, operations: 50, fresh: true},
    ]);
    const best = bestOf(found);
    const name = serviceJobs[change];
    rows.push(
      ...costs(name, found),
      figure(
        `${name}: ${signals.name} / ours`,
        ratio(found, signals.name, best),
        'x',
        change === 'flip' ? undefined : {atLeast: 5},
      ),
      figure(`${name}: ${signalsByLabel.name} / ours`, ratio(found, signalsByLabel.name, best), 'x'),
      figure(`${name}: ours / ${labelIndex.name}`, ratio(found, best, labelIndex.name), 'x'),
    );
  }
  return rows;
}

const many = (kinds: readonly ControllerKind[], operations: number): Entrant[] =>
  kinds.map((kind) => ({kind, operations}));

const standings = (job: Job, shape: Shape, entrants: readonly Entrant[], rounds = ROUNDS) =>
  interleave(contenders(job, shape, entrants), rounds);

type Standings = ReadonlyMap<string, Standing>;

/** The form of ours that costs less. */
function bestOf(found: Standings): string {
  const cost = ({name}: ControllerKind) => found.get(name)?.microsPerOp ?? Number.NaN;
  return cost(oursBySelector) <= cost(oursByNamespace) ? oursBySelector.name : oursByNamespace.name;
}

/** CPU time per operation of everybody; `limits` are by name, with what they come from. */
function costs(what: string, found: Standings): Figure[] {
  return [...found].map(([name, {microsPerOp}]) => figure(`${what}: ${name}`, microsPerOp, 'µs'));
}

/**
 * krt itself is not run here: its figures, in microseconds, are from two cores of an AMD EPYC. The label index by hand
 * was measured on that machine too, and so tells what they are worth on this one.
 */
function throughByHand(
  what: string,
  oursToByHand: number,
  {krt, byHand, atLeast}: {readonly krt: number; readonly byHand: number; readonly atLeast: number},
): Figure {
  const name = `${what}: krt in Go (${krt} µs where ${labelIndex.name} took ${byHand}) / ours`;
  return figure(name, krt / byHand / oursToByHand, 'x', {atLeast});
}
