import type {Why} from '../krt/index.ts';
import {mustFind} from './dump.ts';
import {askInstance, type InstanceOptions} from './instance.ts';
import {type OfflineOptions, readOffline} from './offline.ts';

export type WhyOptions = InstanceOptions & {readonly file?: readonly string[]; readonly output: string};

/** From a row back to the inputs whose change made it what it is. */
export async function why(collection: string, key: string, options: WhyOptions): Promise<void> {
  const {file} = options;
  const explained = await (file === undefined
    ? ask(collection, key, options)
    : offline(collection, key, {...options, file}));
  process.stdout.write(
    options.output === 'json' ? `${JSON.stringify(explained, undefined, 2)}\n` : formatWhy(explained),
  );
}

async function ask(collection: string, key: string, options: WhyOptions): Promise<Why> {
  const path = `/debug/why/${encodeURIComponent(collection)}?key=${encodeURIComponent(key)}`;
  return JSON.parse(await askInstance(path, options));
}

async function offline(collection: string, key: string, options: OfflineOptions): Promise<Why> {
  const {graph} = await readOffline(options);
  mustFind(graph, collection);
  return graph.why(collection, key);
}

/** A tree, causes below what they caused. */
export function formatWhy({collection, key, change, epoch, causes}: Why, indent = ''): string {
  const when = change === 'absent' && epoch === 0 ? 'absent' : `${change} in epoch ${epoch}`;
  return [`${indent}${collection} ${key}: ${when}\n`, ...causes.map((cause) => formatWhy(cause, `${indent}  `))].join(
    '',
  );
}
