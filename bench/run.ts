import {machineSlowdown} from './machine-speed.ts';
import {report, type Scenario} from './report.ts';

/** Scenarios by name, loaded when asked for. */
const scenarios: Readonly<Record<string, () => Promise<{readonly scenario: Scenario}>>> = {
  edit: () => import('./scenarios/edit.ts'),
  'krt-controllers': () => import('./scenarios/krt-controllers.ts'),
  'krt-depth': () => import('./scenarios/krt-depth.ts'),
  'krt-initial': () => import('./scenarios/krt-initial.ts'),
  'krt-map': () => import('./scenarios/krt-map.ts'),
  'krt-memory': () => import('./scenarios/krt-memory.ts'),
  'krt-million': () => import('./scenarios/krt-million.ts'),
  'krt-policies': () => import('./scenarios/krt-policies.ts'),
  'krt-projection': () => import('./scenarios/krt-projection.ts'),
  'krt-selectors': () => import('./scenarios/krt-selectors.ts'),
  translate: () => import('./scenarios/translate.ts'),
};

const [name = '', ...flags] = process.argv.slice(2);
const load = scenarios[name];
if (load === undefined) {
  console.log(`usage: npm run bench -- NAME [--json]\nscenarios: ${Object.keys(scenarios).join(', ')}`);
  process.exitCode = name === '' ? 0 : 2;
} else {
  const {scenario} = await load();
  const before = machineSlowdown();
  const rows = await scenario.run();
  const slowdown = (before + machineSlowdown()) / 2;
  process.exitCode = report(scenario.name, rows, slowdown, flags.includes('--json')) ? 0 : 1;
}
