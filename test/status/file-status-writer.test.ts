import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {createFileStatusWriter} from '../../src/status/file-status-writer.ts';
import type {WantedRow} from '../../src/status/status-document.ts';

let folder: string;
let clock: Date;
const problems: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-status-'));
  clock = new Date('2030-01-02T03:04:05.678Z');
  problems.length = 0;
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const writer = () =>
  createFileStatusWriter({
    folder,
    now: () => clock,
    retryMs: 20,
    log: {debug() {}, error: (fields, message) => problems.push(`${message} ${JSON.stringify(fields)}`)},
  });

const route = (name: string, accepted: boolean, generation = 1): WantedRow => ({
  key: `HTTPRoute/default/${name}`,
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  namespace: 'default',
  name,
  generation,
  status: {
    kind: 'Route',
    parents: [
      {
        parentRef: {name: 'web', port: 80},
        controllerName: 'sluice.dev/envoy',
        conditions: [
          {
            type: 'Accepted',
            status: accepted ? 'True' : 'False',
            reason: accepted ? 'Accepted' : 'NotAllowed',
            message: '',
          },
          {type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: ''},
        ],
      },
    ],
  },
});
const gatewayClass: WantedRow = {
  key: 'GatewayClass/envoy',
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  name: 'envoy',
  generation: 1,
  status: {kind: 'GatewayClass', conditions: [{type: 'Accepted', status: 'True', reason: 'Accepted', message: ''}]},
};
const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const conditionsIn = (path: string) => read(path).status.parents[0].conditions;

describe('file status writer', () => {
  it('keeps one file per object, with generation and time', async () => {
    const status = writer();
    status.start([route('a', true), gatewayClass]);
    await status.idle();
    expect(read('GatewayClass/envoy.json')).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: {name: 'envoy'},
      status: {
        conditions: [
          {
            type: 'Accepted',
            status: 'True',
            reason: 'Accepted',
            message: '',
            observedGeneration: 1,
            lastTransitionTime: '2030-01-02T03:04:05Z',
          },
        ],
      },
    });
    expect(read('HTTPRoute/default/a.json').status.parents[0]).toMatchObject({
      parentRef: {name: 'web', port: 80},
      controllerName: 'sluice.dev/envoy',
    });
    expect(status.list().map(({kind, metadata}) => [kind, metadata.namespace, metadata.name])).toEqual([
      ['GatewayClass', undefined, 'envoy'],
      ['HTTPRoute', 'default', 'a'],
    ]);
    expect(status.counts()).toEqual({written: 2, removed: 0, waiting: 0});
  });

  it('moves the time of a condition only with its status', async () => {
    const status = writer();
    status.start([route('a', true)]);
    await status.idle();
    clock = new Date('2030-06-01T00:00:00Z');
    status.apply([{key: 'HTTPRoute/default/a', new: route('a', false, 2)}]);
    await status.idle();
    expect(conditionsIn('HTTPRoute/default/a.json')).toMatchObject([
      {type: 'Accepted', status: 'False', observedGeneration: 2, lastTransitionTime: '2030-06-01T00:00:00Z'},
      {type: 'ResolvedRefs', observedGeneration: 2, lastTransitionTime: '2030-01-02T03:04:05Z'},
    ]);
  });

  it('writes nothing when nothing changes, after a restart neither', async () => {
    const first = writer();
    first.start([route('a', true), gatewayClass]);
    await first.stop();
    const {mtimeMs} = statSync(join(folder, 'HTTPRoute/default/a.json'));
    clock = new Date('2030-06-01T00:00:00Z');
    const second = writer();
    second.start([route('a', true), gatewayClass]);
    second.apply([{key: 'HTTPRoute/default/a', new: route('a', true)}]);
    await second.idle();
    expect(second.counts()).toEqual({written: 0, removed: 0, waiting: 0});
    expect(statSync(join(folder, 'HTTPRoute/default/a.json')).mtimeMs).toBe(mtimeMs);
    expect(second.list()).toHaveLength(2);
  });

  it('goes on counting generations where an earlier run left off', async () => {
    const first = writer();
    first.start([route('a', true), route('b', true)]);
    for (const generation of [2, 3]) {
      first.apply([{key: 'HTTPRoute/default/a', new: route('a', true, generation)}]);
      await first.idle();
    }
    await first.stop();
    const second = writer();
    second.start([route('a', true), route('b', false)]);
    await second.idle();
    expect(second.counts().written).toBe(1);
    expect(conditionsIn('HTTPRoute/default/a.json')[0].observedGeneration).toBe(3);
    expect(conditionsIn('HTTPRoute/default/b.json')[0].observedGeneration).toBe(2);
    second.apply([{key: 'HTTPRoute/default/a', new: route('a', false, 2)}]);
    await second.idle();
    expect(conditionsIn('HTTPRoute/default/a.json')[0].observedGeneration).toBe(4);
  });

  it('removes what is gone, also what went while nobody looked', async () => {
    const first = writer();
    first.start([route('a', true), route('b', true), route('c', true)]);
    await first.idle();
    first.apply([{key: 'HTTPRoute/default/a'}]);
    await first.stop();
    expect(() => read('HTTPRoute/default/a.json')).toThrow('ENOENT');
    const second = writer();
    second.start([route('b', true)]);
    await second.idle();
    expect(() => read('HTTPRoute/default/c.json')).toThrow('ENOENT');
    expect(second.counts()).toEqual({written: 0, removed: 1, waiting: 0});
    expect(second.list().map(({metadata}) => metadata.name)).toEqual(['b']);
  });

  it('lets the last of several changes count', async () => {
    const status = writer();
    status.start([]);
    for (let i = 0; i < 100; i++) status.apply([{key: 'HTTPRoute/default/a', new: route('a', i % 2 === 1)}]);
    await status.idle();
    expect(conditionsIn('HTTPRoute/default/a.json')[0].status).toBe('True');
    expect(status.counts().written).toBeLessThan(4);
  });

  it('says so when a status cannot be kept, and tries again', async () => {
    // A file stands where the folder of HTTPRoutes should be.
    writeFileSync(join(folder, 'HTTPRoute'), '');
    const status = writer();
    status.start([route('a', true)]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(problems[0]).toMatch(/^status cannot be kept .*HTTPRoute\/default\/a/);
    rmSync(join(folder, 'HTTPRoute'));
    await status.idle();
    expect(conditionsIn('HTTPRoute/default/a.json')[0].status).toBe('True');
  });

  it('reads a damaged file as none', async () => {
    const first = writer();
    first.start([gatewayClass]);
    await first.stop();
    writeFileSync(join(folder, 'GatewayClass/envoy.json'), '{"apiVersion": "gatew');
    const second = writer();
    second.start([gatewayClass]);
    await second.idle();
    expect(read('GatewayClass/envoy.json').metadata).toEqual({name: 'envoy'});
  });
});
