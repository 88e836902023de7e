import type {EngineSource} from './engine-source.ts';
import type {Fault} from './fault.ts';
import {type Tried, tryAll, trialOf, type Trial} from './trials.ts';

/**
 * Most faults show at the first example of a property, so few are tried at first; what is not noticed then gets another
 * chance. The seeds are fixed: whether a suite is good enough must not be a matter of luck.
 */
const AT_FIRST = {runs: 0.2, seed: 1};
const AGAIN = {runs: 2, seed: 2};

export type Verdicts = {
  /** A line for every fault that was noticed: by what. */
  readonly noticed: readonly string[];
  /** What has to be done about the others. */
  readonly complaints: readonly string[];
  readonly summary: string;
};

/** Tries the faults, and without any fault the suites that have to notice them: what always fails notices nothing. */
export async function tryFaults(faults: readonly Fault[], engine: EngineSource): Promise<Verdicts> {
  const start = performance.now();
  const fitting = faults.filter((fault) => engine.misfit(fault) === undefined);
  const trials = fitting.map(trialOf);
  const controls = await tryAll(withoutFaults(trials), {runs: 0, seed: AT_FIRST.seed, engine});
  const first = await tryAll(trials, {...AT_FIRST, engine});
  const again = await tryAll(first.filter(isUnnoticed), {...AGAIN, engine});
  const tried = [...first.filter((one) => !isUnnoticed(one)), ...again];
  const noticed = tried.flatMap((one) => noticedBy(one) ?? []);
  const seconds = Math.round((performance.now() - start) / 1000);
  return {
    noticed,
    complaints: [
      ...faults.flatMap((fault) => engine.misfit(fault) ?? []),
      ...controls.flatMap((one) => complaintOfControl(one) ?? []),
      ...tried.flatMap((one) => complaintOf(one) ?? []),
    ],
    summary: `${noticed.length} of ${faults.length} faults noticed in ${seconds} s, ${again.length} of them not at once`,
  };
}

function withoutFaults(trials: readonly Trial[]): readonly Trial[] {
  const all = new Map(trials.map(({suite, test}) => [`${suite} ${test}`, {suite, ...(test !== undefined && {test})}]));
  return [...all.values()];
}

const isUnnoticed = ({outcome}: Tried): boolean => outcome.outcome === 'passed';

function noticedBy({fault, suite, outcome}: Tried): string | undefined {
  switch (outcome.outcome) {
    case 'failed':
      return `"${fault?.name}": ${suite}: ${outcome.by}`;
    case 'hung':
    case 'crashed':
      return `"${fault?.name}": ${suite} ${outcome.outcome}`;
    case 'passed':
    case 'broken':
      return undefined;
  }
}

function complaintOf({fault, suite, test, outcome}: Tried): string | undefined {
  const what = `"${fault?.name}" in ${fault?.file}`;
  switch (outcome.outcome) {
    case 'passed': {
      const where = test === undefined ? suite : `the tests of ${suite} whose names contain "${test}"`;
      return `${what} is not noticed by ${where}; write a test that fails with it, or remove the fault where nobody could ever see it`;
    }
    case 'broken':
      return `${what}: ${suite}: ${outcome.why}; correct \`killedBy\`, \`test\` or \`replace\``;
    case 'failed':
    case 'hung':
    case 'crashed':
      return undefined;
  }
}

function complaintOfControl({suite, test, outcome}: Tried): string | undefined {
  const which = test === undefined ? suite : `${suite} (${test})`;
  switch (outcome.outcome) {
    case 'passed':
      return undefined;
    case 'failed':
      return `${which} fails without any fault, so it shows nothing: ${outcome.by}`;
    case 'broken':
      return `${which}: ${outcome.why}`;
    case 'hung':
    case 'crashed':
      return `${which} ${outcome.outcome} without any fault, so it shows nothing`;
  }
}
