import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {BackOff} from './back-off.ts';
import {supervise, type Log, type SupervisedProcess} from './supervised-process.ts';

/** A program of the static configuration. A command `node` is the Node.js that runs this. */
export type Program = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
};

const resolved = ({command: [first, ...rest]}: Program): [string, ...string[]] => [
  first === 'node' ? process.execPath : first,
  ...rest,
];

/** Runs a program to its end. Rejects with the last line it printed if it fails. */
export async function runProgram(program: Program, log: Log): Promise<void> {
  const [command, ...args] = resolved(program);
  const child = spawn(command, args, {
    cwd: program.cwd,
    env: {...process.env, ...program.env},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({input: stream}).on('line', (line) => {
      last = line;
      log.info({program: program.name}, line);
    });
  }
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : `${signal ?? `exit code ${code}`}: ${last}`),
    );
  });
  if (how !== undefined) throw new Error(`program ${program.name} failed: ${how}`);
}

/** Keeps a program running, across restarts of Sluice too; its record is in `folder/<name>`. */
export function superviseProgram(
  program: Program,
  options: {readonly folder: string; readonly log: Log; readonly backOff?: BackOff},
): SupervisedProcess {
  const {log, folder, backOff} = options;
  const command = resolved(program);
  const identity = JSON.stringify([command, program.env, program.cwd]);
  return supervise({
    title: `Program ${program.name}`,
    fields: {program: program.name},
    folder: join(folder, program.name),
    fingerprint: createHash('sha256').update(identity).digest('hex').slice(0, 16),
    prepare: () => Promise.resolve({command, env: program.env, cwd: program.cwd}),
    onLine: (line) => log.info({program: program.name}, line),
    log,
    ...(backOff && {backOff}),
  });
}
