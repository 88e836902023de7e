import {type ChildProcess, fork} from 'node:child_process';
import {basename, join, resolve} from 'node:path';
import type {Report} from './reporter.ts';

const root = resolve(import.meta.dirname, '../../..');

/** What came of a suite: `broken` = no test of it failed and yet it did not pass. `by` = the first test that failed. */
export type Verdict =
  | {readonly outcome: 'passed' | 'hung' | 'broken'}
  | {readonly outcome: 'failed'; readonly by: string};

export type ProcessOptions = {
  /** Multiplies how often properties are tried. */
  readonly runs: number;
  /** Milliseconds that a suite may take. */
  readonly patience: (file: string) => number;
};

/** Milliseconds that may pass while no suite is tried: before the first, and between two. */
const START = 60_000;

/**
 * Tries the suites in a folder in a process, which is gone when this resolves. It is ended when all are tried, or at the
 * first that hangs or breaks it: the verdicts then are those up to this one. Rejects where none was begun.
 */
export async function tryFolder(folder: string, {runs, patience}: ProcessOptions): Promise<Map<string, Verdict>> {
  const child = start(folder, runs);
  const said = output(child);
  const verdicts = new Map<string, Verdict>();
  let current: string | undefined;
  const end = (): void => void child.kill('SIGKILL');
  let timer = setTimeout(end, START);
  const wait = (milliseconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (current !== undefined) verdicts.set(current, {outcome: 'hung'});
      current = undefined;
      end();
    }, milliseconds);
  };
  child.on('message', (report: Report) => {
    switch (report.kind) {
      case 'started':
        current = basename(report.file);
        wait(patience(current));
        return;
      case 'ended':
        current = undefined;
        verdicts.set(basename(report.file), verdictOf(report));
        wait(START);
        return;
      case 'finished':
        end();
    }
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  if (current !== undefined) verdicts.set(current, {outcome: 'broken'});
  if (verdicts.size === 0) throw new Error(`no suite was tried: ${said()}`);
  return verdicts;
}

function verdictOf({passed, failed}: Extract<Report, {kind: 'ended'}>): Verdict {
  if (failed !== undefined) return {outcome: 'failed', by: failed};
  return {outcome: passed ? 'passed' : 'broken'};
}

function start(folder: string, runs: number): ChildProcess {
  const {PATH, HOME, TMPDIR} = process.env;
  const config = join(import.meta.dirname, 'trials.config.ts');
  return fork(join(root, 'node_modules/vitest/vitest.mjs'), ['run', '--root', folder, '--config', config], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    // Not what the process that runs the tests has of its own: whoever finds it takes itself for a part of that.
    env: {PATH, HOME, TMPDIR, KRT_RUNS: String(runs)},
  });
}

/** What a process has written so far, for who asks why it failed. */
function output(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  return () => text;
}
