// oxlint-disable vitest/no-disabled-tests, vitest/no-conditional-tests, vitest/valid-describe-callback, vitest/valid-title -- a kind of `describe`, no suite
/** Suites of tests that need a cluster. */
import {afterAll, describe, inject} from 'vitest';
import {startCluster, type Cluster, type ClusterOptions} from './cluster.ts';

type Mode = ClusterOptions['mode'];

/** A suite that starts clusters. Where none can be had it is skipped, and says why; with `CI=true` setup.ts has failed before. */
export function describeWithCluster(mode: Mode, title: string, suite: () => void): void {
  const rig = inject('rig')[mode];
  if ('missing' in rig) describe.skip(`${title} (skipped: ${rig.missing})`, suite);
  else describe(title, suite);
}

/** A cluster of the binaries that setup.ts found; it ends with the test file. */
export async function clusterForTests(
  mode: Mode,
  options: Omit<ClusterOptions, 'mode' | 'binaries'> = {},
): Promise<Cluster> {
  const rig = inject('rig')[mode];
  if ('missing' in rig) throw new Error(rig.missing);
  const cluster = await startCluster({mode, binaries: rig.controlPlane, ...options});
  started.push(cluster);
  return cluster;
}

const started: Cluster[] = [];

afterAll(async () => {
  for (const cluster of started.splice(0)) await cluster.stop();
}, 60_000);
