import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {load} from 'js-yaml';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import packageJson from '../../package.json' with {type: 'json'};
import {ecCertificate, ecKey} from '../api/test-certificates.ts';
import {gatewayYaml, httpsGatewayYaml, routeYaml, secretYaml, serviceYaml, writeFiles} from './manifests.ts';
import {bundle, type Bundle} from './run-cli.ts';

let good: string;
let bad: string;
let made: Bundle;
const sluice: Bundle['sluice'] = (...args) => made.sluice(...args);
beforeAll(async () => {
  made = await bundle();
  good = mkdtempSync(join(tmpdir(), 'sluice-cli-good-'));
  writeFiles(good, {
    'gateway.yaml': gatewayYaml(8080),
    'secure/gateway.yaml': httpsGatewayYaml(8443),
    'secure/tls.yaml': secretYaml(ecCertificate, ecKey),
    'routes.yaml': `${routeYaml()}---${routeYaml('app', '/', 'secure', 'secure-route')}`,
    'app.yaml': serviceYaml(9000),
  });
  bad = mkdtempSync(join(tmpdir(), 'sluice-cli-bad-'));
  writeFiles(bad, {
    'gateway.yaml': gatewayYaml(8080),
    'route.yaml': routeYaml('absent'),
    'typo.yaml': routeYaml('app', '/', 'web', 'typo').replace('parentRefs', 'parentRef'),
    'tcp.yaml':
      'apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {name: raw}\nspec: {rules: [{backendRefs: [{name: app, port: 80}]}]}\n',
  });
});
afterAll(() => {
  made.remove();
  for (const folder of [good, bad]) rmSync(folder, {recursive: true, force: true});
});

describe('sluice translate', () => {
  it('prints resources, statuses and problems as JSON', async () => {
    const {code, stdout, stderr} = await sluice('translate', '-f', good, '-o', 'json');
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    const out = JSON.parse(stdout);
    expect(Object.keys(out)).toEqual(['resources', 'statuses', 'problems']);
    const listener = out.resources.find(({name}: {name: string}) => name === 'tcp-8080');
    expect(Object.keys(listener)).toEqual(['scope', 'type', 'name', 'version', 'resource']);
    expect(listener).toMatchObject({
      scope: 'envoy/default/web',
      type: 'type.googleapis.com/envoy.config.listener.v3.Listener',
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
      resource: {'@type': 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'tcp-8080'},
    });
    const route = out.statuses.find(({metadata}: {metadata: {name: string}}) => metadata.name === 'route');
    expect(route).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {name: 'route', namespace: 'default'},
      status: {
        parents: [
          {
            parentRef: {name: 'web'},
            controllerName: 'sluice.dev/envoy',
            conditions: expect.arrayContaining([
              {type: 'Accepted', status: 'True', reason: 'Accepted', message: '', observedGeneration: 1},
            ]),
          },
        ],
      },
    });
    expect(out.problems).toEqual([]);
  });

  it('prints the same as YAML, and the same again', async () => {
    const [json, yaml, again] = await Promise.all([
      sluice('translate', '-f', good, '-o', 'json'),
      sluice('translate', '-f', good),
      sluice('translate', '-f', good, '-o', 'json'),
    ]);
    expect(load(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    expect(again.stdout).toBe(json.stdout);
  });

  it('limits itself to a Gateway', async () => {
    const {stdout} = await sluice('translate', '-f', good, '--gateway', 'default/secure', '-o', 'json');
    const {resources, statuses} = JSON.parse(stdout);
    expect(new Set(resources.map(({scope}: {scope: string}) => scope))).toEqual(new Set(['envoy/default/secure']));
    expect(
      statuses.map(({kind, metadata}: {kind: string; metadata: {name: string}}) => `${kind} ${metadata.name}`),
    ).toEqual(['Gateway secure', 'HTTPRoute secure-route']);
  });

  it('names the Gateways there are', async () => {
    const {code, stderr} = await sluice('translate', '-f', good, '--gateway', 'default/none');
    expect({code, stderr}).toEqual({
      code: 1,
      stderr: 'there is no Gateway default/none; there are\n  default/secure\n  default/web\n',
    });
  });

  it('carries on with what is good, and tells what is not', async () => {
    const {code, stdout, stderr} = await sluice('translate', '-f', bad, '-o', 'json');
    const {resources, problems} = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(resources.length).toBeGreaterThan(0);
    expect(problems).toMatchObject([{file: expect.stringContaining('typo.yaml'), object: 'HTTPRoute default/typo'}]);
    expect(stderr).toContain('typo.yaml');
  });
});

