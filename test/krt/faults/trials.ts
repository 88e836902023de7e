import {mkdtemp, realpath, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {bundle} from './bundle.ts';
import type {Fault} from './fault.ts';
import {tryFolder, type Verdict} from './trial-process.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Milliseconds after which a suite is taken to have no end, and what one that is said to hang is given. */
const PATIENCE = 40_000;
const PATIENCE_WITH_HANGING = 6_000;

/** A suite to be tried, or those of its tests whose names contain `test`, with a fault in the engine or without. */
export type Trial = {readonly suite: string; readonly test?: string; readonly fault?: Fault};
export type Tried = Trial & {readonly verdict: Verdict};

export const trialOf = (fault: Fault): Trial => ({
  suite: fault.killedBy,
  fault,
  ...(fault.test !== undefined && {test: fault.test}),
});

/**
 * Tries all of them, one after another, in one process: starting one takes longer than most trials. Where a suite hangs
 * or breaks its process, another one goes on. `runs` multiplies how often properties are tried.
 */
export async function tryAll(trials: readonly Trial[], runs: number): Promise<readonly Tried[]> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'krt-faults-')));
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await Promise.all(trials.map((trial, i) => prepare(trial, folder, i)));
    const waiting = new Map(trials.map((trial, i) => [`${i}.test.js`, trial]));
    const patience = (file: string) => (waiting.get(file)?.fault?.hangs ? PATIENCE_WITH_HANGING : PATIENCE);
    const tried: Tried[] = [];
    while (waiting.size > 0) {
      for (const [file, verdict] of await tryFolder(folder, {runs, patience})) {
        const trial = waiting.get(file);
        if (trial !== undefined) tried.push({...trial, verdict});
        waiting.delete(file);
        // What lies in the folder is what is still to be tried.
        await rm(join(folder, file));
      }
    }
    return tried;
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** The bundle, which is loaded as it is, and a suite that consists of it. */
async function prepare({suite, test = '', fault}: Trial, folder: string, i: number): Promise<void> {
  await bundle(suite, fault, join(folder, `${i}.bundle.js`));
  const lines = [`import './${i}.bundle.js';`, `globalThis.onlyTests = ${JSON.stringify(test)};`];
  await writeFile(join(folder, `${i}.test.js`), lines.join('\n'));
}
