/** Folders and files of manifests as a source of objects: read once, then watched. */
import {join} from 'node:path';
import type {Problem} from '../api/problem.ts';
import type {AnyObject} from '../schema/objects.ts';
import {FolderWatch} from './folder-watch.ts';
import {type Changes, type ManifestFile, ManifestFiles, type Removed} from './manifest-files.ts';
import {readManifest, type Stamp, stampAt} from './read-file.ts';
import {callsForScan, scan, type Scan} from './scan.ts';

export type Batch = {readonly set: readonly AnyObject[]; readonly removed: readonly Removed[]};

export type FileProviderOptions = {
  /** Folders (read with all below them) and single files; of two definitions of an object the earlier path's is used. */
  readonly paths: readonly string[];
  /** Net changes; never empty but for the first, which `start()` delivers before it resolves. */
  readonly onChanges: (batch: Batch) => void;
  /** Problems that were not there before, each once. Called before onChanges. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
  readonly log?: {readonly debug: (text: string) => void; readonly warn: (text: string) => void};
  /** Quiet time after the last event of the file system before anything is read. Default 50. */
  readonly debounceMs?: number;
  /** Everything is looked at again that often, for what no event told of. Default 60,000. */
  readonly pollMs?: number;
};

export type FileProvider = {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** All problems there are now. A problem leaves when it is healed. */
  readonly problems: () => readonly Problem[];
};

/** Everything under the paths, once. Never throws on what it finds there. */
export function loadOnce(paths: readonly string[]): {objects: readonly AnyObject[]; problems: readonly Problem[]} {
  const manifests = new ManifestFiles({rereads: false});
  const {faults, files} = scan(paths);
  for (const {file, message} of faults.values()) manifests.update(file, {is: 'failed', message});
  for (const file of files.values()) {
    const reading = readManifest(file.path);
    if (reading.is === 'read') manifests.update(file, reading.content);
  }
  const {problems, set} = manifests.commit();
  return {objects: set, problems};
}

export function createFileProvider(options: FileProviderOptions): FileProvider {
  return new Provider(options);
}

/** How long files are read at a stretch before other work gets its turn, in milliseconds. */
const SLICE_MS = 10;
/** Events may keep coming: after this many debounce times the files are read all the same. */
const MAX_DEBOUNCES = 10;

