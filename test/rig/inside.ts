/** Programs in the networks of a cluster. Whatever is left of them is ended with the cluster. */
import {spawn, type ChildProcess, type SpawnOptions} from 'node:child_process';
import {inNamespace, nodeNamespace, podNamespace} from './network.ts';

/** `node`, or a Pod by its address. */
export type Place = 'node' | {readonly pod: string};

export type ExecResult = {readonly code: number | null; readonly stdout: string; readonly stderr: string};

export type Inside = {
  /** The child is the program itself: its pid, its signals. It sees the files of this machine, not those of a container. */
  spawnIn(place: Place, command: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs it to its end, whatever its exit code; it is killed after `timeoutMs`, 30 s by default. */
  execIn(
    place: Place,
    command: readonly string[],
    options?: {readonly timeoutMs?: number; readonly input?: string},
  ): Promise<ExecResult>;
};

/** `id`: of the rig; undefined on loopback, where the node is this machine. */
export function inside(id: string | undefined): Inside {
  const prefix = (place: Place): readonly string[] => {
    if (id !== undefined) return inNamespace(place === 'node' ? nodeNamespace(id) : podNamespace(id, place.pod));
    if (place === 'node') return [];
    throw new Error('a cluster on loopback runs no Pods');
  };
  const spawnIn: Inside['spawnIn'] = (place, command, options = {}) => {
    const [file = '', ...args] = [...prefix(place), ...command];
    return spawn(file, args, options);
  };
  return {
    spawnIn,
    execIn: (place, command, {timeoutMs = 30_000, input = ''} = {}) =>
      new Promise((resolve, reject) => {
        const child = spawnIn(place, command, {stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL'});
        const printed = {stdout: '', stderr: ''};
        for (const stream of ['stdout', 'stderr'] as const) {
          child[stream]?.setEncoding('utf8').on('data', (text: string) => (printed[stream] += text));
        }
        child.once('error', reject);
        child.once('close', (code) => resolve({code, ...printed}));
        child.stdin?.on('error', () => {});
        child.stdin?.end(input);
      }),
  };
}
