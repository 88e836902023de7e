import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {atReferenceSpeed, figure, type SmokeResult} from '../../bench/report.ts';

/**
 * Every krt scenario at a small size: its end states are compared with a recomputation from nothing (it throws where
 * they differ), and its work is counted. Nothing is timed.
 */
type Smoke = {readonly smoke: () => SmokeResult | Promise<SmokeResult>};
const scenarios: Readonly<Record<string, () => Promise<Smoke>>> = {
  'krt-controllers': () => import('../../bench/scenarios/krt-controllers.ts'),
  'krt-depth': () => import('../../bench/scenarios/krt-depth.ts'),
  'krt-initial': () => import('../../bench/scenarios/krt-initial.ts'),
  'krt-map': () => import('../../bench/scenarios/krt-map.ts'),
  'krt-memory': () => import('../../bench/scenarios/krt-memory.ts'),
  'krt-million': () => import('../../bench/scenarios/krt-million.ts'),
  'krt-policies': () => import('../../bench/scenarios/krt-policies.ts'),
  'krt-projection': () => import('../../bench/scenarios/krt-projection.ts'),
  'krt-selectors': () => import('../../bench/scenarios/krt-selectors.ts'),
};

const bench = join(import.meta.dirname, '../../bench');

describe('krt scenarios', () => {
  it('are all here, in the table of commands and among the questions', () => {
    const names = readdirSync(join(bench, 'scenarios'))
      .filter((file) => file.startsWith('krt-'))
      .map((file) => file.replace('.ts', ''));
    expect(Object.keys(scenarios)).toEqual(names.sort());
    const commands = readFileSync(join(bench, 'run.ts'), 'utf8');
    expect(names.filter((name) => !commands.includes(`'${name}': `))).toEqual([]);
    const questions = readFileSync(join(bench, 'README.md'), 'utf8');
    expect(names.filter((name) => !questions.includes(`| ${name} |`))).toEqual([]);
  });

  it.each(Object.entries(scenarios))('%s ends right and does the work it should', async (_, load) => {
    const {smoke} = await load();
    const figures = await smoke();
    expect(figures.length).toBeGreaterThan(0);
    expect(figures.filter(({must}) => must === undefined)).toEqual([]);
    expect(figures.filter(({ok}) => ok !== true)).toEqual([]);
  });
});

describe('a figure', () => {
  it.each([
    [2, {atMost: 2}, '<= 2', true],
    [2.0001, {atMost: 2}, '<= 2', false],
    [500, {atLeast: 500}, '>= 500', true],
    [499, {atLeast: 500}, '>= 500', false],
    [7, {exactly: 7}, '= 7', true],
    [6, {exactly: 7}, '= 7', false],
    [Number.NaN, {atMost: 2}, '<= 2', false],
  ] as const)('of %d with the bound %o', (value, bound, must, ok) => {
    expect(figure('name', value, 'x', bound)).toMatchObject({must, ok});
  });

  it.each([
    [figure('time', 1.8, 's', {atMost: 1.5}), {value: 1.8, ok: false, atReferenceSpeed: 0.9}],
    [figure('rate', 450, '/s', {atLeast: 800}), {value: 450, ok: false, atReferenceSpeed: 900}],
    [figure('ratio', 3, 'x', {atMost: 2}), {value: 3, ok: false}],
    [figure('work', 7, 'runs', {exactly: 7}), {value: 7, ok: true}],
  ] as const)('on a machine at half speed comes with what it would be: %o', (measured, judged) => {
    expect(atReferenceSpeed(measured, 2)).toMatchObject(judged);
    expect('atReferenceSpeed' in atReferenceSpeed(measured, 2)).toBe('atReferenceSpeed' in judged);
    expect(atReferenceSpeed(measured, 1)).toEqual(measured);
  });

  it('without a bound claims nothing', () => {
    expect(figure('name', 12.3456, 'µs')).toEqual({name: 'name', value: 12.35, unit: 'µs'});
  });
});
