/** What package.json exports, as a program that has installed the package meets it: types, and what runs. */
import {execFile} from 'node:child_process';
import {copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import packageJson from '../../package.json' with {type: 'json'};
import {writeFiles} from './manifests.ts';

const root = resolve(import.meta.dirname, '../..');
const node = (...args: readonly string[]) => promisify(execFile)(process.execPath, [...args]);

const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: [],
  // Of a library that is installed, everything is looked at.
  skipLibCheck: false,
};

const program = `
import {objectKey} from 'sluice/api';
import {bindKey} from 'sluice/agentgateway';
import {services} from 'sluice/collections';
import {packAny, resourceTypes} from 'sluice/envoy';
import {createGraph, derive} from 'sluice/krt';
const names = derive('names', {from: services, rows: (_ctx, service) => ({key: objectKey(service)})});
const graph = createGraph({outputs: [names]});
graph.commit((tx) => tx.set(services, {apiVersion: 'v1', kind: 'Service', metadata: {name: 'a', namespace: 'b'}, spec: {}}));
console.log(JSON.stringify([graph.list(names), bindKey('g', 1), packAny(resourceTypes.cluster).type_url]));
`;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  const installed = join(folder, 'node_modules/sluice');
  mkdirSync(installed, {recursive: true});
  await node(join(root, 'build.mjs'), join(installed, 'dist'), '--types');
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
  // What npm would install with it: what it depends on, and what that depends on.
  for (const name of [...Object.keys(packageJson.dependencies), 'long']) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), {recursive: true});
    symlinkSync(join(root, 'node_modules', name), link);
  }
  for (const name of ['health-listener.ts', 'routes-per-service.ts']) {
    copyFileSync(join(root, 'deploy/examples/extension', name), join(folder, name));
  }
  writeFiles(folder, {
    'package.json': '{"type": "module"}',
    'program.ts': program.replace('console.log', 'export const printed = '),
    'program.mjs': program,
    'nodenext.json': JSON.stringify({
      compilerOptions: {...strict, target: 'es2022', module: 'nodenext'},
      include: ['*.ts'],
    }),
    'bundler.json': JSON.stringify({
      compilerOptions: {...strict, target: 'es2022', module: 'esnext', moduleResolution: 'bundler'},
      include: ['*.ts'],
    }),
  });
}, 60_000);
afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** What the compiler prints, and nothing where it is content. */
async function typesOf(project: string): Promise<string> {
  try {
    await node(join(root, 'node_modules/typescript/bin/tsc'), '-p', join(folder, project));
    return '';
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout);
    throw error;
  }
}

describe('the package', () => {
  it.each(['nodenext.json', 'bundler.json'])('has types for what it exports: %s', async (project) => {
    expect(await typesOf(project)).toBe('');
  });

  it('has types that say no', async () => {
    writeFiles(folder, {
      'wrong/wrong.ts': `
import {derive} from 'sluice/krt';
import {type Extension, services} from 'sluice/collections';
export const a = derive('a', {from: services, rows: (ctx) => ({key: 1})});
export const b = derive('b', {from: services, rows: (ctx, {spec}) => ({key: spec.hostnames})});
export default {resources: [services]} satisfies Extension;
import('sluice/sluice');
`,
      'wrong/tsconfig.json': JSON.stringify({compilerOptions: {...strict, target: 'es2022', module: 'nodenext'}}),
    });
    const told = await typesOf('wrong/tsconfig.json');
    const lines = [...told.matchAll(/wrong\.ts\((\d+),/g)].map(([, line]) => line);
    expect(lines).toEqual(['4', '5', '6', '7']);
  });

  it('runs in a program of its own', async () => {
    const {stdout} = await node(join(folder, 'program.mjs'));
    expect(JSON.parse(stdout)).toEqual([[{key: 'b/a'}], '1/g', 'type.googleapis.com/envoy.config.cluster.v3.Cluster']);
  });

  it('exports its command line to nobody', async () => {
    writeFiles(folder, {'main.mjs': `await import('sluice/sluice');`});
    await expect(node(join(folder, 'main.mjs'))).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });
});
