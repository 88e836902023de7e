import {runChild} from '../krt/child-process.ts';
import type {MemoryResult} from '../krt/memory-child.ts';
import {createHolder, FETCHES, KINDS, type Fetch, type Kind} from '../krt/memory-holders.ts';
import {churn, load, shuffle, verify, world} from '../krt/memory-job.ts';
import {figure, median, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const PODS = 100_000;
const ROUNDS = 5;
const SMALL = {pods: 1_000, services: 50, namespaces: 2};

/** What the engine needs for each row that read one other row, against plain maps and against code for this one job. */
export const scenario: Scenario = {
  name: 'krt-memory',
  async run() {
    const rows: Figure[] = [];
    for (const fetch of FETCHES) {
      // Measurements in turn, one process after another.
      // oxlint-disable-next-line no-await-in-loop
      rows.push(...(await figures(fetch)));
    }
    return rows;
  },
};

async function figures(fetch: Fetch): Promise<readonly Figure[]> {
  const results = await measure(fetch);
  const loaded = (kind: Kind): number => median(results[kind].map((result) => result.loaded)) / PODS;
  const churned = (kind: Kind): number => median(results[kind].map((result) => result.churned)) / PODS;
  const extra = loaded('engine') - loaded('maps');
  const name = `fetch by ${fetch}, ${PODS} rows`;
  return [
    figure(`${name}: rows in plain maps, per row`, loaded('maps'), 'B'),
    figure(`${name}: hand-written, per row`, loaded('hand-written'), 'B'),
    figure(`${name}: engine, per row`, loaded('engine'), 'B'),
    figure(`${name}: engine's extra over plain maps, per row`, extra, 'B', {atMost: 400}),
    figure(`${name}: hand-written's extra over plain maps, per row`, loaded('hand-written') - loaded('maps'), 'B'),
    figure(`${name}: engine / hand-written`, loaded('engine') / loaded('hand-written'), 'x', {atMost: 2}),
    figure(`${name}: extra after ${PODS * 10} changes / before`, (churned('engine') - churned('maps')) / extra, 'x', {
      atMost: 1.1,
    }),
  ];
}

async function measure(fetch: Fetch): Promise<Readonly<Record<Kind, readonly MemoryResult[]>>> {
  const results: Readonly<Record<Kind, MemoryResult[]>> = {maps: [], 'hand-written': [], engine: []};
  for (let round = 0; round < ROUNDS; round++)
    for (const kind of KINDS) {
      // oxlint-disable-next-line no-await-in-loop
      results[kind].push(await runChild<MemoryResult>('memory-child.ts', [kind, fetch, PODS], {heapMegabytes: 2_000}));
    }
  return results;
}

/** The same at a thousand rows: every holder ends up right, and the engine keeps one registration a row. */
export const smoke = (): SmokeResult => FETCHES.flatMap((fetch) => [...settled(fetch), ...shuffled(fetch)]);

function settled(fetch: Fetch): readonly Figure[] {
  const [, byHand, engine] = KINDS.map((kind) => {
    const [holder, data] = [createHolder(kind, fetch), world(SMALL)];
    load(holder, data);
    churn(holder, data, 2);
    verify(holder, data, fetch);
    return holder;
  });
  const {runs = Number.NaN} = engine?.graph?.counters().get('endpoints') ?? {};
  return [
    figure(`${fetch}: runs`, runs, 'runs', {exactly: 3 * SMALL.pods}),
    figure(`${fetch}: registrations`, engine?.graph?.registrations() ?? Number.NaN, 'registrations', {
      exactly: SMALL.pods,
    }),
    figure(`${fetch}: changes told`, engine?.told() ?? Number.NaN, 'changes', {exactly: byHand?.told() ?? Number.NaN}),
  ];
}

function shuffled(fetch: Fetch): readonly Figure[] {
  const holders = (['engine', 'hand-written'] as const).map((kind) => {
    const [holder, data] = [createHolder(kind, fetch), world(SMALL)];
    load(holder, data);
    shuffle(holder, data, SMALL);
    verify(holder, data, fetch);
    holder.remove(
      data.pods.map(({key}) => key),
      data.services.map(({key}) => key),
    );
    return holder;
  });
  const left = holders.reduce((sum, {size}) => sum + size(), 0);
  const registrations = holders[0]?.graph?.registrations() ?? Number.NaN;
  return [
    figure(`${fetch}: rows after all is gone`, left, 'rows', {exactly: 0}),
    figure(`${fetch}: registrations after all is gone`, registrations, 'registrations', {exactly: 0}),
  ];
}
