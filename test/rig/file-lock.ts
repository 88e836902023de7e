/** A lock between processes: a file that names its owner, so that a lock whose owner is gone is nobody's. */
import {linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {randomUUID} from 'node:crypto';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {identify, isAlive, type ProcessIdentity} from '../../src/provision/process-identity.ts';

const askEveryMs = 200;
const reportEveryMs = 10_000;

/** Runs `work` while no other process, and nobody else in this one, holds the lock. */
export async function withLock<T>(file: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), {recursive: true});
  const release = await acquire(file, log);
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquire(file: string, log: (line: string) => void): Promise<() => void> {
  const own = JSON.stringify({...identify(process.pid), nonce: randomUUID()});
  let reported = Date.now();
  while (!create(file, own)) {
    const owner = read(file);
    if (owner !== undefined && !isAlive(owner.identity)) {
      removeStale(file, owner.text);
      continue;
    }
    if (Date.now() - reported >= reportEveryMs) {
      reported = Date.now();
      log(`waiting for process ${owner?.identity.pid ?? '?'}, which holds ${file}`);
    }
    await sleep(askEveryMs);
  }
  return () => {
    if (read(file)?.text === own) rmSync(file, {force: true});
  };
}

/** A hard link comes into being whole or not at all: nobody reads half an owner. */
function create(file: string, text: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/** Moved away first: between reading and removing, another one may have done the same and taken the lock. */
function removeStale(file: string, text: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // another one was faster
  }
  const moved = readFileSync(aside, 'utf8');
  if (moved !== text) create(file, moved);
  rmSync(aside);
}

function read(file: string): {readonly identity: ProcessIdentity; readonly text: string} | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const {pid, startTime} = JSON.parse(text) as ProcessIdentity; // written above
    return {identity: {pid, startTime}, text};
  } catch {
    return undefined;
  }
}
