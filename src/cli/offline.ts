/** The graph over a folder of manifests, without a server: what `-f` of the commands means. */
import {existsSync} from 'node:fs';
import {resolve} from 'node:path';
import type {Outputs} from '../../collections/extension.ts';
import type {Problem} from '../api/problem.ts';
import {loadConfigOrDefault} from '../config/load-config.ts';
import {loadExtensions} from '../extensions/load-extensions.ts';
import {createFileInputs} from '../file-inputs.ts';
import {loadOnce} from '../files/file-provider.ts';
import {createGraph, type Graph} from '../krt/index.ts';
import type {AnyObject} from '../schema/objects.ts';
import {CommandFailed} from './failure.ts';
import {statusDocument, type StatusDocument} from '../status/status-document.ts';

/** What `-f`, `-c` and `--collections` name. Relative paths are relative to the present folder. */
export type OfflineOptions = {
  readonly file: readonly string[];
  readonly config?: string;
  readonly collections?: readonly string[];
};

export type Offline = {
  readonly graph: Graph;
  readonly outputs: Outputs;
  readonly objects: readonly AnyObject[];
  readonly problems: readonly Problem[];
};

/**
 * Throws CommandFailed where one of the paths does not exist: that is a mistake of the command line, not of a manifest.
 * Throws ConfigError and ExtensionError.
 */
export async function readOffline({file, config: configFile, collections = []}: OfflineOptions): Promise<Offline> {
  for (const path of file) {
    if (!existsSync(path)) throw new CommandFailed(`--file: there is no ${path}`);
  }
  const config = loadConfigOrDefault(configFile, process.cwd(), {paths: file});
  const {outputs, fileOf} = await loadExtensions([...config.collections, ...collections.map((path) => resolve(path))]);
  const {objects, problems} = loadOnce(file);
  const inputs = createFileInputs(config);
  const graph = createGraph({
    outputs: outputs.all,
    onDiagnostic: ({node, message}) => {
      const from = fileOf(node);
      process.stderr.write(`${from === undefined ? '' : `${from}: `}${node}: ${message}\n`);
    },
  });
  graph.commit((tx) => {
    inputs.begin(tx);
    inputs.write(tx, {set: objects, removed: []});
  });
  return {graph, outputs, objects, problems};
}

/** Without times: the same manifests always give the same output. */
export function statusDocuments({graph, outputs}: Pick<Offline, 'graph' | 'outputs'>): readonly StatusDocument[] {
  return graph
    .list(outputs.statuses)
    .map((row) => statusDocument(row, undefined, {observedGeneration: row.generation}));
}