describe('sluice check', () => {
  it('is content with what is right', async () => {
    expect(await sluice('check', '-f', good)).toEqual({
      code: 0,
      stdout: '',
      stderr: '7 objects, 0 problems, 0 warnings\n',
    });
  });

  it('fails for what an API server would refuse, and warns of the rest', async () => {
    const {code, stdout, stderr} = await sluice('check', '-f', bad);
    expect(code).toBe(1);
    expect(stdout).toMatch(/typo\.yaml:\d+ \(document 1, HTTPRoute default\/typo\): spec\.parentRef: /);
    expect(stdout).toContain('warning: TCPRoute default/raw: objects of this kind have no effect\n');
    expect(stdout).toMatch(
      /warning: HTTPRoute default\/route at web: ResolvedRefs is False: BackendNotFound: .*absent/,
    );
    expect(stderr).toMatch(/^3 objects, 1 problem, \d+ warnings\n$/);
  });

  it('warns of a Gateway or class that is not there, of which no status tells', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-dangling-'));
    writeFiles(folder, {
      'route.yaml': routeYaml('app', '/', 'wbe'),
      'gateway.yaml': gatewayYaml(8080).replace('gatewayClassName: envoy', 'gatewayClassName: envoi'),
    });
    const {code, stdout} = await sluice('check', '-f', folder);
    rmSync(folder, {recursive: true});
    expect(code).toBe(0);
    expect(stdout).toBe(
      'warning: Gateway default/web: GatewayClass envoi does not exist\n' +
        'warning: HTTPRoute default/route: Gateway default/wbe does not exist\n',
    );
  });

  it('fails for warnings only when it is to be strict', async () => {
    const file = ['-f', join(bad, 'route.yaml'), '-f', join(bad, 'gateway.yaml')];
    expect(await sluice('check', ...file)).toMatchObject({code: 0});
    expect(await sluice('check', '--strict', ...file)).toMatchObject({code: 1});
  });

  it.each(['check', 'translate', 'graph'])('fails for a folder that is not there: %s', async (command) => {
    expect(await sluice(command, '-f', join(bad, 'absent'))).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`there is no ${join(bad, 'absent')}`),
    });
  });
});

describe('looking at a folder', () => {
  it('dumps a collection without secrets', async () => {
    const {code, stdout} = await sluice('dump', 'secrets', '-f', good, '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {key: 'default/tls', row: {data: {'tls.crt': '[redacted]', 'tls.key': '[redacted]'}}},
    ]);
    const all = await Promise.all(
      ['resources', 'certificates'].map(async (collection) => (await sluice('dump', collection, '-f', good)).stdout),
    );
    expect(all.join('')).toContain('[redacted]');
    const keyBytes = ecKey.split('\n')[1] ?? '';
    expect(all.join('')).not.toContain(keyBytes);
    expect(all.join('')).not.toContain(Buffer.from(ecKey).toString('base64').slice(0, 40));
  });

  it('dumps one row', async () => {
    const {stdout} = await sluice('dump', 'listeners', '-f', good, '--key', 'default/web/http', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject([{key: 'default/web/http', row: {port: 8080}}]);
  });

  it('takes the folder before the collection, and several folders', async () => {
    const all = ['-f', good, '-f', join(bad, 'gateway.yaml')] as const;
    const before = await sluice('dump', ...all, 'gateways', '-o', 'json');
    const after = await sluice('dump', 'gateways', ...all, '-o', 'json');
    expect(before).toEqual(after);
    expect(before.code).toBe(0);
    expect(JSON.parse(before.stdout)).toHaveLength(2);
    expect((await sluice('why', '-f', good, 'listeners', 'default/web/http')).stdout).toMatch(
      /^listeners default\/web/,
    );
  });

  it('lists the collections when it is asked for another', async () => {
    for (const command of [
      ['dump', 'listners'],
      ['why', 'listners', 'a'],
    ]) {
      const {code, stderr} = await sluice(...command, '-f', good);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^there is no collection listners; there are\n[^]* {2}listeners\n/);
    }
  });

  it('draws the graph', async () => {
    const {stdout} = await sluice('graph', '-f', good);
    expect(stdout).toMatch(/^flowchart LR\n/);
    expect(stdout).toContain('"listeners<br/>2 rows');
  });

  it('explains a row', async () => {
    const {stdout} = await sluice('why', 'listeners', 'default/web/http', '-f', good);
    expect(stdout).toBe('listeners default/web/http: changed in epoch 2\n  gateways default/web: written in epoch 2\n');
    const json = await sluice('why', 'listeners', 'default/web/http', '-f', good, '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({collection: 'listeners', causes: [{collection: 'gateways'}]});
  });

  it('prints statuses, and what is not as wanted', async () => {
    const {stdout} = await sluice('status', '-f', bad);
    expect(stdout).toMatch(/Gateways:\n {2}default\/web +Accepted=True/);
    expect(stdout).toMatch(/HTTPRoute default\/route {2}at web {2}Accepted=True ResolvedRefs=False/);
    expect(stdout).toMatch(
      /Not as wanted:\n {2}HTTPRoute default\/route at web: ResolvedRefs is False: BackendNotFound/,
    );
    expect(stdout).toMatch(/Problems in manifests:\n.*typo\.yaml/);
  });
});

describe('the command line', () => {
  it('knows its version at once', async () => {
    const began = performance.now();
    expect((await sluice('--version')).stdout).toBe(`${packageJson.version}\n`);
    // It takes a tenth of a second; a start that reads everything takes ten times that.
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('says so when no instance runs', async () => {
    for (const command of [['status'], ['graph'], ['dump', 'listeners'], ['why', 'listeners', 'a']]) {
      const {code, stderr} = await sluice(...command, '--admin', '127.0.0.1:1');
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^no sluice answers at 127\.0\.0\.1:1 \(.*\); name another with --admin, or a folder of manifests with -f\n$/,
      );
    }
  });

  it('says what is wrong with a configuration, without a stack', async () => {
    const file = join(good, 'broken.txt');
    writeFiles(good, {'broken.txt': 'apiVersion: config.sluice.dev/v1alpha1\nkind: Sluice\nmore: 1\n'});
    const {code, stderr} = await sluice('run', '--config', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\S+broken\.txt:3: more: unknown field; known here: [^\n]*\n$/);
  });
});
