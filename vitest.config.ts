import {defineConfig} from 'vitest/config';

/**
 * Four classes of tests. `unit` runs in this process and needs nothing but Node; it shares its module
 * graph between files, because importing the property-test runner once per file costs seconds.
 * `e2e` starts real servers (Envoy, the bundled `sluice`), one file at a time, so that they do not
 * fight for the two cores a CI machine has. `cluster` has a real Kubernetes API server for each file
 * (test/rig), whose servers are built from their Go modules the first time, which takes minutes; `conformance`
 * runs the official suite there.
 */
const results = process.env['TEST_RESULTS'];

export default defineConfig({
  test: {
    reporters: results === undefined ? ['default'] : ['default', ['json', {outputFile: results}]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/cluster/**', 'test/conformance/conformance.test.ts'],
          isolate: false,
          pool: 'forks',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          fileParallelism: false,
          // After the others, not beside them: some of it is measured.
          sequence: {groupOrder: 1},
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts', 'test/rig/setup.ts'],
          fileParallelism: false,
          sequence: {groupOrder: 2},
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/conformance.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
          fileParallelism: false,
          sequence: {groupOrder: 3},
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
