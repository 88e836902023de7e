/**
 * Two or three candidates on machines whose clocks agree in nothing, over a network that loses requests, delays them and
 * loses answers; machines are stopped and go on, processes are ended and others started, times of day jump. At no instant do
 * two of them lead; and once all is well again, one does, soon.
 */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Fault} from './memory-api.ts';
import {type Candidate, electionRig, leasePath} from './election-rig.ts';

/** Milliseconds; those of leader elections unless told otherwise. */
const LEASE = 15_000;
const RETRY = 2_000;
/** The longest that a message is under way. */
const DELAY = 1_500;

type Step =
  | {readonly do: 'wait'; readonly ms: number}
  | {readonly do: 'pause' | 'resume' | 'crash' | 'leave' | 'enter'; readonly who: number}
  | {readonly do: 'cut'; readonly who: number; readonly share: number}
  | {readonly do: 'slow'; readonly who: number; readonly latencyMs: number}
  | {readonly do: 'jump'; readonly who: number; readonly ms: number}
  | {readonly do: 'annotate'};

const who = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 8, arbitrary: fc.record({do: fc.constant('wait'), ms: fc.oneof(fc.nat(3_000), fc.nat(20_000))})},
  {weight: 4, arbitrary: fc.record({do: fc.constantFrom('pause', 'resume', 'resume', 'crash', 'leave', 'enter'), who})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('cut'), who, share: fc.nat(3)})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('slow'), who, latencyMs: fc.nat(DELAY)})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('jump'), who, ms: fc.integer({min: -1e9, max: 1e9})})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('annotate')})},
);

const troubles: readonly Fault[] = [
  {kind: 'refuse'},
  {kind: 'lose'},
  {kind: 'hang'},
  {kind: 'answer', status: 500},
  {kind: 'answer', status: 429},
];

async function run(steps: readonly Step[], paces: readonly number[], seed: number): Promise<void> {
  const rig = electionRig();
  const {time, api} = rig;
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const all: Candidate[] = [];
  const places: (Candidate | undefined)[] = [];
  const broken: string[] = [];
  const settings = paces.map((pace) => ({pace, share: 0, latencyMs: 1}));
  const place = (i: number): number => i % paces.length;

  const enter = (i: number): void => {
    const own = settings[i];
    if (places[i] !== undefined || own === undefined) return;
    const date = new Date(Date.UTC(2030, 0, 1) + 1e10 * (random() - 0.5));
    const candidate = rig.candidate(`c${all.length}`, {bootedMs: 1e9 * random(), date, pace: own.pace, random});
    candidate.latencyMs = () => own.latencyMs * random();
    candidate.trouble = () => (random() < own.share ? troubles[Math.floor(random() * troubles.length)] : undefined);
    all.push(candidate);
    places[i] = candidate;
    candidate.election.start();
  };
  paces.forEach((_, i) => enter(i));

  /** Looks at every instant at which something can have changed, and often in between. */
  const look = (): void => {
    const leaders = all.filter((candidate) => candidate.believes());
    if (leaders.length > 1) broken.push(`${leaders.map(({name}) => name).join(' and ')} lead at ${time.now()}`);
  };
  const watch = (): void => {
    look();
    time.after(50, watch);
  };
  watch();
  api.onEvent(look);

  for (const next of steps) {
    switch (next.do) {
      case 'wait':
        await time.advance(next.ms);
        break;
      case 'pause':
        places[place(next.who)]?.machine.pause();
        break;
      case 'resume':
        places[place(next.who)]?.machine.resume();
        look();
        break;
      case 'crash': {
        // Nothing of it runs any more, not even what was to be tidied up.
        places[place(next.who)]?.machine.pause();
        places[place(next.who)] = undefined;
        break;
      }
      case 'leave': {
        const leaving = places[place(next.who)];
        places[place(next.who)] = undefined;
        leaving?.machine.resume();
        void leaving?.election.stop();
        break;
      }
      case 'enter':
        enter(place(next.who));
        break;
      case 'cut': {
        const own = settings[place(next.who)];
        if (own !== undefined) own.share = next.share / 3;
        break;
      }
      case 'slow': {
        const own = settings[place(next.who)];
        if (own !== undefined) own.latencyMs = next.latencyMs;
        break;
      }
      case 'jump':
        places[place(next.who)]?.machine.jump(next.ms);
        break;
      case 'annotate': {
        const lease = api.get(leasePath);
        if (lease !== undefined) api.apply(leasePath, {...lease, metadata: {annotations: {at: String(time.now())}}});
        break;
      }
    }
  }

  // All is well from here on.
  for (const own of settings) own.share = 0;
  paces.forEach((_, i) => enter(i));
  for (const candidate of places) candidate?.machine.resume();
  // What hangs is given up after half of the time in which a leader has to renew, and is asked again.
  const slowest = Math.max(...paces);
  await time.advance((LEASE + RETRY + 5_000 + 6 * DELAY) * slowest);
  expect(broken).toEqual([]);
  const leaders = places.filter((candidate) => candidate?.believes());
  expect(leaders.map((candidate) => candidate?.name)).toHaveLength(1);
  const [leader] = leaders;
  // And nobody else is disturbed any more.
  const told = all.map((candidate) => candidate.told.length);
  await time.advance(60_000);
  expect(all.map((candidate) => candidate.told.length)).toEqual(told);
  expect(leader?.believes()).toBe(true);
  expect(broken).toEqual([]);

  // Terms are numbered in the order in which they began, and each ends once.
  for (const {told} of all) expect(told.join()).toMatch(/^(elected \d+(,lost: [^,]+|$),?)*$/);
  const numbers = all.flatMap(({terms}) => terms.map(({number}) => number));
  expect(new Set(numbers).size).toBe(numbers.length);
}

describe('a leader election', () => {
  it('has at most one leader at any instant, and soon one when all is well', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, {minLength: 1, maxLength: 40, size: 'max'}),
        fc.array(fc.double({min: 0.95, max: 1.05, noNaN: true}), {minLength: 2, maxLength: 3}),
        fc.nat(2 ** 31),
        run,
      ),
      {numRuns: 60},
    );
  }, 120_000);
});
