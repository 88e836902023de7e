import {askInstance, type InstanceOptions} from './instance.ts';
import {readOffline} from './offline.ts';

/** The collections and what flows where, as Mermaid text. */
export async function graph(options: InstanceOptions & {readonly file?: readonly string[]}): Promise<void> {
  const text =
    options.file === undefined
      ? await askInstance('/debug/graph', options)
      : `${readOffline(options.file, options.config).graph.mermaid()}\n`;
  process.stdout.write(text);
}
