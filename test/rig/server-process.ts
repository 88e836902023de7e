/** A program of the rig that runs until it is told to end, and ends with the process that started it in any case. */
import {spawn, type ChildProcess, type StdioOptions} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

export type ServerProcess = {
  readonly child: ChildProcess;
  readonly pid: number;
  /** How it ended, in words, once it has. */
  readonly ended: Promise<string>;
  readonly running: boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after `graceMs`; without that SIGKILL at once. Resolves when it is gone. */
  end(graceMs?: number): Promise<void>;
};

export type ServerCommand = {
  /** Of something that executes the rest, such as `ip netns exec NAME`: the pid is that of the program itself. */
  readonly prefix?: readonly string[];
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
  /** Of this process where it is not given. */
  readonly cwd?: string;
  /** With a channel of Node. */
  readonly ipc?: boolean;
};

/** Rejects where it cannot be started at all. */
export async function startServerProcess(start: ServerCommand): Promise<ServerProcess> {
  const log = openSync(start.logFile, 'a');
  // The kernel ends it when we end, however that comes about. A program that is executed inherits this.
  const [file = '', ...args] = [...(start.prefix ?? []), 'setpriv', '--pdeathsig', 'KILL', '--', ...start.command];
  const stdio: StdioOptions = start.ipc === true ? ['ignore', log, log, 'ipc'] : ['ignore', log, log];
  const child = spawn(file, args, {
    stdio,
    env: {...process.env, ...start.env},
    ...(start.cwd !== undefined && {cwd: start.cwd}),
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.on('error', () => {});
  const {pid} = child;
  if (pid === undefined) throw new Error(`${start.command[0]} has no process id`);
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals): void => {
    if (running()) child.kill(name);
  };
  return {
    child,
    pid,
    ended,
    get running() {
      return running();
    },
    signal,
    async end(graceMs) {
      if (graceMs !== undefined) {
        // One that is stopped by SIGSTOP hears SIGTERM only when it goes on.
        signal('SIGTERM');
        signal('SIGCONT');
        await Promise.race([ended, sleep(graceMs, undefined, {ref: false})]);
      }
      signal('SIGKILL');
      await ended;
    },
  };
}
