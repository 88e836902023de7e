/** One run of a container: a process in the network namespace of its Pod, in a root of its own. */
import {spawn} from 'node:child_process';
import {signalGroup} from '../../../src/provision/process-identity.ts';
import type {ContainerLog} from './container-log.ts';
import {rootedCommand, type RootOptions} from './container-root.ts';
import {inNamespace} from '../network.ts';

export type Exit = {readonly exitCode: number; readonly signal?: NodeJS.Signals};

export type ContainerProcess = {
  readonly exited: Promise<Exit>;
  /** To the process, and not to its children, as a container runtime does. */
  signal(signal: NodeJS.Signals): void;
};

export function startContainer(namespace: string, root: RootOptions, log: ContainerLog): ContainerProcess {
  const dieWithUs = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const [file = '', ...args] = [...inNamespace(namespace), ...dieWithUs, ...rootedCommand(root)];
  const child = spawn(file, args, {detached: true, stdio: ['ignore', 'pipe', 'pipe']});
  for (const stream of [child.stdout, child.stderr]) {
    const write = log.writer();
    stream.on('data', write);
    stream.once('end', () => write(undefined));
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({exitCode: 128}));
    child.once('exit', (code, signal) => {
      // Its children end with it, as they would when the first process of a container ends.
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      resolve({exitCode: code ?? 137, ...(signal !== null && {signal})});
    });
  });
  return {exited, signal: (signal) => void child.kill(signal)};
}
