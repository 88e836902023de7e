import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {Files} from './volume-files.ts';

/**
 * Writes a volume as kubelet does: the files are in a folder of their own, `..data` is a link to it, and each top-level name is
 * a link into `..data`. A change is one rename of `..data`, so that a reader sees all of the old or all of the new files.
 * Returns whether anything changed.
 */
export function writeVolume(folder: string, files: Files): boolean {
  mkdirSync(folder, {recursive: true});
  const data = join(folder, '..data');
  const current = linkTarget(data);
  if (current !== undefined && isSame(join(folder, current), files)) return false;

  const next = basename(mkdtempSync(join(folder, '..files-')));
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, next, path)), {recursive: true});
    writeFileSync(join(folder, next, path), content, {mode: 0o644});
  }
  symlinkSync(next, `${data}_tmp`);
  renameSync(`${data}_tmp`, data);

  const names = new Set([...files.keys()].map((path) => path.split('/')[0] ?? path));
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('..') && !names.delete(name)) rmSync(join(folder, name));
  }
  for (const name of names) symlinkSync(join('..data', name), join(folder, name));
  if (current !== undefined) rmSync(join(folder, current), {recursive: true});
  return true;
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function isSame(folder: string, files: Files): boolean {
  const there = readdirSync(folder, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile());
  return (
    there.length === files.size &&
    [...files].every(([path, content]) => {
      try {
        return readFileSync(join(folder, path)).equals(content);
      } catch {
        return false;
      }
    })
  );
}
