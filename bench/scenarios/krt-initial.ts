import {runChild} from '../krt/child-process.ts';
import type {InitialResult} from '../krt/initial-child.ts';
import {initialGraph} from '../krt/initial-graph.ts';
import {WAYS, world} from '../krt/initial-levels.ts';
import {figure, median, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const PODS = 100_000;
const ROUNDS = 7;

/** The first load of 100,000 rows through five levels in a cold process: at once, and in slices that let others run. */
export const scenario: Scenario = {
  name: 'krt-initial',
  async run() {
    const results: Readonly<Record<(typeof WAYS)[number], InitialResult[]>> = {plain: [], commit: [], slices: []};
    for (let round = 0; round < ROUNDS; round++)
      for (const way of WAYS) {
        // Measurements in turn, one process after another.
        // oxlint-disable-next-line no-await-in-loop
        results[way].push(await runChild<InitialResult>('initial-child.ts', [way, PODS], {heapMegabytes: 2_000}));
      }
    const {plain, commit, slices} = results;
    return [
      ...figures('recomputed in plain code', plain),
      ...figures('one commit', commit, 1.5),
      ...figures('slices of 10 ms', slices),
      figure('slices of 10 ms: epochs', middle(slices, 'epochs'), 'epochs'),
      figure('slices of 10 ms: longest stall', middle(slices, 'stall'), 'ms', {atMost: 50}),
      figure('slices of 10 ms: longest stall, worst', Math.max(...slices.map(({stall}) => stall)), 'ms'),
      figure('slices of 10 ms: most CPU between two turns', middle(slices, 'busy'), 'ms'),
      figure('slices / one commit, CPU', middle(slices, 'cpu') / middle(commit, 'cpu'), 'x'),
      figure('one commit / plain code, CPU', middle(commit, 'cpu') / middle(plain, 'cpu'), 'x'),
      figure('heap after', middle(commit, 'heapMegabytes'), 'MiB'),
    ];
  },
};

const middle = (results: readonly InitialResult[], what: keyof InitialResult): number =>
  median(results.map((result) => result[what]));

function figures(name: string, results: readonly InitialResult[], seconds?: number): readonly Figure[] {
  const walls = results.map(({wall}) => wall / 1_000);
  return [
    figure(`${name}: ${PODS} rows`, median(walls), 's', seconds === undefined ? undefined : {atMost: seconds}),
    figure(`${name}: worst`, Math.max(...walls), 's'),
    figure(`${name}: CPU`, middle(results, 'cpu') / 1_000, 's'),
  ];
}

/** The same at a thousand rows: both ways end alike, and one commit runs each transform once for a row. */
export async function smoke(): Promise<SmokeResult> {
  const data = world({pods: 1_000, services: 50, namespaces: 2});
  const placed = data.pods.length;
  const joined = data.pods.length + data.entries.length / 2;

  const whole = initialGraph();
  whole.graph.commit((tx) => {
    for (const write of whole.writes(data)) write(tx);
  });
  whole.verify(data);
  const counters = whole.graph.counters();
  const runs = (name: string): number => counters.get(name)?.runs ?? Number.NaN;
  const rows = [
    figure('one commit: runs of the map', runs('workloads'), 'runs', {exactly: data.pods.length}),
    figure('one commit: runs of the fetch', runs('placed'), 'runs', {exactly: placed}),
    figure('one commit: runs of the many', runs('addresses'), 'runs', {exactly: joined}),
    figure('one commit: registrations', whole.graph.registrations(), 'registrations', {exactly: 3 * placed + 1}),
  ];
  whole.graph.dispose();

  const sliced = initialGraph();
  // A budget that is over at once: a commit for every write.
  const last = await sliced.graph.commitInSlices(sliced.writes(data), {budget: 0});
  sliced.verify(data);
  rows.push(figure('slices: epochs', last, 'epochs', {atLeast: 2}));
  sliced.graph.dispose();
  return rows;
}
