import {spawn} from 'node:child_process';
import {closeSync, fstatSync, mkdirSync, openSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {identify, isAlive, signalGroup, type ProcessIdentity} from './process-identity.ts';
import {readRecord, removeRecord, writeRecord, type ProcessRecord} from './process-record.ts';

/** How it ended, in words: `exit code 1`, `signal SIGKILL`. Unknown for a process that was not our child. */
export type Ended = {readonly how: string};

export type RunningProcess = {
  readonly identity: ProcessIdentity;
  readonly adopted: boolean;
  readonly notes: Readonly<Record<string, number>>;
  readonly ended: Promise<Ended>;
  /** Where in the log file its own lines begin, in bytes; for an adopted one, the end of what was there. */
  readonly logFrom: number;
  /** SIGTERM to it and its children; SIGKILL to what is left after `graceMs`. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
};

export type Command = {
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly notes?: Readonly<Record<string, number>>;
};

const recordFile = (folder: string): string => join(folder, 'process.json');
export const logFile = (folder: string): string => join(folder, 'log');

/** How often a process that is not our child is looked at, in milliseconds. */
const watchEvery = 100;

/** Starts a process that outlives this one if this one is killed, and keeps a record of it. Rejects if it cannot start. */
export async function startProcess(folder: string, fingerprint: string, start: Command): Promise<RunningProcess> {
  mkdirSync(folder, {recursive: true});
  const out = openSync(logFile(folder), 'a');
  const logFrom = fstatSync(out).size;
  const [command, ...args] = start.command;
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', out, out],
    env: {...process.env, ...start.env},
    ...(start.cwd !== undefined && {cwd: start.cwd}),
  });
  closeSync(out);
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => resolve({how: signal === null ? `exit code ${code}` : `signal ${signal}`}));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.on('error', () => {});
  const {pid} = child;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  // A process that is gone already has no start time; nobody will look for it.
  const identity = identify(pid) ?? {pid, startTime: ''};
  const record = {...identity, fingerprint, notes: start.notes ?? {}};
  writeRecord(recordFile(folder), record);
  return running(folder, record, {adopted: false, exited: ended, logFrom});
}

export type FoundProcess = {readonly record: ProcessRecord; readonly process: RunningProcess};

/** The process of an earlier run of Sluice, whatever it is. */
export function findProcess(folder: string): FoundProcess | undefined {
  const record = readRecord(recordFile(folder));
  if (record === undefined || !isAlive(record)) return undefined;
  const logFrom = statSync(logFile(folder), {throwIfNoEntry: false})?.size ?? 0;
  return {record, process: running(folder, record, {adopted: true, exited: watch(record), logFrom})};
}

async function watch(identity: ProcessIdentity): Promise<Ended> {
  while (isAlive(identity)) await sleep(watchEvery);
  return {how: 'gone'};
}

function running(
  folder: string,
  record: ProcessRecord,
  {exited, ...known}: Pick<RunningProcess, 'adopted' | 'logFrom'> & {readonly exited: Promise<Ended>},
): RunningProcess {
  const ended = exited.then((how) => {
    // Its children may have been slower than itself, and nobody looks for them once the record is gone.
    signalGroup(record.pid, 'SIGKILL');
    removeRecord(recordFile(folder));
    return how;
  });
  return {
    identity: record,
    ...known,
    notes: record.notes,
    ended,
    async stop(graceMs) {
      if (isAlive(record)) signalGroup(record.pid, 'SIGTERM');
      const timeout = new AbortController();
      const graceOver = sleep(graceMs, 'over', {signal: timeout.signal}).catch(() => 'aborted');
      const first = await Promise.race([ended, graceOver]);
      timeout.abort();
      if (first === 'over') signalGroup(record.pid, 'SIGKILL');
      await ended;
    },
  };
}
