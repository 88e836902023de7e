/** What the kubelet of the rig does without a cluster: environments, command lines, volumes, addresses, logs. */
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {addressPool} from './kubelet/address-pool.ts';
import {containerLog} from './kubelet/container-log.ts';
import {commandLine, environmentOf, type Sources} from './kubelet/environment.ts';
import type {ConfigMap, Container, Pod, Secret} from './kubelet/pod.ts';
import {filesOf} from './kubelet/volume-files.ts';
import {writeVolume} from './kubelet/volume-folder.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret: Secret = {apiVersion: 'v1', kind: 'Secret', metadata: {name: 's'}, data: {user: base64('me')}};
const configMap: ConfigMap = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'c'}, data: {level: 'debug'}};
const sources: Sources = {
  secret: (namespace, name) => (namespace === 'ns' && name === 's' ? secret : undefined),
  configMap: (namespace, name) => (namespace === 'ns' && name === 'c' ? configMap : undefined),
};
const place = {podIP: '10.244.0.2', hostIP: '127.0.0.1'};
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name: 'web-1', namespace: 'ns', uid: 'u', labels: {app: 'web'}},
  spec: {containers: []},
};
const container = (fields: Partial<Container>): Container => ({name: 'web', image: 'web:1', ...fields});
const environment = (fields: Partial<Container>) => environmentOf(pod, container(fields), place, sources, {BASE: 'b'});

describe('environment', () => {
  it('comes from values, fields, Secrets and ConfigMaps', () => {
    expect(
      environment({
        envFrom: [{prefix: 'C_', configMapRef: {name: 'c'}}, {secretRef: {name: 'other', optional: true}}],
        env: [
          {name: 'POD', valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}},
          {name: 'APP', valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}},
          {name: 'IP', valueFrom: {fieldRef: {fieldPath: 'status.podIP'}}},
          {name: 'USER', valueFrom: {secretKeyRef: {name: 's', key: 'user'}}},
          {name: 'NONE', valueFrom: {configMapKeyRef: {name: 'c', key: 'nothing', optional: true}}},
          {name: 'GREETING', value: '$(USER)@$(POD) $(LATER) $$(USER) $(BASE)'},
          {name: 'LATER', value: 'x'},
        ],
      }),
    ).toEqual({
      BASE: 'b',
      C_level: 'debug',
      POD: 'web-1',
      APP: 'web',
      IP: '10.244.0.2',
      USER: 'me',
      GREETING: 'me@web-1 $(LATER) $(USER) b',
      LATER: 'x',
    });
  });

  it.each([
    ['secretKeyRef', {name: 'absent', key: 'k'}, 'secret "absent" not found'],
    ['secretKeyRef', {name: 's', key: 'k'}, "couldn't find key k in s"],
    ['configMapKeyRef', {name: 'absent', key: 'k'}, 'configmap "absent" not found'],
    ['resourceFieldRef', {resource: 'limits.cpu'}, 'resourceFieldRef is not supported by the rig'],
    ['fieldRef', {fieldPath: 'spec.priority'}, 'fieldRef spec.priority is not supported by the rig'],
  ])('waits for %s %o', (source, reference, message) => {
    expect(() => environment({env: [{name: 'X', valueFrom: {[source]: reference}}]})).toThrow(message);
  });
});

describe('command line', () => {
  const program = {command: ['/host/envoy'], args: ['--default']};
  const line = (fields: Partial<Container>) => commandLine(container(fields), program, {NAME: 'n'});

  it('is that of the program where the container says nothing', () => {
    expect(line({})).toEqual(['/host/envoy', '--default']);
  });
  it('takes the arguments of the container', () => {
    expect(line({args: ['--id', '$(NAME)']})).toEqual(['/host/envoy', '--id', 'n']);
  });
  it('puts the program for the first word of a command, and drops its own arguments', () => {
    expect(line({command: ['/usr/bin/envoy', 'run']})).toEqual(['/host/envoy', 'run']);
    expect(line({command: ['/usr/bin/envoy', 'run'], args: ['-c']})).toEqual(['/host/envoy', 'run', '-c']);
  });
});

