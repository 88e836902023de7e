/** Starts the supervisor of a cluster and speaks with it. */
import {spawn} from 'node:child_process';
import {join, resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {connect, type Peer} from './rpc.ts';
import type {OwnerMethods, Program, StartOptions, Started, SupervisorMethods} from './supervisor-methods.ts';

const root = resolve(import.meta.dirname, '../..');
/** It has to end some dozens of processes and namespaces. */
const stopLimitMs = 30_000;

export type Supervisor = Peer<SupervisorMethods> & {
  readonly started: Started;
  stop(): Promise<void>;
};

/** Resolves when the cluster is up; rejects with the reason, and leaves nothing behind then. */
export async function startSupervisor(
  options: StartOptions,
  images: (image: string) => Program | undefined,
): Promise<Supervisor> {
  // A session of its own: Ctrl-C at a terminal reaches its owner alone, which decides what becomes of it.
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'supervisor.ts')], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.unref();
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  const own: OwnerMethods = {program: async ({image}) => images(image) ?? null};
  const peer = connect<SupervisorMethods>(child, own);
  const stop = async (): Promise<void> => {
    child.ref();
    await peer.call('stop').catch(() => {}); // gone already
    await Promise.race([ended, sleep(stopLimitMs, undefined, {ref: false})]);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    throw new Error(`the supervisor of the cluster did not end within ${stopLimitMs} ms`);
  };
  try {
    return {...peer, started: await peer.call('start', options), stop};
  } catch (error) {
    await stop();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the cluster did not start: ${reason}${printed === '' ? '' : `\n${printed}`}`, {cause: error});
  }
}
