/**
 * Runs the processes of one cluster, as a process of its own. When the channel to its owner closes, whatever the reason
 * (SIGKILL included), it ends everything and deletes everything.
 */
import {randomBytes} from 'node:crypto';
import {appendFileSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {makeKeys} from './keys.ts';
import {writeKubeconfig} from './kubeconfig.ts';
import {removeNamespaces} from './network.ts';
import {startForwarder, startKubelet, type Forwarder, type Kubelet} from './node-processes.ts';
import {connect} from './rpc.ts';
import {startServerProcess, type ServerProcess} from './server-process.ts';
import {apiServerReady, commandsOf, defaultServiceAccount, serverNames, type ServerName} from './servers.ts';
import {makeSite, type Site} from './site.ts';
import {folderPrefix, recordRig, removeStaleRigs} from './stale-rigs.ts';
import type {OwnerMethods, StartOptions, Started, SupervisorMethods} from './supervisor-methods.ts';

/** How long a server gets to end by itself: kube-apiserver closes its watches first. */
const graceMs = 10_000;

type Name = ServerName | 'forwarder' | 'kubelet';
type Running = {readonly process: ServerProcess; ended?: string};

const id = randomBytes(3).toString('hex');
const folder = mkdtempSync(join(tmpdir(), folderPrefix));
const logFile = (name: string): string => join(folder, 'logs', `${name}.log`);
recordRig(folder, id);

const running = new Map<Name, Running>();
let ending = false;
let starting: Promise<unknown> = Promise.resolve();
let launch: (name: ServerName) => Promise<void> = () => Promise.reject(new Error('the cluster has not been started'));
let ready: () => Promise<void> = () => Promise.resolve();
let forward: Forwarder['forward'] = () => Promise.reject(new Error('a cluster on loopback has nothing to forward to'));

function keep(name: Name, process: ServerProcess): void {
  const entry: Running = {process};
  running.set(name, entry);
  void process.ended.then((how) => (entry.ended = how));
}

/** Why there is no use in waiting for kube-apiserver. */
function hopeless(): string | undefined {
  if (ending) return 'the cluster is being stopped';
  const dead = [...running].filter(([, {ended}]) => ended !== undefined);
  return dead.length === 0 ? undefined : dead.map(([name, {ended}]) => `${name} has ended: ${ended}`).join('; ');
}

async function start({mode, binaries, apiServerArgs}: StartOptions): Promise<Started> {
  await removeStaleRigs();
  mkdirSync(join(folder, 'logs'));
  const [site, keys] = await Promise.all([makeSite(mode, id), makeKeys(folder)]);
  const {endpoints, inside, podUrl} = site;
  const nodeUrl = `https://127.0.0.1:${endpoints.apiPort}`;
  const controllersKubeconfig = join(folder, 'controllers.kubeconfig');
  writeKubeconfig(controllersKubeconfig, {url: nodeUrl, caFile: keys.ca, credentials: {token: keys.adminToken}});
  const commands = commandsOf({binaries, endpoints, keys, folder, controllersKubeconfig, apiServerArgs});
  launch = async (name) => {
    keep(name, await startServerProcess({prefix: inside, command: commands[name], logFile: logFile(name)}));
  };
  // The later ones try again until the earlier ones answer.
  for (const name of serverNames) await launch(name);
  const pods = podUrl === undefined ? undefined : await startPodSide(site);
  const ports = {
    api: (await pods?.forward({host: '127.0.0.1', port: endpoints.apiPort})) ?? endpoints.apiPort,
    etcd: (await pods?.forward({host: '127.0.0.1', port: endpoints.etcdPort})) ?? endpoints.etcdPort,
  };
  const url = `https://127.0.0.1:${ports.api}`;
  const access = {url, caFile: keys.ca, token: keys.adminToken};
  ready = () => apiServerReady(access, hopeless);
  await ready();
  const common = {id, folder, caFile: keys.ca, adminToken: keys.adminToken};
  const kubelet = {...common, url: nodeUrl, apiPort: endpoints.apiPort, kubeletServing: keys.kubeletServing};
  await Promise.all([pods?.kubelet.start(kubelet), defaultServiceAccount(access, hopeless)]);
  return {
    ...common,
    url,
    nodeUrl,
    ...(podUrl !== undefined && {podUrl}),
    etcdUrl: `http://127.0.0.1:${ports.etcd}`,
  };
}

/** They start while the API server does. */
async function startPodSide({inside}: Site): Promise<{
  readonly kubelet: Kubelet;
  readonly forward: Forwarder['forward'];
}> {
  const program: OwnerMethods['program'] = (params) => owner.call('program', params);
  const kubelet = await startKubelet(inside, logFile('kubelet'), {program});
  keep('kubelet', kubelet.process);
  const forwarder = await startForwarder(inside, logFile('forwarder'));
  keep('forwarder', forwarder.process);
  forward = (target) => forwarder.forward(target);
  return {kubelet, forward};
}

function processOf(name: ServerName): ServerProcess {
  const entry = running.get(name);
  if (entry === undefined) throw new Error(`${name} is not started`);
  return entry.process;
}

async function teardown(): Promise<void> {
  ending = true;
  const endAll = () => Promise.all([...running.values()].map(({process}) => process.end()));
  // What was being started gives up when its servers end, and may have started another one by then.
  await endAll();
  await starting.catch(() => {});
  await endAll();
  await removeNamespaces(id);
  rmSync(folder, {recursive: true, force: true});
}

const methods: SupervisorMethods = {
  start(options) {
    const started = start(options);
    starting = started;
    return started;
  },
  async endServer({name, graceful}) {
    await processOf(name).end(graceful ? graceMs : undefined);
    running.delete(name);
  },
  async startServer({name}) {
    if (running.get(name)?.process.running === true) throw new Error(`${name} runs already`);
    await launch(name);
    await ready();
  },
  signalServer: async ({name, signal}) => processOf(name).signal(signal),
  forward: (target) => forward(target),
  pids: async () => [process.pid, ...[...running.values()].map((entry) => entry.process.pid)],
  async stop() {
    await teardown();
    setImmediate(() => process.exit(0));
  },
};

const fail = (error: unknown): void => {
  try {
    appendFileSync(join(folder, 'supervisor.log'), `${error instanceof Error ? error.stack : String(error)}\n`);
  } finally {
    void teardown().finally(() => process.exit(1));
  }
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
const end = (): void => void teardown().finally(() => process.exit(0));
process.once('disconnect', end);
process.once('SIGTERM', end);
// Nobody may read what is written there any more.
process.stderr.on('error', () => {});
const owner = connect<OwnerMethods>(process, methods);
