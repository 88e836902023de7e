/** From the files of `--collections` to the outputs of the graph, with everything checked before anything is started. */
import {type Extension, outputsWith, productOutputs} from '../../collections/extension.ts';
import {createGraph, CycleError, type Graph} from '../krt/index.ts';
import {readExtension} from './default-export.ts';
import {type Extended, ExtensionError, notExtended} from './extended.ts';
import {importModules} from './module-loader.ts';

type Source = {readonly file: string; readonly extension: Extension};

/**
 * Absolute paths; one that is named twice counts once. Throws ExtensionError for the first file that cannot be used: one
 * that is not there, does not parse, throws, exports something else, takes a name that is taken, or goes in circles.
 */
export async function loadExtensions(files: readonly string[]): Promise<Extended> {
  const distinct = [...new Set(files)];
  if (distinct.length === 0) return notExtended;
  const modules = await importModules(distinct);
  const sources = distinct.map((file, i) => ({file, extension: readExtension(file, modules[i])}));
  return {outputs: outputsWith(sources.map(({extension}) => extension)), fileOf: tryOut(sources)};
}

/** Brings them alive, file by file, in a graph that nothing is written to. */
function tryOut(sources: readonly Source[]): Extended['fileOf'] {
  const graph = createGraph({outputs: productOutputs.all, history: 0});
  const own = namesIn(graph);
  const files = new Map<string, string>();
  for (const {file, extension} of sources) {
    const {outputs = [], resources = [], statuses = []} = extension;
    for (const collection of [...outputs, ...resources, ...statuses]) {
      try {
        graph.size(collection);
      } catch (error) {
        const holder = (name: string): string =>
          own.has(name)
            ? 'by a collection of Sluice; choose another, or import that one from sluice/collections'
            : `by a collection of ${files.get(name) ?? 'this file'}; choose another`;
        throw new ExtensionError(`${file}: ${explain(collection.name, error, holder)}`, {cause: error});
      }
    }
    for (const name of namesIn(graph)) if (!own.has(name) && !files.has(name)) files.set(name, file);
  }
  graph.dispose();
  // Rows on their way out go through a collection more (extension.ts).
  return (node) => files.get(node) ?? files.get(node.replace(/\/checked$/, ''));
}

/** Of nodes and of the collections they make. */
const namesIn = (graph: Graph): ReadonlySet<string> =>
  new Set(graph.nodes().flatMap(({name, outputs}) => [name, ...outputs]));

function explain(collection: string, error: unknown, holder: (name: string) => string): string {
  if (!(error instanceof Error)) return `${collection}: ${String(error)}`;
  const taken = /^two (?:collections|nodes) are named (.+)$/.exec(error.message)?.[1];
  if (taken !== undefined) return `the name ${taken} is taken ${holder(taken)}`;
  if (error instanceof CycleError) return error.message;
  if (error instanceof RangeError) return `${collection} is made of itself`;
  return `${collection}: ${error.message}`;
}
