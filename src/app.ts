/**
 * The only place that sees every folder: provider in -> graph -> xDS, statuses, proxies, admin out. Everything that is
 * wired here can be had without a process of its own: tests use createApp as `sluice run` does.
 */
import {join} from 'node:path';
import {envoyBootstrap} from '../collections/envoy/bootstrap.ts';
import {createAdminServer} from './admin/admin-server.ts';
import {formatProblem, type Problem} from './api/problem.ts';
import {ConfigError, parseAddress, type HostPort} from './config/load-config.ts';
import type {Logs} from './config/logging.ts';
import type {LogComponent, StaticConfig} from './config/static-config.ts';
import {type Extended, notExtended} from './extensions/extended.ts';
import {createFileInputs, isUsed} from './file-inputs.ts';
import {createFileProvider, type Batch} from './files/file-provider.ts';
import {createGraphReports} from './graph-reports.ts';
import {createGraph, type Graph, type TransformError} from './krt/index.ts';
import {createLoader} from './loader.ts';
import {createProxies, type Proxies} from './proxies.ts';
import type {EnvoyView} from './provision/envoy-supervisor.ts';
import {runProgram, superviseProgram} from './provision/programs.ts';
import {lockState} from './provision/state-lock.ts';
import type {SupervisedProcess} from './provision/supervised-process.ts';
import {createFileStatusWriter} from './status/file-status-writer.ts';
import type {StatusDocument} from './status/status-document.ts';
import type {ClientView, XdsServer} from './xds/api.ts';
import {createNodeAuthenticator} from './xds/scope.ts';
import {createXdsServer} from './xds/server.ts';
import {followClients} from './xds-feedback.ts';

export type AppDeps = {
  readonly logs: Logs;
  readonly version: string;
  /** The outputs of the graph, where there are more than those of Sluice itself. */
  readonly extended?: Extended;
};

/** Where the servers listen, as `host:port`. */
export type Endpoints = {readonly xds: string; readonly admin: string};

/** What `sluice status` and the admin endpoint /status show. */
export type StatusReport = {
  readonly version: string;
  readonly ready: boolean;
  readonly xds: string;
  readonly paths: readonly string[];
  readonly problems: readonly Problem[];
  readonly errors: readonly TransformError[];
  readonly statuses: readonly StatusDocument[];
  readonly proxies: readonly EnvoyView[];
  readonly clients: readonly Pick<ClientView, 'client' | 'scope'>[];
  /** Why no Envoy is run, where one should be. */
  readonly hint?: string;
};

export type App = {
  readonly graph: Graph;
  readonly xds: XdsServer;
  /** Resolves when the manifests are read and xDS is answered; rejects when a server cannot be started. */
  start(): Promise<Endpoints>;
  status(): StatusReport;
  /** Resolves when every proxy that is to run serves or says why it does not, or after `limitMs`. */
  settled(limitMs: number): Promise<void>;
  /** Drains and ends the proxies, finishes statuses, closes the servers. */
  stop(): Promise<void>;
};

