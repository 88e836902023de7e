/** fs.watch on a changing set of folders. Where the system has no watch left, the slow poll of the provider remains. */
import {type FSWatcher, watch} from 'node:fs';
import {basename} from 'node:path';
import {statsAt} from './read-file.ts';

export type FolderWatchOptions = {
  /** Something happened to an entry of a folder; the name may be unknown. */
  readonly onEvent: (folder: string, name: string | null) => void;
  readonly onFault: (text: string) => void;
};

export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watchers = new Map<string, {readonly watcher: FSWatcher; readonly inode: string}>();
  /** Folders that could not be watched, so that each is complained of once. */
  readonly #failed = new Set<string>();

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  /** Watches exactly these. True if one of them was not watched before: it may have changed unseen. */
  watchOnly(folders: ReadonlyMap<string, unknown>): boolean {
    for (const [folder, {inode}] of this.#watchers) {
      // A watch stays with the folder it was made for, whatever has its name now.
      if (!folders.has(folder) || inodeOf(folder) !== inode) this.#drop(folder);
    }
    let added = false;
    for (const folder of folders.keys()) if (!this.#watchers.has(folder) && this.#add(folder)) added = true;
    return added;
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#drop(folder);
  }

  #add(folder: string): boolean {
    try {
      const inode = inodeOf(folder);
      const watcher = watch(folder, (event, name) => {
        // A folder that goes away says so under its own name; an entry may have that name too.
        const gone = event === 'rename' && name === basename(folder) && inodeOf(folder) !== inode;
        if (gone) this.#drop(folder);
        this.#options.onEvent(folder, gone ? null : name);
      });
      watcher.on('error', () => {
        this.#drop(folder);
        this.#options.onEvent(folder, null);
      });
      this.#watchers.set(folder, {watcher, inode});
      this.#failed.delete(folder);
      return true;
    } catch (error) {
      if (!this.#failed.has(folder)) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.onFault(`${folder} cannot be watched, changes are seen by polling only: ${reason}`);
      }
      this.#failed.add(folder);
      return false;
    }
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }
}

function inodeOf(folder: string): string {
  const stats = statsAt(folder);
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}
