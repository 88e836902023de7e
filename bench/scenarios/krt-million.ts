import {interleave, ratio, type Contender} from '../krt/interleave.ts';
import {KINDS, type Kind} from '../krt/million-holders.ts';
import {AIMS, millionJob, type Aim, type Round, type Work} from '../krt/million-job.ts';
import {millionProcess} from '../krt/million-process.ts';
import {figure, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const SMALL = 1_000;
const LARGE = 1_000_000;
const EDITS = 20_000;

/** One edit of a pod among a million against the same among a thousand: the work, and the time. */
export const scenario: Scenario = {
  name: 'krt-million',
  async run() {
    const rows: Figure[] = [];
    for (const kind of KINDS) {
      // One kind after the other, so that a million rows are held only once.
      // oxlint-disable-next-line no-await-in-loop
      rows.push(...(await figures(kind)));
    }
    return rows;
  },
};

async function figures(kind: Kind): Promise<readonly Figure[]> {
  const small = await millionProcess(kind, SMALL, EDITS);
  const large = await millionProcess(kind, LARGE, EDITS);
  const rounds = new Map<string, Round>();
  const contender = (name: string, {round}: typeof small, aim: Aim): Contender => ({
    name,
    async round() {
      const done = await round(aim);
      rounds.set(name, done);
      return done.measured;
    },
  });
  try {
    const standings = await interleave(
      [contender('small', small, 'hot'), contender('large', large, 'hot'), contender('anywhere', large, 'anywhere')],
      {rounds: 9, warmup: 3},
    );
    const micros = (name: string): number => standings.get(name)?.microsPerOp ?? Number.NaN;
    const bound = kind === 'engine' ? {atMost: 1.3} : undefined;
    return [
      ...(kind === 'engine' ? sameWork(rounds.get('small'), rounds.get('large'), EDITS) : []),
      figure(`${kind}: edit of a hot row of ${SMALL}, CPU`, micros('small'), 'µs'),
      figure(`${kind}: edit of a hot row of ${LARGE}, CPU`, micros('large'), 'µs'),
      figure(`${kind}: edit of any row of ${LARGE}, CPU`, micros('anywhere'), 'µs'),
      figure(`${kind}: hot row, ${LARGE} / ${SMALL}`, ratio(standings, 'large', 'small'), 'x', bound),
      figure(`${kind}: any row, ${LARGE} / ${SMALL}`, ratio(standings, 'anywhere', 'small'), 'x'),
      figure(`${kind}: first load of ${LARGE}`, large.ready.loaded / 1_000, 's'),
      figure(`${kind}: heap with ${LARGE}`, large.ready.heapMegabytes, 'MiB'),
    ];
  } finally {
    small.stop();
    large.stop();
  }
}

/** The counters at the large size, bound to be those at the small one. */
function sameWork(small: Round | undefined, large: Round | undefined, edits: number): readonly Figure[] {
  if (small === undefined || large === undefined) throw new Error('a size without a round');
  const due = countsOf(small.work);
  const counts = [...countsOf(large.work)].filter(([name, count]) => count > 0 || due.get(name) !== 0);
  return [
    ...counts.map(([name, count]) => perEdit(name, count, due.get(name) ?? Number.NaN, edits)),
    perEdit('changes told', large.told, small.told, edits),
  ];
}

const countsOf = (work: Work): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(work).flatMap(([node, counters]) =>
      Object.entries(counters).map(([counter, count]): [string, number] => [`${node}, ${counter}`, count]),
    ),
  );

const perEdit = (name: string, count: number, due: number, edits: number): Figure =>
  figure(`work of an edit: ${name}`, count / edits, 'per edit', {exactly: due / edits});

/** A hundred edits among 1,000 and among 4,000 pods: as much work, by every counter of every node. */
export async function smoke(): Promise<SmokeResult> {
  const edits = 100;
  const small = millionJob('engine', SMALL);
  const large = millionJob('engine', 4 * SMALL);
  const byHand = millionJob('hand-written', 4 * SMALL);
  const rows: Figure[] = [];
  for (const aim of AIMS) {
    // oxlint-disable-next-line no-await-in-loop
    const [few, many, hand] = await Promise.all(
      [small, large, byHand].map(({round}) => round(aim, edits, {settle: 0})),
    );
    rows.push(
      ...sameWork(few, many, edits),
      figure(`${aim}: runs`, many?.work['endpoints']?.runs ?? Number.NaN, 'runs', {exactly: edits}),
      figure(`${aim}: changes told`, many?.told ?? Number.NaN, 'changes', {exactly: hand?.told ?? Number.NaN}),
    );
  }
  return rows;
}
