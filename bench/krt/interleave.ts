import {median} from '../report.ts';

/** What a round cost. `operations` need not be the same for all contenders: costs are compared per operation. */
export type Measured = {readonly cpuMicros: number; readonly wallMicros: number; readonly operations: number};

/** One of several ways to do a job. A round does all its timed work, and verifies its end state outside the timed part. */
export type Contender = {readonly name: string; readonly round: () => Measured | Promise<Measured>};

/** Medians over rounds; `rounds` are the CPU microseconds per operation of each, in order. */
export type Standing = {
  readonly microsPerOp: number;
  readonly wallPerOp: number;
  readonly rounds: readonly number[];
};

/** Runs work that is synchronous on the clocks: CPU time of the whole process, its collector's threads included. */
export function timed(operations: number, work: () => void): Measured {
  const start = performance.now();
  const before = process.cpuUsage();
  work();
  const {user, system} = process.cpuUsage(before);
  return {cpuMicros: user + system, wallMicros: (performance.now() - start) * 1_000, operations};
}

/**
 * Runs contenders in turn (A B C A B C ...), so that a disturbance of the machine falls on all of them, with the heap
 * collected before every round. At least 5 rounds, after at least 2 that do not count.
 */
export async function interleave(
  contenders: readonly Contender[],
  {rounds, warmup}: {readonly rounds: number; readonly warmup: number},
): Promise<ReadonlyMap<string, Standing>> {
  if (rounds < 5 || warmup < 2) throw new RangeError(`${rounds} rounds after ${warmup}: too few to tell anything`);
  const results = new Map<string, Measured[]>(contenders.map(({name}) => [name, []]));
  if (results.size !== contenders.length) throw new Error('two contenders have one name');
  for (let round = -warmup; round < rounds; round++)
    for (const {name, round: run} of contenders) {
      globalThis.gc?.();
      // One after another is the point.
      // oxlint-disable-next-line no-await-in-loop
      const measured = await run();
      if (round >= 0) results.get(name)?.push(measured);
    }
  return new Map([...results].map(([name, measured]) => [name, standing(measured)]));
}

function standing(measured: readonly Measured[]): Standing {
  const rounds = measured.map(({cpuMicros, operations}) => cpuMicros / operations);
  const walls = measured.map(({wallMicros, operations}) => wallMicros / operations);
  return {microsPerOp: median(rounds), wallPerOp: median(walls), rounds};
}

/** What `ours` costs for each 1 that `baseline` costs: the median of the ratios of the rounds. */
export function ratio(standings: ReadonlyMap<string, Standing>, ours: string, baseline: string): number {
  const base = roundsOf(standings, baseline);
  return median(roundsOf(standings, ours).map((micros, at) => micros / (base[at] ?? Number.NaN)));
}

function roundsOf(standings: ReadonlyMap<string, Standing>, name: string): readonly number[] {
  const found = standings.get(name);
  if (found === undefined) throw new Error(`no contender is called ${name}`);
  return found.rounds;
}
