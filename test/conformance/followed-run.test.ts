import {expect, it} from 'vitest';
import {followedRun} from './followed-run.ts';
import type {Outcome} from './outcomes.ts';
import type {SuiteEnd} from './suite-run.ts';

const passed = (name: string): Outcome => ({name, result: 'passed', seconds: 1, reason: []});
const end: SuiteEnd = {code: 0, reason: [], report: '', log: ''};

it('answers who waits for a test when it ends, and who asks later', async () => {
  const run = followedRun();
  run.follow(new Promise(() => {}));
  const waiting = run.outcome('A');
  run.onOutcome(passed('A'));
  run.onOutcome({...passed('B'), result: 'failed'});
  expect(await waiting).toEqual(passed('A'));
  expect(await run.outcome('A')).toEqual(passed('A'));
  expect(run.passed()).toEqual(['A']);
});

it.each([
  ['ends', () => Promise.resolve(end)],
  ['fails', () => Promise.reject(new Error('no suite'))],
])('leaves nobody waiting when the run %s', async (_how, ending) => {
  const run = followedRun();
  const over = ending();
  over.catch(() => {});
  let finish = (): void => {};
  run.follow(new Promise<void>((resolve) => (finish = resolve)).then(() => over));
  const waiting = run.outcome('A');
  finish();
  expect(await waiting).toEqual({result: 'no end'});
});

it('has an end that says why', async () => {
  const run = followedRun();
  await expect(run.end()).rejects.toThrow('not started');
  expect(await run.outcome('A')).toEqual({result: 'no end'});
  run.follow(Promise.reject(new Error('no suite')));
  await expect(run.end()).rejects.toThrow('no suite');
});