class Provider implements FileProvider {
  readonly #options: FileProviderOptions;
  readonly #manifests: ManifestFiles;
  readonly #watch: FolderWatch;
  readonly #stamps = new Map<string, Stamp>();
  /** Files last seen empty though they had defined something: an editor may be about to write them. */
  readonly #emptied = new Set<string>();
  readonly #dirty = new Set<string>();
  #scan: Scan = {files: new Map(), folders: new Map(), faults: new Map()};
  #rescan = true;
  #debounce: NodeJS.Timeout | undefined;
  #firstEvent = 0;
  #poll: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: FileProviderOptions) {
    this.#options = options;
    this.#manifests = new ManifestFiles({rereads: true, note: (text) => options.log?.debug(text)});
    this.#watch = new FolderWatch({
      onEvent: (folder, name) => this.#onEvent(folder, name),
      onFault: (text) => options.log?.warn(text),
    });
  }

  start = async (): Promise<void> => {
    this.#running = this.#firstScan();
    await this.#running;
  };

  stop = async (): Promise<void> => {
    this.#stopped = true;
    clearInterval(this.#poll);
    clearTimeout(this.#debounce);
    this.#watch.close();
    await this.#running;
  };

  problems = (): readonly Problem[] => this.#manifests.problems();

  async #firstScan(): Promise<void> {
    await this.#read(this.#lookAround());
    if (this.#stopped) return;
    this.#deliver(this.#manifests.commit(), true);
    this.#poll = setInterval(() => {
      this.#rescan = true;
      this.#schedule(0);
    }, this.#options.pollMs ?? 60_000);
    this.#poll.unref();
  }

  #onEvent(folder: string, name: string | null): void {
    if (this.#stopped) return;
    const path = name === null ? undefined : join(folder, name);
    if (path !== undefined && this.#scan.files.has(path)) this.#dirty.add(path);
    else if (callsForScan(this.#scan, folder, name)) this.#rescan = true;
    else return;
    this.#schedule(this.#options.debounceMs ?? 50);
  }

  #schedule(delay: number): void {
    if (this.#stopped) return;
    const now = Date.now();
    if (this.#debounce === undefined) this.#firstEvent = now;
    else if (now - this.#firstEvent >= delay * MAX_DEBOUNCES) return; // the one that is set will do
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => {
      this.#debounce = undefined;
      this.#running = (this.#running ?? Promise.resolve()).then(() => this.#catchUp());
      this.#running.catch((error: unknown) => {
        this.#options.log?.warn(`changes of files were not taken over: ${String(error)}`);
        this.#running = undefined;
      });
    }, delay);
  }

  async #catchUp(): Promise<void> {
    if (this.#stopped) return;
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const files = new Map<string, ManifestFile>();
    if (this.#rescan) for (const file of this.#lookAround()) files.set(file.path, file);
    for (const path of dirty) {
      const file = this.#scan.files.get(path);
      if (file !== undefined) files.set(path, file);
    }
    await this.#read([...files.values()]);
    if (!this.#stopped) this.#deliver(this.#manifests.commit(), false);
  }

  /** Scans, follows with the watches, drops what is gone; the files whose stamps say that they may have changed. */
  #lookAround(): ManifestFile[] {
    do this.#scan = scan(this.#options.paths);
    while (this.#watch.watchOnly(this.#scan.folders)); // a folder may have changed before it was watched
    this.#rescan = false;

    const {faults, files} = this.#scan;
    for (const path of this.#manifests.paths()) {
      const hidden = [...faults.keys()].some((fault) => path === fault || path.startsWith(`${fault}/`));
      if (!files.has(path) && !hidden) this.#forget(path);
    }
    for (const [path, {file, message}] of faults) {
      this.#stamps.delete(path);
      this.#manifests.update(file, {is: 'failed', message});
    }
    return [...files.values()].filter(({path}) => {
      const known = this.#stamps.get(path);
      return known === undefined || known !== stampAt(path);
    });
  }

  async #read(files: readonly ManifestFile[]): Promise<void> {
    let sliceEnd = performance.now() + SLICE_MS;
    for (const file of files) {
      this.#readOne(file);
      if (performance.now() < sliceEnd) continue;
      await new Promise((resolve) => void setImmediate(resolve));
      if (this.#stopped) return;
      sliceEnd = performance.now() + SLICE_MS;
    }
  }

  #readOne(file: ManifestFile): void {
    const {path} = file;
    const reading = readManifest(path);
    if (reading.is === 'absent') {
      // What is configured by name and missing is a problem, which the next scan reports; else it was deleted.
      this.#rescan = true;
      this.#schedule(0);
      return;
    }
    const {bytes, content, stamp} = reading;
    if (bytes === 0 && content.is === 'text' && this.#manifests.defines(path) && !this.#emptied.has(path)) {
      this.#emptied.add(path);
      this.#dirty.add(path);
      this.#schedule(this.#options.debounceMs ?? 50);
      return;
    }
    this.#emptied.delete(path);
    this.#stamps.set(path, stamp);
    this.#manifests.update(file, content);
  }

  #forget(path: string): void {
    this.#manifests.remove(path);
    this.#stamps.delete(path);
    this.#emptied.delete(path);
  }

  #deliver({problems, removed, set}: Changes, always: boolean): void {
    if (problems.length > 0) this.#options.onProblems?.(problems);
    if (always || set.length > 0 || removed.length > 0) this.#options.onChanges({set, removed});
  }
}
