import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {dataset, writeLists} from '../datasets.ts';
import {figure, median, type Figure, type Scenario} from '../report.ts';

const ROUTES = 10_000;
const ROUNDS = 5;
const root = resolve(import.meta.dirname, '../..');

/** Cold `sluice translate` of 10,000 routes, process start to exit, output to a pipe that is read. */
export const scenario: Scenario = {
  name: 'translate',
  run() {
    execFileSync('npm', ['run', 'build', '--silent'], {cwd: root, stdio: 'inherit'});
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      const rows: Figure[] = [];
      for (const [format, must] of [
        ['json', 4],
        ['yaml', 10],
      ] as const) {
        const input = join(folder, format);
        writeLists(input, dataset(ROUTES), format);
        const times = Array.from({length: ROUNDS}, () => translate(input));
        rows.push(figure(`${ROUTES} routes from ${format}, median`, median(times), 's', {atMost: must}));
        rows.push(figure(`${ROUTES} routes from ${format}, worst`, Math.max(...times), 's'));
      }
      return Promise.resolve(rows);
    } finally {
      rmSync(folder, {recursive: true});
    }
  },
};

function translate(input: string): number {
  const start = performance.now();
  const {status, stdout, stderr} = spawnSync('node', ['dist/sluice.js', 'translate', '-f', input, '-o', 'json'], {
    cwd: root,
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`translate failed: ${stderr.slice(0, 2000)}`);
  const {resources}: {resources: readonly unknown[]} = JSON.parse(stdout);
  if (resources.length < ROUTES) throw new Error(`translate gave ${resources.length} resources only`);
  return seconds;
}
