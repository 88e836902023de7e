import {mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

export type MountedFolder = {
  /** Replaces all files at once. */
  put(files: Readonly<Record<string, string>>): void;
};

/**
 * A folder as the kubelet keeps it for ConfigMaps, Secrets and tokens: its files are links into `..data`, which is itself
 * a link to the folder of the newest state. It is the only thing that changes, by being renamed over.
 */
export function mountedFolder(path: string): MountedFolder {
  let states = 0;
  let linked: readonly string[] = [];
  mkdirSync(path, {recursive: true});
  return {
    put(files) {
      states += 1;
      const state = `..state-${states}`;
      mkdirSync(join(path, state));
      for (const [name, text] of Object.entries(files)) writeFileSync(join(path, state, name), text);
      symlinkSync(state, join(path, '..data_tmp'));
      renameSync(join(path, '..data_tmp'), join(path, '..data'));
      for (const name of Object.keys(files).filter((one) => !linked.includes(one))) {
        symlinkSync(join('..data', name), join(path, name));
      }
      linked = [...new Set([...linked, ...Object.keys(files)])];
      rmSync(join(path, `..state-${states - 1}`), {recursive: true, force: true});
    },
  };
}
