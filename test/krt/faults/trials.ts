import {EngineSource} from './engine-source.ts';
import type {Fault} from './fault.ts';
import {engineModule, type Modules, modulesOf, suiteModule, transformed} from './modules.ts';
import {type Outcome, TrialProcess} from './trial-process.ts';

/** Milliseconds after which a suite is taken to have no end, and what one that is said to hang is given. */
const PATIENCE = 60_000;
const PATIENCE_WITH_HANGING = 5_000;

/** A suite to be tried, or those of its tests whose names contain `test`, with a fault in the engine or without. */
export type Trial = {readonly suite: string; readonly test?: string; readonly fault?: Fault};
export type Tried = Trial & {readonly outcome: Outcome};

export type TrialOptions = {
  /** Multiplies how often properties are tried. */
  readonly runs: number;
  /** Of the properties: the same seed, the same outcome. */
  readonly seed: number;
  /** How many processes share the work. */
  readonly processes?: number;
  readonly engine?: EngineSource;
};

export const trialOf = (fault: Fault): Trial => ({
  suite: fault.killedBy,
  fault,
  ...(fault.test !== undefined && {test: fault.test}),
});

/** Tries all of them, each as soon as a process is free: starting one takes longer than most trials. Answers in their order. */
export async function tryAll(
  trials: readonly Trial[],
  {runs, seed, processes = 2, engine = new EngineSource()}: TrialOptions,
): Promise<readonly Tried[]> {
  const modules = await modulesOf(engine);
  const waiting = trials.entries();
  const tried: Tried[] = [];
  const work = async (): Promise<void> => {
    const process = new TrialProcess(modules);
    try {
      // All who work take from the same list.
      for (const [i, trial] of waiting) {
        const {suite, test = '', fault} = trial;
        const replaced = await withFault(engine, fault);
        const outcome: Outcome =
          replaced === undefined
            ? {outcome: 'broken', why: 'cannot be tried: it is no TypeScript'}
            : await process.run(
                {suite: suiteModule(suite), only: test, replaced, runs, seed},
                fault?.hangs ? PATIENCE_WITH_HANGING : PATIENCE,
              );
        tried[i] = {...trial, outcome};
      }
    } finally {
      process.end();
    }
  };
  await Promise.all(Array.from({length: Math.min(processes, trials.length)}, work));
  return tried;
}

/** The module that the fault is in; undefined where that is no TypeScript. */
async function withFault(engine: EngineSource, fault: Fault | undefined): Promise<Modules | undefined> {
  if (fault === undefined) return {};
  const path = engineModule(fault.file);
  try {
    return {[path]: await transformed(path, engine.withFault(fault))};
  } catch {
    return undefined;
  }
}
