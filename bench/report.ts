import {mkdirSync, writeFileSync} from 'node:fs';
import {cpus, loadavg} from 'node:os';
import {join} from 'node:path';

/** What a figure must be, in its own unit. */
export type Bound = {readonly atMost: number} | {readonly atLeast: number} | {readonly exactly: number};

/**
 * One figure. `must` is its bound as text, such as `<= 2`; `ok` says whether it holds. `atReferenceSpeed` is shown where
 * the machine was slower than the one that bounds in seconds were set for: an estimate, which no bound is held against.
 */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly must?: string;
  readonly ok?: boolean;
  readonly atReferenceSpeed?: number;
};

/** How a figure scales with the speed of the machine; of other units it does not. */
const durations = new Set(['s', 'ms', 'µs']);
const rates = new Set(['/s', 'pods/s']);

export type Scenario = {readonly name: string; readonly run: () => Promise<readonly Figure[]>};

/**
 * What a scenario did at a small size: numbers that no clock is in, each with the bound it must keep, after its end
 * states were verified. `test/krt/bench-smoke.test.ts` asserts them.
 */
export type SmokeResult = readonly Figure[];

/** Values are shown with four digits; bounds are held against all of them. */
export const figure = (name: string, value: number, unit: string, bound?: Bound): Figure => ({
  name,
  value: Number(value.toPrecision(4)),
  unit,
  ...(bound && {must: shown(bound), ok: holds(value, bound)}),
});

function shown(bound: Bound): string {
  if ('atMost' in bound) return `<= ${bound.atMost}`;
  if ('atLeast' in bound) return `>= ${bound.atLeast}`;
  return `= ${bound.exactly}`;
}

/** Not a number is never within bounds. */
function holds(value: number, bound: Bound): boolean {
  if ('atMost' in bound) return value <= bound.atMost;
  if ('atLeast' in bound) return value >= bound.atLeast;
  return value === bound.exactly;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The figure with an estimate of what it would be on the reference machine, if this one is `slowdown` times slower. */
export function atReferenceSpeed(row: Figure, slowdown: number): Figure {
  const factor = durations.has(row.unit) ? 1 / slowdown : rates.has(row.unit) ? slowdown : 1;
  return row.must === undefined || factor === 1
    ? row
    : {...row, atReferenceSpeed: Number((row.value * factor).toPrecision(4))};
}

/**
 * Prints a table (or JSON) and writes results/NAME.json. `slowdown` is the machine's, of machine-speed.ts. Returns
 * whether every bound holds.
 */
export function report(scenario: string, figures: readonly Figure[], slowdown: number, json: boolean): boolean {
  const rows = figures.map((row) => atReferenceSpeed(row, slowdown));
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    load: loadavg().map((value) => Number(value.toFixed(2))),
    slowdown: Number(slowdown.toFixed(2)),
  };
  const result = {scenario, machine, rows};
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, {recursive: true});
  writeFileSync(join(folder, `${scenario}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (json) console.log(JSON.stringify(result));
  else {
    console.log(
      `${scenario}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load.join(' ')}, ${machine.slowdown}x slower than the reference`,
    );
    console.table(Object.fromEntries(rows.map(({name, ...rest}) => [name, rest])));
  }
  return rows.every(({ok}) => ok !== false);
}
