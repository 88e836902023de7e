import {mkdirSync, writeFileSync} from 'node:fs';
import {cpus, loadavg} from 'node:os';
import {join} from 'node:path';

/** One figure. `must` is an upper bound in the same unit; `ok` says whether it holds. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly must?: number;
  readonly ok?: boolean;
};

export type Scenario = {readonly name: string; readonly run: () => Promise<readonly Figure[]>};

export const figure = (name: string, value: number, unit: string, must?: number): Figure => ({
  name,
  value: Number(value.toPrecision(4)),
  unit,
  ...(must !== undefined && {must, ok: value <= must}),
});

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Prints a table (or JSON) and writes results/NAME.json. Returns whether every bound holds. */
export function report(scenario: string, rows: readonly Figure[], json: boolean): boolean {
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    load: loadavg().map((value) => Number(value.toFixed(2))),
  };
  const result = {scenario, machine, rows};
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, {recursive: true});
  writeFileSync(join(folder, `${scenario}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (json) console.log(JSON.stringify(result));
  else {
    console.log(
      `${scenario}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load.join(' ')}`,
    );
    console.table(Object.fromEntries(rows.map(({name, ...rest}) => [name, rest])));
  }
  return rows.every(({ok}) => ok !== false);
}
