import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {transform} from 'esbuild';
import type {EngineSource} from './engine-source.ts';

const tests = resolve(import.meta.dirname, '..');

/** The suites, what they share, and the engine, as CommonJS: by path, from the root of the repository on. */
export type Modules = Readonly<Record<string, string>>;

export const engineModule = (file: string): string => `src/krt/${file}`;
export const suiteModule = (suite: string): string => `test/krt/${suite}`;

export async function modulesOf(engine: EngineSource): Promise<Modules> {
  const names = readdirSync(tests).filter((name) => name.endsWith('.ts'));
  const sources = [
    ...names.map((name) => [suiteModule(name), readFileSync(join(tests, name), 'utf8')] as const),
    ...[...engine.files].map(([file, text]) => [engineModule(file), text] as const),
  ];
  return Object.fromEntries(
    await Promise.all(
      sources.map(async ([path, source]) => [path, await transformed(path, source).catch(failing)] as const),
    ),
  );
}

/** A module that says, when it is loaded, why there is none. */
const failing = (error: unknown): string => `throw new Error(${JSON.stringify(String(error))})`;

/** Rejects where that is no TypeScript, or waits for something before it can be used. */
export async function transformed(path: string, source: string): Promise<string> {
  const folder = JSON.stringify(dirname(resolve(tests, '../..', path)));
  const {code} = await transform(source, {
    loader: 'ts',
    format: 'cjs',
    target: 'node20',
    define: {'import.meta.dirname': folder},
    logLevel: 'silent',
  });
  return code;
}
