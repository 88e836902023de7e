/**
 * Imports the modules of `--collections`: TypeScript or JavaScript, wherever they lie, on any Node.js. What they import
 * as `sluice/krt` and so on is what runs here, and no second copy of it.
 */
import {existsSync, statSync} from 'node:fs';
import {dirname, sep} from 'node:path';
import {fileURLToPath} from 'node:url';
import {ExtensionError} from './extended.ts';
import {publishedModules, publishedNames} from './published-modules.ts';

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** Modules that several files import are evaluated once. Throws ExtensionError. */
export async function importModules(files: readonly string[]): Promise<readonly Exports[]> {
  for (const file of files) mustBeFile(file);
  // Large, and of no use to most.
  const {createJiti} = await import('jiti/static');
  const jiti = createJiti(import.meta.url, {
    virtualModules: publishedModules(),
    // Modules are as Node.js itself would have them, and nothing is left behind on disk.
    interopDefault: false,
    tryNative: false,
    fsCache: false,
  });
  const modules: Exports[] = [];
  for (const file of files) {
    try {
      modules.push(await jiti.import<Exports>(file));
    } catch (error) {
      throw new ExtensionError(explain(file, error), {cause: error});
    }
  }
  return modules;
}

const expected = 'expected is a TypeScript or JavaScript module that exports collections as its default';

function mustBeFile(file: string): void {
  if (!existsSync(file)) throw new ExtensionError(`${file}: there is no such file; ${expected}`);
  if (!statSync(file).isFile()) throw new ExtensionError(`${file}: is not a file; ${expected}`);
}

/** One line: where, and what. */
function explain(file: string, error: unknown): string {
  if (!(error instanceof Error)) return `${file}: throws ${String(error)}`;
  const {message} = error;
  // Of Babel: `ParseError: Unexpected token`, and in the next line the place, columns counted from 0.
  const parsed = /^ParseError: (.*?)\s*\n\s*(.+:\d+):(\d+)/.exec(message);
  if (parsed !== null) return `${parsed[2]}:${Number(parsed[3]) + 1}: does not parse: ${parsed[1]}`;
  const [what = ''] = message.split('\n');
  const missing = /^Cannot find (?:module|package) '([^']+)'/.exec(what)?.[1] ?? notExported(error);
  if (missing !== undefined) {
    const hint = missing.split('/')[0] === 'sluice' ? `; there are ${publishedNames.join(', ')}` : '';
    return `${importer(error) ?? file}: imports ${missing}, which cannot be found${hint}`;
  }
  return `${place(error) ?? file}: ${error.name}: ${what}`;
}

/** A package that is there, but without the part that is imported. */
function notExported(error: Error): string | undefined {
  if (!('code' in error) || error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
  const found = /^Package subpath '\.(\/[^']+)' .*node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json/.exec(
    error.message,
  );
  return found === null ? undefined : `${found[2]}${found[1]}`;
}

function importer(error: Error): string | undefined {
  const [first]: readonly unknown[] =
    'requireStack' in error && Array.isArray(error.requireStack) ? error.requireStack : [];
  return typeof first === 'string' ? first : undefined;
}

/** The topmost line of the stack that is neither ours nor Node's: `file:line`. */
function place({stack = ''}: Error): string | undefined {
  const frames = [...stack.matchAll(/(?:^|[\s(])((?:file:\/\/)?\/[^()\n]+?):(\d+)(?::\d+)?\)?$/gm)];
  const frame = frames.find(([, path = '']) => !isOurs(toPath(path)));
  return frame === undefined ? undefined : `${toPath(frame[1] ?? '')}:${frame[2]}`;
}

const toPath = (path: string): string => (path.startsWith('file:') ? fileURLToPath(path) : path);

/** `src` or, bundled, `dist`. */
const own = dirname(import.meta.dirname) + sep;
const isOurs = (path: string): boolean => path.startsWith(own) || path.includes('/node_modules/jiti/');