export function createApp(config: StaticConfig, {logs, version, extended = notExtended}: AppDeps): App {
  const log = logs('sluice');
  const graphLog = logs('graph');
  const reports = createGraphReports(({node, message}) => graphLog.error({node, file: extended.fileOf(node)}, message));
  const graph = createGraph({outputs: extended.outputs.all, onDiagnostic: reports.take});
  const {resources, statuses, infra} = extended.outputs;
  const xds = createXdsServer({authenticate: createNodeAuthenticator(), log: logs('xds')});
  const writer = createFileStatusWriter({folder: join(config.stateDir, 'status'), log: logs('status')});
  const unfollow = followClients(graph, xds.events$);
  const programs: SupervisedProcess[] = [];
  // The server takes resources in as they come to be, and answers nobody before it is told that they are complete.
  const undo = [unfollow, graph.subscribe(resources, ({changes}) => xds.apply(changes))];
  let proxies: Proxies | undefined;
  let endpoints: Endpoints = {xds: config.xds.address, admin: config.admin.address};
  let synced = false;
  let stopping: Promise<void> | undefined;

  const loader = createLoader<Batch>({
    graph,
    inputs: createFileInputs(config),
    onTaken: (batch) => {
      const {set, removed} = batch;
      logs('files').info({set: set.length, removed: removed.length, epoch: graph.epoch}, 'manifests read');
      warnOfUnused(batch);
    },
  });

  const provider = createFileProvider({
    paths: config.provider.file.paths,
    debounceMs: config.provider.file.debounceMs,
    pollMs: config.provider.file.pollMs,
    onChanges: (batch) => loader.take(batch),
    onProblems: (problems) => {
      for (const problem of problems) logs('files').error({}, formatProblem(problem));
    },
    log: {debug: (text) => logs('files').debug({}, text), warn: (text) => logs('files').warn({}, text)},
  });

  const warnOfUnused = ({set}: Batch): void => {
    for (const object of set) {
      if (isUsed(object)) continue;
      const {kind, metadata} = object;
      logs('files').warn(
        {kind, namespace: metadata.namespace, name: metadata.name},
        'objects of this kind have no effect',
      );
    }
  };

  const admin = createAdminServer({
    graph,
    xds,
    ready: () => synced && stopping === undefined,
    status: () => status(),
    metrics: () => [
      {
        name: 'sluice_status_writes_total',
        help: 'Statuses written.',
        type: 'counter',
        samples: [{value: writer.counts().written}],
      },
      {
        name: 'sluice_manifest_problems',
        help: 'Problems in manifests.',
        type: 'gauge',
        samples: [{value: provider.problems().length}],
      },
      {
        name: 'sluice_proxy_restarts_total',
        help: 'Times a proxy that had died was started again.',
        type: 'counter',
        samples: (proxies?.views() ?? []).map(({gateway, restarts}) => ({labels: {gateway}, value: restarts})),
      },
    ],
    decoder: async () => (await import('./decoder.ts')).decodeResource,
    log: logs('admin'),
  });

  const status = (): StatusReport => {
    const hint = proxies?.hint();
    return {
      version,
      ready: synced,
      xds: endpoints.xds,
      paths: config.provider.file.paths,
      problems: provider.problems(),
      errors: graph.errors(),
      statuses: writer.list(),
      proxies: proxies?.views() ?? [],
      clients: xds.clients().map(({client, scope}) => ({client, scope})),
      ...(hint !== undefined && {hint}),
    };
  };

  /** The graph is at rest with all manifests in it: from here on its outputs go out. */
  const connectOutputs = (address: HostPort): void => {
    xds.markSynced();

    writer.start(graph.list(statuses));
    undo.push(graph.subscribe(statuses, ({changes}) => writer.apply(changes)));

    if (!config.envoy.manage) return;
    const started = createProxies(config, {
      logs,
      bootstrap: bootstrapFor(address),
      // Its listener was rejected, and what was rejected is not sent again by itself.
      onPortFreed: ({scope}) => xds.retryRejected(scope),
    });
    proxies = started;
    const apply = (): void => started.apply(graph.list(infra).filter(({dialect}) => dialect === 'envoy'));
    apply();
    undo.push(graph.subscribe(infra, apply));
  };

  const start = async (): Promise<Endpoints> => {
    undo.push(lockState(config.stateDir));
    const xdsAddress = mustParse('xds.address', config.xds.address);
    const adminAddress = mustParse('admin.address', config.admin.address);
    const xdsPort = await listening('xds', xdsAddress, () => xds.listen(config.xds.address));
    const adminPort = await listening('admin', adminAddress, () => admin.listen(adminAddress));
    endpoints = {xds: formatAddress(xdsAddress.host, xdsPort), admin: formatAddress(adminAddress.host, adminPort)};
    for (const program of config.prepare) await runProgram(program, logs('processes'));
    if (stopping !== undefined) return endpoints;
    for (const program of config.processes) {
      programs.push(superviseProgram(program, {folder: join(config.stateDir, 'processes'), log: logs('processes')}));
    }
    await provider.start();
    try {
      await loader.loaded();
    } finally {
      reports.complete(graph.errors());
    }
    if (stopping !== undefined) return endpoints;
    synced = true;
    connectOutputs({host: xdsAddress.host, port: xdsPort});
    log.info({...endpoints, resources: graph.size(resources), problems: provider.problems().length}, 'serving');
    return endpoints;
  };

  const stop = async (): Promise<void> => {
    await provider.stop();
    await loader.stop();
    await proxies?.stop();
    await Promise.all(programs.map((program) => program.stop({graceMs: 5_000})));
    await Promise.all([xds.stop(), writer.stop(), admin.stop()]);
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
    settled: async (limitMs) => proxies?.settled(limitMs),
    stop: async () => {
      stopping ??= stop();
      await stopping;
    },
  };
}

function mustParse(field: string, address: string): HostPort {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new ConfigError(`${field}: must be host:port, is ${JSON.stringify(address)}`);
  return parsed;
}

async function listening(
  component: LogComponent,
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

/** Proxies on this host reach a server that listens everywhere by loopback. */
function bootstrapFor({host, port}: HostPort): (gateway: {readonly key: string}, adminPort: number) => string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return ({key}, adminPort) =>
    `${JSON.stringify(envoyBootstrap({gateway: key, xds: {host: near, port}, admin: {port: adminPort}}), undefined, 1)}\n`;
}
