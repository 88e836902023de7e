/**
 * The product as a user runs it: `node dist/sluice.js run --config FILE` in a folder of its own, with its Envoys.
 * With `SLUICE_E2E_KEEP=1` in the environment the folders stay, to be looked at.
 */
import {execFile, spawn, type ChildProcess} from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {cleanUpLater, onSuddenExit} from './clean-up.ts';
import {envoyBinary} from './envoy.ts';
import {eventually} from './eventually.ts';
import {freePort} from './free-port.ts';
import type {Manifest} from './manifests.ts';
import {request, type Request, type Response} from './request.ts';

const program = resolve(import.meta.dirname, '../../../dist/sluice.js');
const startLimitMs = 30_000;

export type SluiceOptions = {
  /** Objects by file name (`*.yaml`). */
  readonly manifests: Readonly<Record<string, readonly Manifest[]>>;
  /** Fields of the static configuration; those of `envoy` and `logging` are added to what is set here. */
  readonly config?: Readonly<Record<string, unknown>> & {
    readonly envoy?: Readonly<Record<string, unknown>>;
    readonly logging?: Readonly<Record<string, unknown>>;
  };
  /** Ports on 127.0.0.1 that have to accept connections before it counts as started: those of all listeners by default. */
  readonly awaitPorts?: readonly number[];
};

/** What is known of an Envoy that it has started. */
export type RunningEnvoy = {readonly pid: number; readonly adminPort: number};

export type Sluice = {
  /** Holds `sluice.yaml`, `manifests/`, `state/` and `sluice.log`. */
  readonly folder: string;
  readonly adminPort: number;
  readonly xdsPort: number;
  /** Of the control plane; changes with `restart()`. */
  readonly pid: number;
  /** Replaces a manifest file as a whole, or makes one. */
  write(file: string, objects: readonly Manifest[]): void;
  remove(file: string): void;
  request(wanted: Request): Promise<Response>;
  /** The body of a path of the admin endpoint; rejects for anything but 200. */
  admin(path: string): Promise<string>;
  /** Runs another command of the product, such as `status`, against this one; resolves to its standard output. */
  command(name: string, ...args: readonly string[]): Promise<string>;
  /** What it has logged so far, its Envoys included. */
  logs(): string;
  /** Lines of the log about resources that a proxy has rejected. */
  rejections(): readonly string[];
  /** Envoys that run, also while the control plane does not. */
  envoys(): readonly RunningEnvoy[];
  envoyPids(): readonly number[];
  /** Sends a signal to the control plane; with SIGKILL its Envoys go on. Resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts the control plane again after `kill`, in the same folder; resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends it and all of its Envoys, and deletes the folder. Done at the end of the file anyway. */
  stop(): Promise<void>;
};

