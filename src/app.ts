/**
 * The only place that sees every folder: provider in -> graph -> xDS, statuses, proxies, admin out. Everything that is
 * wired here can be had without a process of its own: tests use createApp as `sluice run` does.
 */
import {join} from 'node:path';
import {createAdminServer} from './admin/admin-server.ts';
import {createMeters} from './admin/meters.ts';
import {createReadiness} from './admin/readiness.ts';
import {createClusterSurroundings} from './cluster/cluster-surroundings.ts';
import {ConfigError, type HostPort, parseAddress} from './config/load-config.ts';
import type {LogControl, Logs} from './config/logging.ts';
import type {StaticConfig} from './config/static-config.ts';
import {type Extended, notExtended} from './extensions/extended.ts';
import {createFileSurroundings} from './file-surroundings.ts';
import {createGraphReports} from './graph-reports.ts';
import type {Batch} from './inputs.ts';
import {type Credentials, CredentialsError} from './kube/credentials.ts';
import type {KubeClient} from './kube/client.ts';
import {createKubeClient} from './kube/kube-client.ts';
import {loadCredentials} from './kube/load-credentials.ts';
import {createGraph, type Graph, type TransformError} from './krt/index.ts';
import {createLoader} from './loader.ts';
import {runProgram, superviseProgram} from './provision/programs.ts';
import {lockState} from './provision/state-lock.ts';
import type {SupervisedProcess} from './provision/supervised-process.ts';
import type {Surroundings, SurroundingsView} from './surroundings.ts';
import type {ClientView, XdsServer} from './xds/api.ts';
import {createXdsServer} from './xds/server.ts';
import {followClients} from './xds-feedback.ts';
import {createXdsTrust} from './xds-trust.ts';

export type AppDeps = {
  /** With `levels`, what is logged can be changed while it runs. */
  readonly logs: Logs & {readonly levels?: LogControl};
  readonly version: string;
  /** The outputs of the graph, where there are more than those of Sluice itself. */
  readonly extended?: Extended;
};

/** Where the servers listen, as `host:port`. */
export type Endpoints = {readonly xds: string; readonly admin: string; readonly metrics?: string};

/** What `sluice status` and the admin endpoint /status show. */
export type StatusReport = SurroundingsView & {
  readonly version: string;
  readonly ready: boolean;
  readonly xds: string;
  readonly errors: readonly TransformError[];
  readonly clients: readonly Pick<ClientView, 'client' | 'scope'>[];
};

export type App = {
  readonly graph: Graph;
  readonly xds: XdsServer;
  /** Resolves when all objects are read and xDS is answered; rejects when a server cannot be started. */
  start(): Promise<Endpoints>;
  status(): StatusReport;
  /** Resolves when every proxy that is to run serves or says why it does not, or after `limitMs`. */
  settled(limitMs: number): Promise<void>;
  /** Sends proxies away, ends those that run here, finishes what is written, closes the servers. */
  stop(): Promise<void>;
};

