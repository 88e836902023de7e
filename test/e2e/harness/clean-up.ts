/**
 * What a test file starts is ended when the file is over, whether its tests passed or not. Importing this module
 * registers the hook for the file that imports it (every file has its own copy of all modules).
 */
import {afterAll} from 'vitest';

const cleanups: (() => Promise<void> | void)[] = [];
const atExit = new Set<() => void>();

/** Runs at the end of the test file; the last one registered runs first. */
export function cleanUpLater(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** Runs only where this process ends without its hooks (interrupted, out of time). Must not wait for anything. */
export function onSuddenExit(cleanup: () => void): () => void {
  atExit.add(cleanup);
  return () => void atExit.delete(cleanup);
}

process.once('exit', () => {
  for (const cleanup of atExit) cleanup();
});

afterAll(async () => {
  const failures: unknown[] = [];
  for (const cleanup of cleanups.splice(0).reverse()) {
    try {
      await cleanup();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be cleaned up');
}, 60_000);
