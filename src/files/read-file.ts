/** Reading one file, with everything that can go wrong put into words. */
import {isUtf8} from 'node:buffer';
import {lstatSync, readFileSync, type Stats, statSync} from 'node:fs';
import type {FileContent} from './manifest-files.ts';

/** Larger files are refused: their text would not fit into one string. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** Changes whenever the content may have; compared as text. */
export type Stamp = string;

export type Reading =
  | {readonly is: 'read'; readonly content: FileContent; readonly stamp: Stamp; readonly bytes: number}
  | {readonly is: 'absent'};

export function readManifest(path: string): Reading {
  try {
    const stats = statSync(path);
    const failed = (message: string): Reading => ({
      is: 'read',
      content: {is: 'failed', message},
      stamp: stampOf(stats),
      bytes: 0,
    });
    if (!stats.isFile()) return failed('is not a regular file');
    if (stats.size > MAX_FILE_BYTES) {
      return failed(`the file is too large: ${mebibytes(stats.size)}, the limit is ${mebibytes(MAX_FILE_BYTES)}`);
    }
    const bytes = readFileSync(path);
    // A change between the two is seen the next time: the stamp is the older one.
    const text = decode(bytes);
    if (text === undefined) return failed('is not UTF-8 text');
    return {is: 'read', content: {is: 'text', text}, stamp: stampOf(stats), bytes: bytes.length};
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isLink(path)) return {is: 'absent'};
    const message = codeOf(error) === 'ENOENT' ? 'is a symbolic link to nothing' : readFault(error);
    return {is: 'read', content: {is: 'failed', message}, stamp: message, bytes: 0};
  }
}

/** What stands at a path, links followed; undefined where nothing does, or nothing that may be looked at. */
export function statsAt(path: string): Stats | undefined {
  try {
    return statSync(path, {throwIfNoEntry: false});
  } catch {
    return undefined; // a loop of links, a folder above that is closed to us
  }
}

/** The stamp without the reading. */
export function stampAt(path: string): Stamp | undefined {
  const stats = statsAt(path);
  return stats === undefined ? undefined : stampOf(stats);
}

function stampOf({ctimeMs, dev, ino, mtimeMs, size}: Stats): Stamp {
  return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/** UTF-8 with or without a byte order mark. */
function decode(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const marked = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', marked ? 3 : 0);
}

function isLink(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() === true;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
  ENOTDIR: 'no such file or directory',
};

/** What the file system says, in words. */
export function readFault(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : FAULTS[code];
  if (known !== undefined) return known;
  return error instanceof Error ? `cannot be read: ${error.message}` : 'cannot be read';
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
