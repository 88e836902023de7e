import {join} from 'node:path';
import {defineConfig} from 'vitest/config';
import {TrialReporter} from './reporter.ts';

/** For the processes that suites are tried in: one thread for all of them, so that ending the process ends everything. */
export default defineConfig({
  cacheDir: '.vite',
  test: {
    include: ['*.test.js'],
    setupFiles: [join(import.meta.dirname, 'stop-at-first-failure.ts')],
    // Bundles need no further transformation.
    server: {deps: {external: [/\.bundle\.js$/]}},
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    testTimeout: 60_000,
    reporters: [new TrialReporter()],
  },
});
