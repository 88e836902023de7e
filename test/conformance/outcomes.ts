/** From what a test binary of Go does (`test2json`) to how each test of the conformance suite ended. */
import {failureReason, type ReportedError} from './failure-reason.ts';

/** A line of test2json; see `go doc test2json`. */
export type TestEvent = {
  readonly Action: string;
  /** `TestConformance/HTTPRouteMatching/a_request`; absent for the binary as a whole. */
  readonly Test?: string;
  readonly Elapsed?: number;
  readonly Output?: string;
  readonly OutputType?: 'frame' | 'error' | 'error-continue';
};

export type Outcome = {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** Of a failure: one or two lines. */
  readonly reason: readonly string[];
};

export type OutcomeReader = {
  read(event: TestEvent): void;
  /** Why it failed without any test having failed; empty where nothing was said. */
  readonly rest: () => readonly string[];
};

const root = 'TestConformance';
const results = {pass: 'passed', fail: 'failed', skip: 'skipped'} as const;
const isResult = (action: string): action is keyof typeof results => Object.hasOwn(results, action);

/** `onOutcome` is told once for each test of the suite, when it ends. */
export function readOutcomes(onOutcome: (outcome: Outcome) => void): OutcomeReader {
  const said = new Map<string, Said>();
  const ofTest = (name: string): Said => {
    const known = said.get(name) ?? {errors: [], lastLog: undefined};
    said.set(name, known);
    return known;
  };
  return {
    read({Action: action, Test: path = root, Elapsed: seconds = 0, Output: output, OutputType: type}) {
      const [, name = '', ...deeper] = path.split('/');
      if (action === 'output' && output !== undefined) listen(ofTest(name), deeper.join('/'), output, type);
      if (name === '' || deeper.length > 0 || !isResult(action)) return;
      const {errors, lastLog} = ofTest(name);
      // What was said is not wanted any more, and is much.
      said.delete(name);
      const result = results[action];
      onOutcome({name, result, seconds, reason: result === 'failed' ? failureReason(errors, lastLog) : []});
    },
    rest() {
      const {errors, lastLog} = ofTest('');
      return errors.length === 0 ? [] : failureReason(errors, lastLog);
    },
  };
}

/** Of a test of the suite, the tests in it included. */
type Said = {readonly errors: ReportedError[]; lastLog: string | undefined};

function listen(said: Said, within: string, output: string, type: TestEvent['OutputType']): void {
  switch (type) {
    case 'frame':
      return;
    case 'error':
      said.errors.push({within, text: output});
      return;
    case 'error-continue':
      said.errors.push({within, text: (said.errors.pop()?.text ?? '') + output});
      return;
    case undefined:
      if (said.errors.length === 0 && output.trim() !== '') said.lastLog = output;
  }
}
