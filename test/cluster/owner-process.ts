/** The rig as people start it, in a process of its own that can be killed. */
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {onTestFinished} from 'vitest';
import {identify, type ProcessIdentity} from '../../src/provision/process-identity.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {applier} from '../rig/apply.ts';
import {namespacesOf, processesIn} from '../rig/network.ts';
import type {KubeObject} from '../rig/objects.ts';
import {clientOfKubeconfig} from './kubeconfig-client.ts';

const rig = resolve(import.meta.dirname, '../rig');

export type Owner = {
  readonly folder: string;
  readonly id: string;
  /** All that runs for its cluster, a Pod included. */
  readonly processes: readonly ProcessIdentity[];
  /** SIGKILL. */
  kill(): void;
  /** As Ctrl-C does. Resolves to its exit code. */
  interrupt(): Promise<number | null>;
};

/** `npm run rig` without CRDs, with a Pod. */
export async function startOwner(pod: KubeObject, image: string): Promise<Owner> {
  const program = `echo=${process.execPath} ${image}`;
  const child = spawn(process.execPath, ['--import', 'tsx', join(rig, 'main.ts'), '--bare', '--image', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let kubeconfig = '';
  for await (const line of createInterface({input: child.stdout})) {
    kubeconfig = /KUBECONFIG=(\S+kubeconfig)$/.exec(line)?.[1] ?? kubeconfig;
    if (line.startsWith('Ctrl-C')) break;
  }
  const folder = dirname(kubeconfig);
  const record = JSON.parse(readFileSync(join(folder, 'rig.json'), 'utf8')) as {
    readonly id: string;
    readonly supervisor: ProcessIdentity;
  }; // written by stale-rigs.ts
  const client = clientOfKubeconfig(kubeconfig);
  await applier(client).apply(pod);
  await eventually(async () => {
    const path = `/api/v1/namespaces/default/pods/${pod.metadata.name}`;
    const {body} = await client.request<{readonly status: {readonly phase: string}}>('GET', path);
    if (body.status.phase !== 'Running') throw new Error(`the Pod is ${JSON.stringify(body.status)}`);
  }, 20_000);
  client.close();
  const inside = processesIn(namespacesOf(record.id)).flatMap((pid) => identify(pid) ?? []);
  return {
    folder,
    id: record.id,
    processes: [record.supervisor, ...inside],
    kill: () => void child.kill('SIGKILL'),
    interrupt: () =>
      new Promise((done) => {
        child.once('exit', done);
        child.kill('SIGINT');
      }),
  };
}
