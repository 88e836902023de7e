/** The two programs of the rig itself that run in the network of the node. */
import {once} from 'node:events';
import {createServer} from 'node:net';
import {join, resolve} from 'node:path';
import type {Forward} from './forwarder.ts';
import {connect, type Methods} from './rpc.ts';
import {startServerProcess, type ServerProcess} from './server-process.ts';
import type {KubeletMethods, KubeletOptions} from './supervisor-methods.ts';

const root = resolve(import.meta.dirname, '../..');

function startScript(inside: readonly string[], script: string, logFile: string): Promise<ServerProcess> {
  const command = [process.execPath, '--import', 'tsx', join(import.meta.dirname, script)];
  return startServerProcess({prefix: inside, command, logFile, ipc: true, cwd: root});
}

export type Kubelet = {
  readonly process: ServerProcess;
  /** Resolves when it runs Pods. kube-apiserver has to be ready. */
  start(options: KubeletOptions): Promise<void>;
};

export async function startKubelet(inside: readonly string[], logFile: string, own: Methods): Promise<Kubelet> {
  const process = await startScript(inside, 'kubelet/main.ts', logFile);
  const kubelet = connect<KubeletMethods>(process.child, own);
  return {process, start: (options) => kubelet.call('start', options)};
}

export type Forwarder = {
  readonly process: ServerProcess;
  /** A port of 127.0.0.1 where this process runs, for one of the node's network. */
  forward(target: Forward): Promise<number>;
};

/**
 * A socket belongs to the network that it was made in, whoever has it: so they are made here, and connections are taken from
 * them there.
 */
export async function startForwarder(inside: readonly string[], logFile: string): Promise<Forwarder> {
  const process = await startScript(inside, 'forwarder.ts', logFile);
  let queue: Promise<unknown> = Promise.resolve();
  return {
    process,
    forward(target) {
      // One after the other: an answer does not say what it answers.
      const turn = queue.then(() => handOver(process, target));
      queue = turn.catch(() => {});
      return turn;
    },
  };
}

async function handOver({child, ended}: ServerProcess, target: Forward): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  const answer = once(child, 'message').then(() => undefined);
  child.send(target, server);
  const how = await Promise.race([answer, ended]);
  server.close();
  if (how !== undefined) throw new Error(`the forwarder of the rig has ended: ${how}`);
  return address.port;
}
