/** Every example under deploy/: valid, complete, and what comes of it is accepted by Envoy's own validation. */
import {execFile} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {resources} from '../../collections/index.ts';
import type {ResourceRow} from '../../collections/resource.ts';
import {readOffline, statusDocuments, type Offline} from '../../src/cli/offline.ts';
import {shortcomings} from '../../src/cli/check.ts';
import {lintEnvoy} from '../lint/envoy.ts';
import {staticBootstrap} from '../lint/static-bootstrap.ts';
import {fallback} from './harness/certificates.ts';
import {describeWithEnvoy, envoyBinary} from './harness/envoy.ts';
import {tlsSecret} from './harness/manifests.ts';

const deploy = resolve(import.meta.dirname, '../../deploy');

/** The quickstart, and every file of manifests. */
const examples = [
  'quickstart/manifests',
  ...readdirSync(join(deploy, 'examples'))
    .filter((name) => /(?<!^sluice)\.yaml$/.test(name))
    .map((name) => join('examples', name)),
];

/** Certificates that the examples leave to whoever tries them. */
const secrets = [tlsSecret('localhost-tls', fallback), tlsSecret('shop', fallback, 'certificates')];

describeWithEnvoy('examples', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-examples-'));
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify({apiVersion: 'v1', kind: 'List', items: secrets}));
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  describe.each(examples)('%s', (example) => {
    it.each(['vhds', 'rds'] as const)('is as wanted, and valid to Envoy (virtualHosts: %s)', async (virtualHosts) => {
      const offline = await read(join(deploy, example), virtualHosts);
      expect(offline.problems).toEqual([]);
      expect(statusDocuments(offline).flatMap(shortcomings)).toEqual([]);

      const rows = offline.graph.list(resources);
      const gateways = offline.objects.filter(({kind}) => kind === 'Gateway');
      expect(new Set(rows.map(({scope}) => scope)).size).toBe(gateways.length);
      const byEnvoy = rows.filter(({scope}) => scope.startsWith('envoy/'));
      expect(lintEnvoy(byEnvoy)).toEqual([]);
      for (const scope of new Set(byEnvoy.map((row) => row.scope))) {
        expect(await validate(byEnvoy.filter((row) => row.scope === scope))).toMatch(/OK$/);
      }
    });
  });

  it('would notice a reference to nothing, and what Envoy does not accept', async () => {
    const {graph} = await read(join(deploy, 'quickstart/manifests'), 'vhds');
    const rows = graph.list(resources);
    expect(lintEnvoy(rows.filter(({type}) => !type.endsWith('.Cluster')))).not.toEqual([]);
    const empty = rows.map((row) => (row.type.endsWith('.Listener') ? {...row, bytes: new Uint8Array()} : row));
    await expect(validate(empty)).rejects.toThrow(/error initializing config/);
  });

  function read(manifests: string, virtualHosts: 'vhds' | 'rds'): Promise<Offline> {
    const config = join(folder, `${virtualHosts}.json`);
    const head = {apiVersion: 'config.sluice.dev/v1alpha1', kind: 'Sluice'};
    writeFileSync(config, JSON.stringify({...head, envoy: {virtualHosts}}));
    return readOffline({file: [manifests, join(folder, 'secrets.json')], config});
  }

  /** The last line Envoy prints about a configuration that holds all of these; rejects with its reasons. */
  async function validate(rows: readonly ResourceRow[]): Promise<string> {
    const file = join(folder, 'bootstrap.pb');
    writeFileSync(file, staticBootstrap(rows));
    const args = ['--mode', 'validate', '--config-path', file, '--disable-hot-restart', '--log-level', 'error'];
    const {stdout} = await promisify(execFile)(envoyBinary(), args, {timeout: 30_000});
    return stdout.trim();
  }
});
