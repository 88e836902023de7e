/** Which manifest files and folders stand under the configured paths right now. Follows symbolic links. */
import {readdirSync, realpathSync, statSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import {readFault, statsAt} from './read-file.ts';
import type {ManifestFile} from './manifest-files.ts';

export type Scan = {
  readonly files: ReadonlyMap<string, ManifestFile>;
  /** Folders to watch, each with the entries that matter there. */
  readonly folders: ReadonlyMap<string, Entries>;
  /** What cannot be looked into, or is configured and not there. Files known below it are not gone. */
  readonly faults: ReadonlyMap<string, {readonly file: ManifestFile; readonly message: string}>;
};

/** Names, or `all` inside a configured folder. */
export type Entries = 'all' | ReadonlySet<string>;

const MAX_FOLDER_DEPTH = 32;

/** By name alone. Hidden entries are left out: editors, and `..data` of mounted volumes, whose files appear beside it. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:ya?ml|json)$/.test(name) && !/^kustomization\.ya?ml$/.test(name);
}

export function scan(paths: readonly string[]): Scan {
  const files = new Map<string, ManifestFile>();
  const folders = new Map<string, Entries>();
  const faults = new Map<string, {file: ManifestFile; message: string}>();

  const addFile = (path: string, shown: string, root: number): void => {
    if (!files.has(path)) files.set(path, {path, shown, root});
  };
  const visit = (path: string, shown: string, root: number, above: readonly string[]): void => {
    try {
      const real = realpathSync(path);
      if (above.includes(real) || above.length >= MAX_FOLDER_DEPTH) return; // a link to a folder it stands in
      folders.set(path, 'all');
      for (const entry of readdirSync(path, {withFileTypes: true}).sort(byName)) {
        const {name} = entry;
        if (name.startsWith('.')) continue;
        const child = join(path, name);
        const folder = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(child));
        if (folder) visit(child, join(shown, name), root, [...above, real]);
        else if (isManifestName(name)) addFile(child, join(shown, name), root);
      }
    } catch (error) {
      faults.set(path, {file: {path, shown, root}, message: readFault(error)});
    }
  };

  paths.forEach((given, root) => {
    const path = resolve(given);
    const fault = presence(path);
    if (fault !== undefined) faults.set(path, {file: {path, shown: given, root}, message: fault});
    else if (isFolder(path)) visit(path, given, root, []);
    else addFile(path, given, root);
    // The path itself may come, go, or be a link that is turned to something else.
    const parent = dirname(path);
    const entries = folders.get(parent) ?? new Set<string>();
    if (entries !== 'all') folders.set(parent, new Set([...entries, basename(path)]));
  });
  return {files, folders, faults};
}

function byName(a: {readonly name: string}, b: {readonly name: string}): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function presence(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    return readFault(error);
  }
}

function isFolder(path: string): boolean {
  return statsAt(path)?.isDirectory() === true;
}

/** Whether an event on an entry of a watched folder calls for another scan. */
export function callsForScan({faults, files, folders}: Scan, folder: string, name: string | null): boolean {
  const entries = folders.get(folder);
  if (name === null || entries === undefined || name.startsWith('..')) return true; // `..data`: a mounted volume's swap
  if (entries !== 'all') return entries.has(name);
  if (name.startsWith('.')) return false;
  const path = join(folder, name);
  return faults.size > 0 || folders.has(path) || (isManifestName(name) && !files.has(path)) || isFolder(path);
}
