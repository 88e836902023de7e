/** The report that the suite writes (`ConformanceReport` of gateway.networking.k8s.io/v1), as a table. */
import {readFileSync} from 'node:fs';
import {load} from 'js-yaml';

type Level = {
  readonly result: string;
  readonly statistics: {readonly Passed: number; readonly Failed: number; readonly Skipped: number};
};

export type ConformanceReport = {
  readonly gatewayAPIVersion: string;
  readonly gatewayAPIChannel: string;
  readonly mode: string;
  readonly implementation: {readonly version: string};
  /** Null where no test was run. */
  readonly profiles:
    | readonly {
        readonly name: string;
        readonly core: Level;
        readonly extended?: Level & {readonly unsupportedFeatures?: readonly string[]};
      }[]
    | null;
  readonly succeededProvisionalTests?: readonly string[];
};

export const readReport = (file: string): ConformanceReport => load(readFileSync(file, 'utf8')) as ConformanceReport; // by the suite

/** Lines: a profile each, and below it what of it is not supported. */
export function reportTable({profiles, succeededProvisionalTests = []}: ConformanceReport): readonly string[] {
  const byName = (profiles ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = [
    ['profile', 'core', 'passed', 'failed', 'skipped', 'extended', 'passed', 'failed', 'skipped'],
    ...byName.map(({name, core, extended}) => [name, ...cells(core), ...cells(extended)]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const [head = '', ...lines] = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const unsupported = byName.map(({extended}) => extended?.unsupportedFeatures ?? []);
  return [
    head,
    ...lines.flatMap((line, i) => {
      const features = unsupported[i] ?? [];
      return features.length === 0 ? [line] : [line, `  not supported: ${features.join(', ')}`];
    }),
    ...(succeededProvisionalTests.length === 0 ? [] : [`provisional: ${succeededProvisionalTests.join(', ')}`]),
  ];
}

function cells(level: Level | undefined): readonly string[] {
  if (level === undefined) return ['-', '-', '-', '-'];
  const {Passed: passed, Failed: failed, Skipped: skipped} = level.statistics;
  return [level.result, ...[passed, failed, skipped].map(String)];
}
