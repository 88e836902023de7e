import {printable} from '../admin/printable.ts';
import {decodeResource} from '../decoder.ts';
import {CommandFailed} from './failure.ts';
import {askInstance, unknownCollection, type InstanceOptions} from './instance.ts';
import {type OfflineOptions, readOffline} from './offline.ts';
import {print, toYaml} from './print.ts';
import type {Graph} from '../krt/index.ts';

export type DumpOptions = InstanceOptions & {
  readonly file?: readonly string[];
  readonly key?: string;
  readonly output: string;
};

/** Rows of a collection with what each was made of; private keys and the data of Secrets are left out. */
export async function dump(collection: string, options: DumpOptions): Promise<void> {
  const {file, key} = options;
  const rows = await (file === undefined
    ? fromInstance(collection, options)
    : offline(collection, key, {...options, file}));
  await print(options.output === 'json' ? jsonRows(rows) : yamlRows(rows));
}

async function fromInstance(collection: string, options: DumpOptions): Promise<readonly unknown[]> {
  const key = options.key === undefined ? '' : `?key=${encodeURIComponent(options.key)}`;
  const rows: unknown = JSON.parse(
    await askInstance(`/debug/collections/${encodeURIComponent(collection)}${key}`, options),
  );
  return Array.isArray(rows) ? rows : [rows];
}

async function offline(
  collection: string,
  key: string | undefined,
  options: OfflineOptions,
): Promise<readonly unknown[]> {
  const {graph} = await readOffline(options);
  mustFind(graph, collection);
  return graph
    .dump(collection)
    .filter((row) => key === undefined || row.key === key)
    .map((row) => ({...row, row: printable(row.row, decodeResource)}));
}

/** Throws CommandFailed with the names there are. */
export function mustFind(graph: Graph, collection: string): void {
  if (graph.find(collection) !== undefined) return;
  const names = [...new Set(graph.nodes().flatMap(({outputs}) => outputs))].sort();
  throw new CommandFailed(unknownCollection(`there is no collection ${collection}`, names));
}

function* jsonRows(rows: readonly unknown[]): Generator<string> {
  yield '[';
  for (const [i, row] of rows.entries()) yield `${i === 0 ? '' : ','}\n${JSON.stringify(row)}`;
  yield ']\n';
}

function* yamlRows(rows: readonly unknown[]): Generator<string> {
  if (rows.length === 0) yield '[]\n';
  for (const row of rows) yield toYaml([row]);
}