/** Resolves when manifests are read and the Envoys accept connections. Rejects with the log otherwise. */
export async function startSluice({manifests, config = {}, awaitPorts}: SluiceOptions): Promise<Sluice> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  const manifestFolder = join(folder, 'manifests');
  const logFile = join(folder, 'sluice.log');
  const configFile = join(folder, 'sluice.yaml');
  const [xdsPort, adminPort] = [await freePort(), await freePort()];
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();

  const write = (file: string, objects: readonly Manifest[]): void => {
    // JSON is YAML. Renamed into place, so that no half-written file is ever read.
    const text = objects.map((object) => `${JSON.stringify(object, undefined, 1)}\n`).join('---\n');
    writeFileSync(join(folder, 'new'), text);
    renameSync(join(folder, 'new'), join(manifestFolder, file));
  };
  const logs = (): string => readFileSync(logFile, 'utf8');
  const envoys = (): readonly RunningEnvoy[] => findEnvoys(join(folder, 'state'));

  const launch = (): void => {
    const out = openSync(logFile, 'a');
    const started = spawn(process.execPath, [program, 'run', '--config', configFile], {
      cwd: folder,
      stdio: ['ignore', out, out],
      env: {...process.env, NO_COLOR: '1'},
    });
    closeSync(out);
    child = started;
    gone = new Promise((done) => {
      started.once('exit', () => done());
      started.once('error', () => done());
    });
  };

  const running = (): boolean => child?.pid !== undefined && child.exitCode === null && child.signalCode === null;

  const ready = async (): Promise<void> => {
    const check = async (): Promise<void> => {
      const {status} = await request({port: adminPort, path: '/readyz', timeoutMs: 1_000});
      if (status !== 200) throw new Error(`/readyz answers ${status}`);
      for (const port of awaitPorts ?? listenerPorts(manifests)) await accepts(port);
    };
    try {
      await eventually(() => (running() ? check() : undefined), startLimitMs, 25);
      if (!running()) throw new Error(`it has ended (${child?.exitCode ?? child?.signalCode})`);
    } catch (error) {
      throw new Error(`sluice did not start: ${String(error)}\n${logs()}`, {cause: error});
    }
  };

  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (running()) child?.kill(signal);
    await gone;
  };

  const killEnvoys = (): void => {
    for (const {pid} of envoys()) killHard(pid);
  };
  const forget = onSuddenExit(() => {
    child?.kill('SIGKILL');
    killEnvoys();
  });
  const stop = async (): Promise<void> => {
    const inTime = await Promise.race([kill('SIGTERM').then(() => true), sleep(20_000, false, {ref: false})]);
    if (!inTime) await kill('SIGKILL');
    killEnvoys();
    forget();
    if (process.env['SLUICE_E2E_KEEP'] === undefined) rmSync(folder, {recursive: true, force: true});
    if (!inTime) throw new Error('sluice did not end within 20 s of SIGTERM');
  };

  const {envoy, logging, ...rest} = config;
  mkdirSync(manifestFolder);
  for (const [file, objects] of Object.entries(manifests)) write(file, objects);
  const whole = {
    apiVersion: 'config.sluice.dev/v1alpha1',
    kind: 'Sluice',
    provider: {file: {paths: ['manifests']}},
    xds: {address: `127.0.0.1:${xdsPort}`},
    admin: {address: `127.0.0.1:${adminPort}`},
    stateDir: 'state',
    ...rest,
    // Where none is to be run, none is needed.
    envoy: {...(envoy?.['manage'] !== false && {binary: envoyBinary()}), concurrency: 1, ...envoy},
    logging: {format: 'text', ...logging},
  };
  writeFileSync(configFile, `${JSON.stringify(whole, undefined, 1)}\n`);
  cleanUpLater(stop);
  launch();
  await ready();

  return {
    folder,
    adminPort,
    xdsPort,
    get pid() {
      return child?.pid ?? 0;
    },
    write,
    remove: (file) => rmSync(join(manifestFolder, file)),
    request,
    async admin(path) {
      const {status, body} = await request({port: adminPort, path});
      if (status !== 200) throw new Error(`${path} answers ${status}: ${body}`);
      return body;
    },
    command: (name, ...args) => runCommand([name, '--admin', `127.0.0.1:${adminPort}`, ...args]),
    logs,
    rejections: () =>
      logs()
        .split('\n')
        .filter((line) => line.includes('client rejects resources')),
    envoys,
    envoyPids: () => envoys().map(({pid}) => pid),
    kill,
    async restart() {
      if (running()) throw new Error('sluice still runs');
      launch();
      await ready();
    },
    stop,
  };
}

function runCommand(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], {timeout: 20_000}, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`sluice ${args.join(' ')}: ${error.message}\n${stderr}`));
    });
  });
}

/** Ports of the listeners of all Gateways. */
function listenerPorts(manifests: SluiceOptions['manifests']): readonly number[] {
  const ports = Object.values(manifests)
    .flat()
    .filter(({kind}) => kind === 'Gateway')
    .flatMap(({spec}) => (spec as {readonly listeners: readonly {readonly port: number}[]}).listeners) // a Gateway
    .map(({port}) => port);
  return [...new Set(ports)];
}

function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** The supervisor keeps a `process.json` for everything it runs; Envoys have an admin port. */
function findEnvoys(stateFolder: string): readonly RunningEnvoy[] {
  let files: readonly string[];
  try {
    files = readdirSync(stateFolder, {recursive: true, encoding: 'utf8'});
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith('process.json'))
    .flatMap((file) => {
      const {pid, adminPort} = readProcess(join(stateFolder, file));
      return pid !== undefined && adminPort !== undefined && isAlive(pid) ? {pid, adminPort} : [];
    });
}

function readProcess(file: string): {readonly pid?: number; readonly adminPort?: number} {
  try {
    const {pid, notes} = JSON.parse(readFileSync(file, 'utf8')) as {pid: number; notes: {adminPort?: number}}; // written by Sluice
    return {pid, ...notes};
  } catch {
    return {};
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
