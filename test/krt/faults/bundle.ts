import {readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {build, type Plugin} from 'esbuild';
import type {Fault} from './fault.ts';

const tests = resolve(import.meta.dirname, '..');
export const engine = resolve(tests, '../../src/krt');

const sourceOf = (file: string): string => readFileSync(join(engine, file), 'utf8');

/** How often the text that a fault replaces occurs. */
export const occurrencesOf = ({file, find}: Fault): number => sourceOf(file).split(find).length - 1;

/**
 * Makes one file of a suite, what it shares with others, and the engine, with the fault in it where there is one. Throws
 * where that is no JavaScript.
 */
export async function bundle(suite: string, fault: Fault | undefined, outfile: string): Promise<void> {
  try {
    await build({
      entryPoints: [join(tests, suite)],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'silent',
      plugins: fault === undefined ? [] : [inserting(fault)],
    });
  } catch (error) {
    throw new Error(`${suite} with the fault "${fault?.name}" cannot be bundled`, {cause: error});
  }
}

const inserting = ({file, find, replace}: Fault): Plugin => ({
  name: 'fault',
  setup(build) {
    const path = join(engine, file);
    build.onLoad({filter: /\.ts$/}, (loaded) =>
      loaded.path === path ? {contents: sourceOf(file).split(find).join(replace), loader: 'ts'} : undefined,
    );
  },
});
