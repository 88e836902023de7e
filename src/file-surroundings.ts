/** Manifests in files, statuses in files, Envoys as processes of this host. */
import {join} from 'node:path';
import {formatProblem} from './api/problem.ts';
import type {StaticConfig} from './config/static-config.ts';
import {createFileInputs} from './file-inputs.ts';
import {createFileProvider} from './files/file-provider.ts';
import {isUsed, type Batch} from './inputs.ts';
import {runProxies} from './host-proxies.ts';
import type {Proxies} from './proxies.ts';
import {createFileStatusWriter} from './status/file-status-writer.ts';
import type {Surroundings, SurroundingsOptions} from './surroundings.ts';

export function createFileSurroundings(config: StaticConfig, options: SurroundingsOptions): Surroundings {
  const {graph, outputs, logs} = options;
  const {statuses} = outputs;
  const log = logs('files');
  const writer = createFileStatusWriter({folder: join(config.stateDir, 'status'), log: logs('status')});
  const undo: (() => void)[] = [];
  let proxies: Proxies | undefined;
  let take: (batch: Batch) => void = () => {};

  const provider = createFileProvider({
    ...config.provider.file,
    onChanges: (batch) => {
      take(batch);
      warnOfUnused(batch);
    },
    onProblems: (problems) => {
      for (const problem of problems) log.error({}, formatProblem(problem));
    },
    log: {debug: (text) => log.debug({}, text), warn: (text) => log.warn({}, text)},
  });

  const warnOfUnused = ({set}: Batch): void => {
    for (const object of set) {
      if (isUsed(object)) continue;
      const {kind, metadata} = object;
      log.warn({kind, namespace: metadata.namespace, name: metadata.name}, 'objects of this kind have no effect');
    }
  };

  return {
    inputs: createFileInputs(config),
    read: (to) => {
      take = to;
      return provider.start();
    },
    connect: (address) => {
      writer.start(graph.list(statuses));
      undo.push(graph.subscribe(statuses, ({changes}) => writer.apply(changes)));
      if (config.envoy.manage) proxies = runProxies(config, address, options);
    },
    view: () => {
      const hint = proxies?.hint();
      return {
        paths: config.provider.file.paths,
        problems: provider.problems(),
        statuses: writer.list(),
        proxies: proxies?.views() ?? [],
        ...(hint !== undefined && {hint}),
      };
    },
    metrics: () => [
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
    figures: {statusWrites: () => [{kind: 'all', result: 'written', count: writer.counts().written}]},
    settled: async (limitMs) => proxies?.settled(limitMs),
    stopReading: () => provider.stop(),
    stop: async () => {
      await proxies?.stop();
      await writer.stop();
      for (const undoOne of undo.toReversed()) undoOne();
    },
  };
}