describe('volumes', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-volume-'));
  });
  afterEach(() => rmSync(folder, {recursive: true}));

  const files = (entries: Readonly<Record<string, string>>) =>
    new Map(Object.entries(entries).map(([path, text]) => [path, Buffer.from(text)]));
  const shown = () => readdirSync(folder).filter((name) => !name.startsWith('..'));

  it('change all at once, and keep no old files', () => {
    expect(writeVolume(folder, files({a: '1', 'b/c': '2'}))).toBe(true);
    expect(shown().sort()).toEqual(['a', 'b']);
    expect(readFileSync(join(folder, 'b/c'), 'utf8')).toBe('2');
    expect(writeVolume(folder, files({a: '1', 'b/c': '2'}))).toBe(false);

    // Who holds the folder of the old files open reads the old ones to the end.
    expect(writeVolume(folder, files({a: '3', d: ''}))).toBe(true);
    expect(shown().sort()).toEqual(['a', 'd']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('3');
    expect(readdirSync(folder).filter((name) => name.startsWith('..files'))).toHaveLength(1);
    expect(writeVolume(folder, files({}))).toBe(true);
    expect(shown()).toEqual([]);
  });

  it('are put together of several sources', async () => {
    const token = async () => 'the token';
    const made = await filesOf(
      pod,
      {
        name: 'all',
        projected: {
          sources: [
            {serviceAccountToken: {path: 'token'}},
            {secret: {name: 's', items: [{key: 'user', path: 'secrets/user'}]}},
            {configMap: {name: 'absent', optional: true}},
            {downwardAPI: {items: [{path: 'name', fieldRef: {fieldPath: 'metadata.name'}}]}},
          ],
        },
      },
      place,
      {...sources, token},
    );
    const text = Object.fromEntries([...(made ?? [])].map(([path, content]) => [path, content.toString()]));
    expect(text).toEqual({token: 'the token', 'secrets/user': 'me', name: 'web-1'});
  });

  it.each([
    [{secret: {secretName: 'absent'}}, 'secret "absent" not found'],
    [{secret: {secretName: 's', items: [{key: 'k', path: 'p'}]}}, 's has no key k'],
    [{hostPath: {path: '/'}}, 'volume v: hostPath is not supported by the rig'],
  ])('wait for %o', async (volume, message) => {
    const token = () => Promise.reject(new Error('not asked for'));
    await expect(filesOf(pod, {name: 'v', ...volume}, place, {...sources, token})).rejects.toThrow(message);
  });
});

describe('address pool', () => {
  it('hands out no address twice, and none that ends in 0 or 255', () => {
    const pool = addressPool('10.244', 250);
    expect(pool.take('10.244.0.251')).toBe(true);
    expect(pool.take('10.244.0.251')).toBe(false);
    const given = Array.from({length: 6}, () => pool.next());
    expect(given).toEqual(['10.244.0.250', '10.244.0.252', '10.244.0.253', '10.244.0.254', '10.244.1.1', '10.244.1.2']);
    pool.release('10.244.0.250');
    expect(pool.next()).toBe('10.244.1.3');
  });

  it('begins again at its end', () => {
    const pool = addressPool('10.244', 65_533);
    expect([pool.next(), pool.next()]).toEqual(['10.244.255.253', '10.244.255.254']);
    pool.release('10.244.255.253');
    expect(pool.next()).toBe('10.244.255.253');
    expect(() => pool.next()).toThrow('no address is left in 10.244.0.0/16');
  });

  it.each([
    ['10.245.0.200', true],
    ['10.245.255.1', true],
    ['10.244.0.1', false],
    ['10.245.256.1', false],
    ['10.245.1', false],
    ['10.245.1.2.3', false],
    ['bogus', false],
  ])('%s is in 10.245.0.0/16: %s', (address, inside) => {
    expect(addressPool('10.245', 1).contains(address)).toBe(inside);
  });
});

describe('container log', () => {
  it('keeps lines whole, whatever pieces they come in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
    const log = containerLog(join(folder, 'log'));
    const [out, err] = [log.writer(), log.writer()];
    const heard: string[] = [];
    const stop = log.follow({}, (text) => heard.push(text));
    const euro = Buffer.from('€');
    out(Buffer.from('one\ntw'));
    err(Buffer.from('of the other stream\n'));
    out(Buffer.concat([Buffer.from('o '), euro.subarray(0, 1)]));
    out(Buffer.concat([euro.subarray(1), Buffer.from('\nunfinished')]));
    stop();
    out(undefined);
    expect(log.read({})).toBe('one\nof the other stream\ntwo €\nunfinished\n');
    expect(heard.join('')).toBe('one\nof the other stream\ntwo €\n');
    expect(log.read({tailLines: 1})).toBe('unfinished\n');
    expect(log.read({since: Date.now() + 1000})).toBe('');
    expect(log.read({tailLines: 1, timestamps: true})).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z unfinished\n$/);
    expect(readFileSync(join(folder, 'log'), 'utf8').trim().split('\n')).toHaveLength(4);
    rmSync(folder, {recursive: true});
  });
});
