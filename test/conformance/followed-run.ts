/** A run of the suite for many who wait for one test each. */
import type {Outcome} from './outcomes.ts';
import type {SuiteEnd} from './suite-run.ts';

export type FollowedRun = {
  /** For `runSuite`. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** To be called once: the end of the run is the end of all waiting. */
  follow(end: Promise<SuiteEnd>): void;
  /** Resolves when that test ends, or everything. */
  outcome(name: string): Promise<Outcome | {readonly result: 'no end'}>;
  /** Of the run that is followed, and as that ends. */
  end(): Promise<SuiteEnd>;
  /** Names, so far. */
  readonly passed: () => readonly string[];
};

export function followedRun(): FollowedRun {
  const outcomes = new Map<string, Outcome>();
  const waiting = new Map<string, () => void>();
  let running: Promise<SuiteEnd> = Promise.reject(new Error('the suite was not started'));
  // Whoever wants to know why asks for the end.
  let over = running.then(nothing, nothing);
  return {
    onOutcome(outcome) {
      outcomes.set(outcome.name, outcome);
      waiting.get(outcome.name)?.();
    },
    follow(end) {
      running = end;
      over = end.then(nothing, nothing);
    },
    async outcome(name) {
      if (!outcomes.has(name)) await Promise.race([over, new Promise<void>((resolve) => waiting.set(name, resolve))]);
      return outcomes.get(name) ?? {result: 'no end'};
    },
    end: () => running,
    passed: () => [...outcomes.values()].filter(({result}) => result === 'passed').map(({name}) => name),
  };
}

function nothing(): void {}
