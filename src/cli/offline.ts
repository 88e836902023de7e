/** The graph over a folder of manifests, without a server: what `-f` of the commands means. */
import {existsSync} from 'node:fs';
import {graphOutputs, statuses} from '../../collections/index.ts';
import type {Problem} from '../api/problem.ts';
import {loadConfigOrDefault} from '../config/load-config.ts';
import {createFileInputs} from '../file-inputs.ts';
import {loadOnce} from '../files/file-provider.ts';
import {createGraph, type Graph} from '../krt/index.ts';
import type {AnyObject} from '../schema/objects.ts';
import {CommandFailed} from './failure.ts';
import {statusDocument, type StatusDocument} from '../status/status-document.ts';

export type Offline = {
  readonly graph: Graph;
  readonly objects: readonly AnyObject[];
  readonly problems: readonly Problem[];
};

/** Throws CommandFailed where one of the paths does not exist: that is a mistake of the command line, not of a manifest. */
export function readOffline(paths: readonly string[], configFile: string | undefined): Offline {
  for (const path of paths) {
    if (!existsSync(path)) throw new CommandFailed(`--file: there is no ${path}`);
  }
  const config = loadConfigOrDefault(configFile, process.cwd());
  const {objects, problems} = loadOnce(paths);
  const inputs = createFileInputs(config);
  const graph = createGraph({
    outputs: graphOutputs,
    onDiagnostic: ({node, message}) => process.stderr.write(`${node}: ${message}\n`),
  });
  graph.commit((tx) => {
    inputs.begin(tx);
    inputs.write(tx, {set: objects, removed: []});
  });
  return {graph, objects, problems};
}

/** Without times: the same manifests always give the same output. */
export function statusDocuments({graph}: Pick<Offline, 'graph'>): readonly StatusDocument[] {
  return graph.list(statuses).map((row) => statusDocument(row, undefined, {observedGeneration: row.generation}));
}
