/**
 * Secrets as a folder of files has them now: `NAMESPACE/NAME/KEY`. Each NAME may be a volume that a kubelet mounts, or
 * what an agent writes.
 */
import {readdirSync, readFileSync, realpathSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {readFault, statsAt} from './read-file.ts';

/** Key -> base64. */
export type SecretData = Readonly<Record<string, string>>;

export type FoundSecret =
  | {readonly is: 'read'; readonly data: SecretData}
  /** It is there, and cannot be read: `file` is what stands in the way. */
  | {readonly is: 'unreadable'; readonly file: string; readonly message: string};

export type SecretScan = {
  /** By `namespace/name`. */
  readonly secrets: ReadonlyMap<string, FoundSecret>;
  /** Folders whose changes matter. */
  readonly folders: ReadonlyMap<string, true>;
  /** Folders that cannot be looked into: of what was in them, nothing is known. */
  readonly faults: ReadonlyMap<string, string>;
};

/** What an API server allows a Secret to hold, in bytes. */
const MAX_BYTES = 1024 * 1024;
/** The files of a mounted volume stand in a folder behind this link, which is turned when they change. */
const MOUNTED = '..data';

/** Never throws. */
export function scanSecrets(root: string): SecretScan {
  const secrets = new Map<string, FoundSecret>();
  const folders = new Map<string, true>();
  const faults = new Map<string, string>();

  const foldersIn = (folder: string): readonly string[] => {
    folders.set(folder, true);
    try {
      const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
      return names.filter((name) => statsAt(join(folder, name))?.isDirectory() === true).sort();
    } catch (error) {
      faults.set(folder, readFault(error));
      return [];
    }
  };

  for (const namespace of foldersIn(root)) {
    for (const name of foldersIn(join(root, namespace))) {
      const folder = join(root, namespace, name);
      folders.set(folder, true);
      const found = readSecret(folder);
      if (found !== undefined) secrets.set(`${namespace}/${name}`, found);
    }
  }
  return {secrets, folders, faults};
}

/** Undefined where there are no files. */
function readSecret(folder: string): FoundSecret | undefined {
  let file = folder;
  try {
    const link = join(folder, MOUNTED);
    // All files of one version: the link may be turned while they are read.
    const from = statsAt(link) === undefined ? folder : realpathSync(link);
    const data: Record<string, string> = {};
    let bytes = 0;
    for (const key of readdirSync(from).sort()) {
      if (key.startsWith('..')) continue;
      file = join(folder, key);
      const path = join(from, key);
      const stats = statSync(path);
      if (!stats.isFile()) continue;
      bytes += stats.size;
      if (bytes > MAX_BYTES) return {is: 'unreadable', file, message: 'a Secret holds at most 1 MiB'};
      data[key] = readFileSync(path).toString('base64');
    }
    return Object.keys(data).length === 0 ? undefined : {is: 'read', data};
  } catch (error) {
    return {is: 'unreadable', file, message: readFault(error)};
  }
}
