import {askInstance, type InstanceOptions} from './instance.ts';
import {readOffline} from './offline.ts';

/** The collections and what flows where, as Mermaid text. */
export async function graph({file, ...options}: InstanceOptions & {readonly file?: readonly string[]}): Promise<void> {
  const text =
    file === undefined
      ? await askInstance('/debug/graph', options)
      : `${(await readOffline({...options, file})).graph.mermaid()}\n`;
  process.stdout.write(text);
}
