/**
 * The Pod of a provisioned Envoy on this machine: what a kubelet does for it, as far as Envoy can tell. Its volumes are
 * folders, and the paths, ports and addresses that its files and arguments name are those of here.
 */
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {envoyPorts} from '../../../collections/infra/envoy-config.ts';
import {at, type ClusterWorld, containerAt} from '../../collections/infra/world.ts';
import {cleanUpLater, onSuddenExit} from './clean-up.ts';
import {envoyBinary} from './envoy.ts';
import {freePort} from './free-port.ts';
import {type MountedFolder, mountedFolder} from './mounted-folder.ts';

export type EnvoyPod = {
  /** After the name of the program. */
  readonly args: readonly string[];
  readonly ports: {readonly admin: number; readonly ready: number};
  /** Replaces the files of a volume. */
  put(volume: string, files: Files): void;
};

export type EnvoyPodOptions = {
  readonly podName?: string;
  /** A host name that is this machine. */
  readonly here?: string;
  /** A token for the Pod; it is of nobody by default. */
  readonly token?: (of: {readonly serviceAccount: string; readonly audience: string}) => string;
};

type Files = Readonly<Record<string, string>>;
type Volume = {
  readonly name: string;
  readonly configMap?: {readonly name: string};
  readonly projected?: {
    readonly sources: readonly {readonly serviceAccountToken: {readonly audience: string; readonly path: string}}[];
  };
};
type Spec = {readonly serviceAccountName: string; readonly volumes: readonly Volume[]};

/** Of the Gateway default/gw. The configuration is that of now: a ConfigMap that changes later is not heard of. */
export async function envoyPod(world: ClusterWorld, options: EnvoyPodOptions = {}): Promise<EnvoyPod> {
  const {podName = 'gw-1', here, token = () => 'nobody'} = options;
  const deployment = world.object('Deployment/gw');
  const spec = at(deployment, 'spec.template.spec') as Spec; // as it is made
  const mounts = containerAt(deployment, 'volumeMounts') as readonly {name: string; mountPath: string}[]; // as it is made
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pod-'));
  cleanUpLater(() => rmSync(folder, {recursive: true, force: true}));

  /** Undefined for a volume that begins empty. */
  const filesOf = ({configMap, projected}: Volume): Files | undefined => {
    if (configMap) return at(world.object(`ConfigMap/${configMap.name}`), 'data') as Files; // as it is made
    const source = projected?.sources[0]?.serviceAccountToken;
    return source && {[source.path]: token({serviceAccount: spec.serviceAccountName, audience: source.audience})};
  };
  const filled = mounts.flatMap(({name, mountPath}) => {
    const volume = spec.volumes.find((one) => one.name === name);
    if (volume === undefined) throw new Error(`the Pod has no volume ${name}`);
    const files = filesOf(volume);
    return files === undefined ? [] : [{name, mountPath, path: join(folder, name), files}];
  });

  const ports = new Map<unknown, number>();
  for (const port of Object.values(envoyPorts)) ports.set(port, await freePort());
  /** A path in the Pod, where it is in a volume. */
  const moved = (path: string): string => {
    const mount = filled.find(({mountPath}) => path === mountPath || path.startsWith(`${mountPath}/`));
    return mount === undefined ? path : mount.path + path.slice(mount.mountPath.length);
  };
  const adapted = (key: string, value: unknown): unknown => {
    if (key === 'port_value') return ports.get(value) ?? value;
    if (key === 'address' && (value === here || value === '0.0.0.0')) return '127.0.0.1';
    return typeof value === 'string' ? moved(value) : value;
  };
  const volumes = new Map<string, MountedFolder>();
  for (const {name, path, files} of filled) {
    const volume = mountedFolder(path);
    const texts = Object.entries(files).map(([file, text]): [string, string] => [
      file,
      file.endsWith('.json') ? JSON.stringify(JSON.parse(text, adapted)) : text,
    ]);
    volume.put(Object.fromEntries(texts));
    volumes.set(name, volume);
  }

  const variables = new Map([
    ['$(POD_NAME)', podName],
    ['$(POD_NAMESPACE)', 'default'],
  ]);
  const args = containerAt(deployment, 'args') as readonly string[]; // as it is made
  return {
    args: args.map((arg) => moved(arg.replaceAll(/\$\(\w+\)/g, (name) => variables.get(name) ?? name))),
    ports: {admin: ports.get(envoyPorts.admin) ?? 0, ready: ports.get(envoyPorts.ready) ?? 0},
    put: (name, files) => {
      const volume = volumes.get(name);
      if (volume === undefined) throw new Error(`the Pod has no files in a volume ${name}`);
      volume.put(files);
    },
  };
}

export type RunningEnvoy = {
  /** What it has printed. */
  output(): string;
  stop(): Promise<void>;
};

/** Until the end of the test file, or until it is stopped. */
export function startEnvoy(args: readonly string[]): RunningEnvoy {
  const child = spawn(envoyBinary(), [...args, '--concurrency', '1'], {stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const forget = onSuddenExit(() => child.kill('SIGKILL'));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    forget();
  };
  cleanUpLater(stop);
  return {output: () => output, stop};
}
