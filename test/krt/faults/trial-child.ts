import type * as FastCheck from 'fast-check';
import type {Modules} from './modules.ts';
import {required, SuiteRunner, type Verdict} from './suite-runner.ts';

/** The process that runs suites, started and ended by trial-process.ts. */

/** First comes all code there is, then what to run, one after another. */
export type Order = {readonly kind: 'modules'; readonly modules: Modules} | ({readonly kind: 'run'} & Run);

export type Run = {
  readonly suite: string;
  /** Part of the names of the tests to run; empty = all of them. */
  readonly only: string;
  readonly replaced: Modules;
  /** Multiplies how often properties are tried. */
  readonly runs: number;
  readonly seed: number;
};

export type Report = {readonly kind: 'ready'} | {readonly kind: 'ran'; readonly verdict: Verdict};

const tell = (report: Report): void => void process.send?.(report);

let runner = new SuiteRunner({});
/** The one that suites have, not its twin for ECMAScript modules, which is configured by itself. */
const fc: typeof FastCheck = required('fast-check');

async function carryOut({suite, only, replaced, runs, seed}: Run): Promise<void> {
  // That a test fails is all that matters, so the smallest example is not looked for.
  fc.configureGlobal({seed, endOnFailure: true});
  process.env['KRT_RUNS'] = String(runs);
  tell({kind: 'ran', verdict: await runner.run(suite, only, replaced)});
}

// With a fault in the engine, errors may turn up anywhere. Those that no test waits for count for nothing.
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});
process.once('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'modules':
      runner = new SuiteRunner(order.modules);
      tell({kind: 'ready'});
      return;
    case 'run':
      void carryOut(order);
  }
});
tell({kind: 'ready'});