/** Throws ConfigError where there is no cluster to read. */
export function createApp(config: StaticConfig, {logs, version, extended = notExtended}: AppDeps): App {
  const log = logs('sluice');
  const graphLog = logs('graph');
  const reports = createGraphReports(({node, message}) => graphLog.error({node, file: extended.fileOf(node)}, message));
  const graph = createGraph({outputs: extended.outputs.all, onDiagnostic: reports.take});
  const {resources} = extended.outputs;
  const cluster = config.provider.type === 'kubernetes' ? clusterOf(config, version) : undefined;
  const trust = createXdsTrust(config, logs, cluster?.client);
  const xds = createXdsServer({
    authenticate: trust.authenticate,
    log: logs('xds'),
    ...(trust.credentials && {credentials: trust.credentials}),
  });
  const meters = createMeters();
  const parts = {graph, outputs: extended.outputs, xds, logs};
  const surroundings: Surroundings =
    cluster === undefined
      ? createFileSurroundings(config, parts)
      : createClusterSurroundings(config, {...parts, ...cluster, version, trust, meters});
  const unfollow = followClients(graph, xds.events$);
  const programs: SupervisedProcess[] = [];
  // The server takes resources in as they come to be, and answers nobody before it is told that they are complete.
  const undo = [unfollow, graph.subscribe(resources, ({changes}) => xds.apply(changes))];
  const readiness = createReadiness();
  const synced = readiness.hold('not all objects are read yet');
  let endpoints: Endpoints = {xds: config.xds.address, admin: config.admin.address};
  let stopping: Promise<void> | undefined;

  const loader = createLoader<Batch>({
    graph,
    inputs: surroundings.inputs,
    onTaken: ({set, removed}) => {
      log.debug({set: set.length, removed: removed.length, epoch: graph.epoch}, 'objects read');
    },
  });

  const admin = createAdminServer({
    graph,
    xds,
    version,
    meters,
    gatewayLimit: config.metrics.gatewayLimit,
    ready: () => readiness.reasons,
    status: () => status(),
    metrics: () => surroundings.metrics(),
    ...surroundings.figures,
    ...trust.figures,
    ...(logs.levels && {logLevels: logs.levels}),
    decoder: async () => (await import('./decoder.ts')).decodeResource,
    log: logs('admin'),
  });

  const status = (): StatusReport => ({
    version,
    ready: readiness.reasons.length === 0,
    xds: endpoints.xds,
    errors: graph.errors(),
    clients: xds.clients().map(({client, scope}) => ({client, scope})),
    ...surroundings.view(),
  });

  const listen = async (): Promise<HostPort> => {
    const address = mustParse('xds.address', config.xds.address);
    const port = await listening('xds', address, () => xds.listen(config.xds.address));
    const adminAddress = mustParse('admin.address', config.admin.address);
    const adminPort = await listening('admin', adminAddress, () => admin.listen(adminAddress));
    endpoints = {xds: formatAddress(address.host, port), admin: formatAddress(adminAddress.host, adminPort)};
    if (config.metrics.address === undefined) return {host: address.host, port};
    const forAll = mustParse('metrics.address', config.metrics.address);
    const metricsPort = await listening('metrics', forAll, () => admin.listenForMetrics(forAll));
    endpoints = {...endpoints, metrics: formatAddress(forAll.host, metricsPort)};
    return {host: address.host, port};
  };

  const start = async (): Promise<Endpoints> => {
    // What is found again after a restart belongs to one process.
    if (cluster === undefined || config.envoy.manage) undo.push(lockState(config.stateDir));
    const address = await listen();
    await trust.start();
    for (const program of config.prepare) await runProgram(program, logs('processes'));
    if (stopping !== undefined) return endpoints;
    for (const program of config.processes) {
      programs.push(superviseProgram(program, {folder: join(config.stateDir, 'processes'), log: logs('processes')}));
    }
    await surroundings.read((batch) => loader.take(batch));
    try {
      await loader.loaded();
    } finally {
      reports.complete(graph.errors());
    }
    if (stopping !== undefined) return endpoints;
    xds.markSynced();
    surroundings.connect(address);
    synced();
    const {problems} = surroundings.view();
    log.info({...endpoints, resources: graph.size(resources), problems: problems.length}, 'serving');
    return endpoints;
  };

  const stop = async (): Promise<void> => {
    const wasReady = readiness.reasons.length === 0;
    readiness.hold('it is stopping');
    const {windowMs} = config.drain;
    if (wasReady && windowMs > 0) await xds.drain(windowMs);
    await surroundings.stopReading();
    await loader.stop();
    await surroundings.stop();
    await Promise.all(programs.map((program) => program.stop({graceMs: 5_000})));
    await Promise.all([xds.stop(), trust.stop(), admin.stop()]);
    cluster?.client.close();
    for (const undoOne of undo.toReversed()) undoOne();
    graph.dispose();
    log.info({}, 'stopped');
  };

  return {
    graph,
    xds,
    start: async () => {
      try {
        return await start();
      } catch (error) {
        stopping ??= stop();
        await stopping;
        throw error;
      }
    },
    status,
    settled: (limitMs) => surroundings.settled(limitMs),
    stop: async () => {
      stopping ??= stop();
      await stopping;
    },
  };
}

function clusterOf(config: StaticConfig, version: string): {readonly client: KubeClient; readonly server: string} {
  const credentials = credentialsOf(config);
  return {client: createKubeClient(credentials, {version}), server: credentials.server};
}

function credentialsOf({provider}: StaticConfig): Credentials {
  const {kubeconfig, context} = provider.kubernetes;
  try {
    return loadCredentials({
      ...(kubeconfig !== undefined && {kubeconfig}),
      ...(context !== undefined && {context}),
    });
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    throw new ConfigError(`provider.kubernetes: ${error.message}`);
  }
}

function mustParse(field: string, address: string): HostPort {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new ConfigError(`${field}: must be host:port, is ${JSON.stringify(address)}`);
  return parsed;
}

async function listening(
  component: 'xds' | 'admin' | 'metrics',
  {host, port}: HostPort,
  listen: () => Promise<number>,
): Promise<number> {
  try {
    return await listen();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const busy = /EADDRINUSE|in use|No address added/.test(reason) ? 'it is in use by another process' : reason;
    throw new ConfigError(`${component}.address: ${formatAddress(host, port)} cannot be listened on: ${busy}`);
  }
}

const formatAddress = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
