/** `--collections` of the bundled command line, with the example as its documentation tells it and with modules elsewhere. */
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {load} from 'js-yaml';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {gatewayYaml, routeYaml, serviceYaml, writeFiles} from './manifests.ts';
import {bundle, type Bundle} from './run-cli.ts';

const example = resolve(import.meta.dirname, '../../deploy/examples/extension');
const shown = ['-f', join(example, 'manifests'), '--collections', join(example, 'routes-per-service.ts')];
const sent = ['-f', join(example, 'manifests'), '--collections', join(example, 'health-listener.ts')];

/** Outside of the repository; `app` has a route, `idle` has none. */
let folder: string;
let made: Bundle;
const sluice: Bundle['sluice'] = (...args) => made.sluice(...args);
beforeAll(async () => {
  made = await bundle();
  folder = mkdtempSync(join(tmpdir(), 'sluice-cli-extensions-'));
  writeFiles(folder, {
    'manifests/gateway.yaml': gatewayYaml(8080),
    'manifests/route.yaml': routeYaml(),
    'manifests/services.yaml': `${serviceYaml(9000)}---${serviceYaml(9001, 'idle')}`,
    'mine.mjs': `
      import {derive, group, index} from 'sluice/krt';
      import {services} from 'sluice/collections';
      export default [group('services-by-namespace', index(services, 'namespace', ({metadata}) => metadata.namespace))];`,
    'broken.ts': 'export default [\n  1 2];\n',
    'failing.ts': `
      import {derive} from 'sluice/krt';
      import {services} from 'sluice/collections';
      export default [derive('failing', {from: services, rows: (ctx, {metadata}) => {
        if (metadata.name === 'idle') throw new Error('nothing to do');
        return {key: metadata.name};
      }})];`,
    'sluice.yaml': 'apiVersion: config.sluice.dev/v1alpha1\nkind: Sluice\ncollections: [mine.mjs]\n',
  });
});
afterAll(() => {
  made.remove();
  rmSync(folder, {recursive: true, force: true});
});

describe('the example', () => {
  it('shows its collection', async () => {
    const {code, stdout, stderr} = await sluice('dump', 'routes-per-service', ...shown);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(load(stdout)).toMatchObject([
      {key: 'default/cart', row: {routes: ['default/cart', 'default/catalog']}, from: 'services[default/cart]'},
      {key: 'default/catalog', row: {routes: ['default/catalog']}},
      {key: 'default/reviews', row: {routes: []}},
    ]);
  });

  it('draws and explains it', async () => {
    const [graph, why] = await Promise.all([
      sluice('graph', ...shown),
      sluice('why', 'routes-per-service', 'default/cart', ...shown),
    ]);
    expect(graph.stdout).toContain('"routes-per-service<br/>3 rows');
    expect(why.stdout).toMatch(
      /^routes-per-service default\/cart: .*\n {2}services default\/cart: written in epoch 2\n/,
    );
  });

  it('tells Services what they are told, as statuses and as warnings', async () => {
    const [check, strict, status, translate] = await Promise.all([
      sluice('check', ...shown),
      sluice('check', '--strict', ...shown),
      sluice('status', '-o', 'json', ...shown),
      sluice('translate', '-o', 'json', ...shown),
    ]);
    expect(check).toEqual({
      code: 0,
      stdout: 'warning: Service default/reviews: Routed is False: NoRoute: no HTTPRoute sends traffic to it\n',
      stderr: '6 objects, 0 problems, 1 warning\n',
    });
    expect(strict.code).toBe(1);
    const {statuses} = JSON.parse(status.stdout);
    expect(statuses).toContainEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {name: 'cart', namespace: 'default'},
      status: {
        conditions: [{type: 'Routed', status: 'True', reason: 'Routed', message: '', observedGeneration: 1}],
      },
    });
    expect(JSON.parse(translate.stdout).statuses).toEqual(statuses);
  });

  it('gives the proxy a listener more', async () => {
    const [extended, plain] = await Promise.all([
      sluice('translate', '-o', 'json', ...sent),
      sluice('translate', '-o', 'json', ...sent.slice(0, 2)),
    ]);
    expect(extended.stderr).toBe('');
    const {resources}: {resources: readonly {name: string; scope: string; resource: unknown}[]} = JSON.parse(
      extended.stdout,
    );
    const health = resources.filter(({name}) => name === 'health');
    expect(resources.filter((row) => !health.includes(row))).toEqual(JSON.parse(plain.stdout).resources);
    expect(health).toMatchObject([
      {
        scope: 'envoy/default/shop',
        resource: {address: {socketAddress: {address: '127.0.0.1', portValue: 8081}}},
      },
    ]);
    expect(JSON.stringify(health)).toContain('default/shop: 2 routes');
  });
});

describe('a module elsewhere', () => {
  it('is named on the command line, by the configuration, or by both', async () => {
    const manifests = ['-f', join(folder, 'manifests')];
    const mine = ['--collections', join(folder, 'mine.mjs')];
    const config = ['-c', join(folder, 'sluice.yaml')];
    const dump = ['dump', 'services-by-namespace', '-o', 'json', ...manifests];
    const [flag, file, both] = await Promise.all([
      sluice(...dump, ...mine),
      sluice(...dump, ...config),
      sluice(...dump, ...config, ...mine, ...shown.slice(2)),
    ]);
    expect(JSON.parse(flag.stdout)).toMatchObject([{key: 'default', row: {rows: [{}, {}]}}]);
    expect([file, both]).toEqual([flag, flag]);
  });

  it('is known by its file where something is wrong with it', async () => {
    const at = (file: string): readonly string[] => [
      '-f',
      join(folder, 'manifests'),
      '--collections',
      join(folder, file),
    ];
    const [broken, failing] = await Promise.all([
      sluice('dump', 'services', ...at('broken.ts')),
      sluice('dump', 'failing', ...at('failing.ts'), '-o', 'json'),
    ]);
    expect(broken).toEqual({
      code: 1,
      stdout: '',
      stderr: `${join(folder, 'broken.ts')}:2:5: does not parse: Unexpected token, expected ","\n`,
    });
    expect(failing.stderr).toBe(
      `${join(folder, 'failing.ts')}: failing: the transform failed for default/idle, its last good rows stand: nothing to do\n`,
    );
    expect(JSON.parse(failing.stdout)).toMatchObject([{key: 'app'}]);
  });

  it('keeps sluice run from starting anything if it cannot be used', async () => {
    const config = join(folder, 'run.yaml');
    writeFiles(folder, {
      'run.yaml': `apiVersion: config.sluice.dev/v1alpha1
kind: Sluice
collections: [absent.ts]
stateDir: never-made
prepare: [{name: never-run, command: [node, -e, 'require("fs").writeFileSync("never-written", "")']}]
`,
    });
    const {code, stdout, stderr} = await sluice('run', '-c', config);
    expect({code, stdout}).toEqual({code: 1, stdout: ''});
    expect(stderr).toBe(
      `${join(folder, 'absent.ts')}: there is no such file; expected is a TypeScript or JavaScript module that exports collections as its default\n`,
    );
    for (const name of ['never-made', 'never-written']) expect(existsSync(join(folder, name))).toBe(false);
  });

  it.each([['status'], ['graph'], ['dump', 'services'], ['why', 'services', 'a']])(
    'is of no use where the running instance is asked: %s',
    async (...command) => {
      expect(await sluice(...command, '--collections', join(folder, 'mine.mjs'))).toEqual({
        code: 1,
        stdout: '',
        stderr: '--collections goes with -f: a running instance has the collections that it was started with\n',
      });
    },
  );
});
