import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);

/** Node's own arguments for a module of this folder in a process of its own, with a heap of that many megabytes. */
export const childArguments = (heapMegabytes: number): readonly string[] => [
  '--expose-gc',
  `--max-old-space-size=${heapMegabytes}`,
  '--import',
  'tsx',
];

export const childModule = (file: string): string => join(import.meta.dirname, file);

/** Runs a module of this folder in a process of its own; resolves with the JSON it prints, rejects where it fails. */
export async function runChild<T>(
  file: string,
  args: readonly (string | number)[],
  {heapMegabytes}: {readonly heapMegabytes: number},
): Promise<T> {
  const {stdout} = await run(
    process.execPath,
    [...childArguments(heapMegabytes), childModule(file), ...args.map(String)],
    {cwd: import.meta.dirname},
  );
  const result: T = JSON.parse(stdout);
  return result;
}
