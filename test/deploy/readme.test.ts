/** deploy/kubernetes/README.md: that its tables say what is so. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Subject} from 'rxjs';
import {describe, expect, it} from 'vitest';
import {createMeters} from '../../src/admin/meters.ts';
import {createMetrics} from '../../src/admin/metrics.ts';
import {defaultConfig} from '../../src/config/load-config.ts';
import {createKubeProvider} from '../../src/kube/kube-provider.ts';
import {systemClock} from '../../src/kube/clock.ts';
import {kubernetes} from './manifests.ts';

const readme = readFileSync(join(kubernetes, 'README.md'), 'utf8');

/** Rows of the table under a heading, cell by cell. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  const lines = section.split('\n## ')[0]?.split('\n') ?? [];
  const rows = lines
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
  return rows.slice(2);
}
const plain = (cell = ''): string => cell.replaceAll('`', '');

type Leaves = ReadonlyMap<string, string>;
function leavesOf(value: unknown, path: string): Leaves {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Map([[path, Array.isArray(value) ? JSON.stringify(value) : String(value)]]);
  }
  return new Map(
    Object.entries(value).flatMap(([name, field]) => [...leavesOf(field, path === '' ? name : `${path}.${name}`)]),
  );
}

describe('the table of defaults', () => {
  const machine = leavesOf(defaultConfig('/', {environment: {}}), '');
  const environment = {KUBERNETES_SERVICE_HOST: 'x', POD_NAMESPACE: 'sluice-system'};
  const pod = leavesOf(defaultConfig('/', {environment}), '');
  const rows = tableUnder('Configuration');

  it('has the defaults that there are', () => {
    for (const [field = '', onMachine, inPod] of rows) {
      const name = plain(field);
      expect([name, plain(onMachine), plain(inPod)]).toEqual([name, machine.get(name) ?? '', pod.get(name) ?? '']);
    }
  });

  it('names every field that is about a cluster', () => {
    const sections = /^(provider\.(type|kubernetes)|xds|admin|metrics|drain|leaderElection|provision|status)\b/;
    const fields = [...new Set([...machine.keys(), ...pod.keys()])].filter((field) => sections.test(field));
    expect(fields.length).toBeGreaterThan(25);
    expect(rows.map(([field]) => plain(field))).toEqual(expect.arrayContaining(fields));
  });
});

describe('the table of metrics', () => {
  it('names all of them, and no others', async () => {
    const provider = createKubeProvider({
      client: {
        request: () => Promise.reject(new Error('nobody asks')),
        lines: () => ({[Symbol.asyncIterator]: () => ({next: () => Promise.reject(new Error('nobody asks'))})}),
        close: () => {},
      },
      server: 'https://nowhere',
      onChanges: () => {},
      log: {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}},
      clock: systemClock,
    });
    const metrics = createMetrics({
      graph: {epoch: 0, nodes: () => [], errors: () => []},
      xds: {clients: () => [], stats: () => new Map(), events$: new Subject()},
      metrics: () => provider.metrics(),
      meters: createMeters(),
      version: '0',
      statusWrites: () => [],
      queues: () => [],
      provisioned: () => ({applied: 0, deleted: 0, failures: 0}),
      leading: () => false,
      authentication: () => ({}),
      tokenReviews: () => ({asked: 0, failed: 0, remembered: 0}),
      events: () => ({written: 0, repeated: 0, dropped: 0}),
      certificates: () => [],
    });
    const text = await metrics.text();
    metrics.stop();
    const there = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    // Those of an instance over files, which src/app.ts makes.
    const ofFiles = ['sluice_manifest_problems', 'sluice_proxy_restarts_total'];
    const named = tableUnder('Metrics').map(([name]) => plain(name).replace(' *', ''));
    expect(named.toSorted()).toEqual([...there, ...ofFiles].sort());
  });
});
