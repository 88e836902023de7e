import {resolve} from 'node:path';
import {defineConfig} from 'vitest/config';

/**
 * Suites with a real Kubernetes API server, `npm run test:cluster`: one file at a time, each with a cluster of its own.
 * The servers are built from their Go modules the first time, which takes minutes.
 */
export default defineConfig({
  test: {
    name: 'cluster',
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/rig/setup.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
