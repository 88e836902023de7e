import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../../src/api/json.ts';
import {ConnectionError} from '../../src/kube/client.ts';
import {endlessTerm, type Term} from '../../src/kube/lease-term.ts';
import type {DesiredGateway, DesiredObject} from '../../src/provision/desired.ts';
import {createKubeApplier, type KubeApplier} from '../../src/provision/kube-applier.ts';
import type {ProvisionReport} from '../../src/provision/kube-applier-options.ts';
import {appliedAnnotation} from '../../src/provision/live-object.ts';
import {apiError, labelled, manualClock, type ManualClock, memoryApi, type MemoryApi, settled} from './memory-api.ts';
import {recordingLog} from './recording-log.ts';

const gatewayRow = (name: string, more: Partial<DesiredGateway> = {}): DesiredGateway => ({
  key: `default/${name}`,
  namespace: 'default',
  name,
  uid: `uid-of-${name}`,
  mode: 'managed',
  ...more,
});

const apiVersions: Readonly<Record<string, string>> = {Deployment: 'apps/v1', DaemonSet: 'apps/v1'};

const ownerOf = (name: string): JsonObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  name,
  uid: `uid-of-${name}`,
  controller: true,
});

function wanted(kind: string, gateway: string, body: JsonObject = {}, name = gateway): DesiredObject {
  return {
    key: `${kind}/default/${name}`,
    gateway: `default/${gateway}`,
    keepExisting: kind === 'Secret',
    object: {
      apiVersion: apiVersions[kind] ?? 'v1',
      kind,
      metadata: {name, namespace: 'default', labels: labelled(gateway), ownerReferences: [ownerOf(gateway)]},
      ...body,
    },
  };
}

type Rig = {
  readonly api: MemoryApi;
  readonly clock: ManualClock;
  readonly applier: KubeApplier;
  readonly reports: ProvisionReport[];
  /** Rows of the graph come, and what they make the applier do is done. */
  readonly set: (gateway: DesiredGateway, ...objects: readonly DesiredObject[]) => Promise<void>;
  readonly unset: (...keys: readonly string[]) => Promise<void>;
  /** Requests since the last call. */
  readonly sent: () => readonly string[];
};

async function start(prepare: (api: MemoryApi) => void = () => {}, term: Term = endlessTerm): Promise<Rig> {
  const api = memoryApi();
  prepare(api);
  const clock = manualClock();
  const reports: ProvisionReport[] = [];
  const applier = createKubeApplier({
    client: api.client,
    feed: api.feed,
    clock,
    log: recordingLog(),
    random: () => 1,
    onReport: (report) => reports.push(report),
  });
  applier.lead(term);
  await settled();
  const done = async (): Promise<void> => {
    await settled();
    await applier.idle();
  };
  return {
    api,
    clock,
    applier,
    reports,
    async set(gateway, ...objects) {
      applier.apply({
        gateways: [{key: gateway.key, new: gateway}],
        objects: objects.map((object) => ({key: object.key, new: object})),
      });
      await done();
    },
    async unset(...keys) {
      const isObject = (key: string): boolean => key.split('/').length === 3;
      applier.apply({
        gateways: keys.filter((key) => !isObject(key)).map((key) => ({key})),
        objects: keys.filter(isObject).map((key) => ({key})),
      });
      await done();
    },
    sent: () => api.sent.splice(0),
  };
}

const spec = (replicas: number): JsonObject => ({spec: {replicas}});
const all = (gateway: string): readonly DesiredObject[] => [
  wanted('Deployment', gateway, spec(1)),
  wanted('Service', gateway, {spec: {ports: [{port: 80}]}}),
  wanted('ConfigMap', gateway, {data: {a: 'b'}}),
  wanted('ServiceAccount', gateway),
  wanted('Secret', gateway, {data: {key: 'a2V5'}}, `${gateway}-session-key`),
];

describe('what is wanted', () => {
  it('is applied, what Pods need before what makes Pods', async () => {
    const {api, set, sent, reports} = await start();
    await set(gatewayRow('gw'), ...all('gw'));
    expect(api.names()).toEqual([
      'ConfigMap/default/gw',
      'Deployment/default/gw',
      'Secret/default/gw-session-key',
      'Service/default/gw',
      'ServiceAccount/default/gw',
    ]);
    const writes = sent().filter((request) => request.startsWith('PATCH'));
    expect(writes.slice(0, 3).sort()).toEqual([
      'PATCH ConfigMap default/gw',
      'PATCH Secret default/gw-session-key',
      'PATCH ServiceAccount default/gw',
    ]);
    expect(writes.slice(3).sort()).toEqual(['PATCH Deployment default/gw', 'PATCH Service default/gw']);
    expect(reports).toEqual([]);
  });

  it('is sent whole, with a mark of what it is', async () => {
    const {api, set} = await start();
    const deployment = wanted('Deployment', 'gw', spec(1));
    await set(gatewayRow('gw'), deployment);
    const {metadata} = deployment.object;
    expect(api.bodies.get('Deployment/default/gw')).toEqual({
      ...deployment.object,
      metadata: {...metadata, annotations: {[appliedAnnotation]: expect.stringMatching(/^[0-9a-f]{16}$/)}},
    });
  });

  it('is not written again where it is so already, nor after a restart', async () => {
    const {api, set, sent} = await start();
    await set(gatewayRow('gw'), ...all('gw'));
    sent();
    await set(gatewayRow('gw'), ...all('gw'));
    expect(sent()).toEqual([]);
    const later = await start((other) => api.names().forEach((name) => other.put(api.get(name) ?? {})));
    await later.set(gatewayRow('gw'), ...all('gw'));
    expect(later.sent()).toEqual([]);
  });

  it('is not written again for what the server makes of it', async () => {
    const {api, set, sent} = await start((made) => {
      // Defaults, and another spelling of what was said.
      made.defaults = (object) => ({...object, spec: {replicas: 'one', strategy: 'x'}});
    });
    await set(gatewayRow('gw'), wanted('Deployment', 'gw', spec(1)));
    expect(sent().filter((request) => request.startsWith('PATCH'))).toHaveLength(1);
    api.put({...api.get('Deployment/default/gw'), status: {ready: 1}, metadata: meta('gw')});
    await settled();
    expect(sent()).toEqual([]);
  });

  it('is written once for several changes that come while it is written', async () => {
    const {api, set, applier, sent} = await start();
    let open = (): void => {};
    api.gate = new Promise((resolve) => (open = resolve));
    const want = (replicas: number): Promise<void> => set(gatewayRow('gw'), wanted('Deployment', 'gw', spec(replicas)));
    const changes = [want(0), want(1)];
    await settled();
    changes.push(want(2), want(3));
    api.gate = undefined;
    open();
    await Promise.all(changes);
    expect(sent().filter((request) => request.startsWith('PATCH'))).toHaveLength(2);
    expect(api.get('Deployment/default/gw')).toMatchObject(spec(3));
    expect(applier.counts()).toMatchObject({applied: 2, failures: 0, waiting: 0});
  });

  it('takes away what is wanted no longer', async () => {
    const {api, set, unset, sent} = await start();
    await set(gatewayRow('gw'), ...all('gw'), wanted('PodDisruptionBudget', 'gw'));
    sent();
    await unset('PodDisruptionBudget/default/gw');
    expect(sent()).toEqual(['DELETE PodDisruptionBudget default/gw']);
    expect(api.names()).toHaveLength(5);
  });

  it('is of one Gateway at a time, and of few at once', async () => {
    const {api, applier} = await start();
    const names = Array.from({length: 40}, (_, i) => `gw-${i}`);
    applier.apply({
      gateways: names.map((name) => ({key: `default/${name}`, new: gatewayRow(name)})),
      objects: names.map((name) => ({key: `Service/default/${name}`, new: wanted('Service', name)})),
    });
    await applier.idle();
    expect(api.names()).toHaveLength(40);
    expect(api.most.requests).toBe(8);
  });
});

const meta = (gateway: string, more: JsonObject = {}): JsonObject => ({
  name: gateway,
  namespace: 'default',
  labels: labelled(gateway),
  ownerReferences: [ownerOf(gateway)],
  ...more,
});

describe('a Secret', () => {
  it('that exists is kept, whoever made it', async () => {
    const existing = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {name: 'gw-session-key', namespace: 'default'},
      data: {key: 'b3RoZXI='},
    };
    const {api, set, sent, reports} = await start((made) => made.put(existing));
    await set(gatewayRow('gw'), ...all('gw'));
    expect(api.get('Secret/default/gw-session-key')).toMatchObject(existing);
    expect(sent()).not.toContain('PATCH Secret default/gw-session-key');
    expect(api.names()).toContain('Deployment/default/gw');
    expect(reports).toEqual([]);
  });

  it('that exists without the key gets it', async () => {
    const {api, set} = await start((made) =>
      made.put({apiVersion: 'v1', kind: 'Secret', metadata: {...meta('gw'), name: 'gw-session-key'}, data: {key: ''}}),
    );
    await set(gatewayRow('gw'), ...all('gw'));
    expect(api.get('Secret/default/gw-session-key')).toMatchObject({data: {key: 'a2V5'}});
  });
});

describe('what others do', () => {
  it('is undone where it changes what is wanted, and left where it does not', async () => {
    const {api, set, sent} = await start();
    await set(gatewayRow('gw'), ...all('gw'));
    sent();
    api.put({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta('gw', {annotations: {a: 'b'}}),
      spec: {paused: true},
    });
    await settled();
    expect(sent()).toEqual([]);
    api.put({apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('gw'), ...spec(7)});
    await settled();
    expect(sent()).toEqual(['PATCH Deployment default/gw']);
    expect(api.get('Deployment/default/gw')).toMatchObject({spec: {replicas: 1, paused: true}});
    api.delete('Service/default/gw');
    await settled();
    expect(sent()).toEqual(['GET Service default/gw', 'PATCH Service default/gw']);
    expect(api.names()).toContain('Service/default/gw');
  });

  // The answer to what was applied was taken for what is live, although the watch had already told that it was gone: the
  // object stayed away. Found by the property.
  it('is undone where it comes before the answer to what was applied', async () => {
    const {api, set} = await start();
    let isDeleted = false;
    api.defaults = (object) => {
      if (!isDeleted) queueMicrotask(() => api.delete('Service/default/gw'));
      isDeleted = true;
      return object;
    };
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    expect(isDeleted).toBe(true);
    expect(api.names()).toEqual(['Service/default/gw']);
  });

  it('is undone ever later where it is done again and again', async () => {
    const {api, clock, set, sent} = await start();
    await set(gatewayRow('gw'), ...all('gw'));
    const undone = async (): Promise<number> => {
      sent();
      api.put({apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('gw'), ...spec(7)});
      await settled();
      for (let ms = 0; ; ms += 500) {
        if (sent().length > 0) return ms;
        await clock.advance(500);
      }
    };
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) waits.push(await undone());
    expect(waits).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    await clock.advance(400_000);
    expect(await undone()).toBe(0);
  });

  it('is not overwritten where an object of the name is none of the Gateway', async () => {
    const {api, clock, set, reports} = await start((made) => {
      made.put({apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'gw', namespace: 'default'}, mine: true});
      made.put({apiVersion: 'v1', kind: 'Service', metadata: meta('gw', {ownerReferences: [ownerOf('other')]})});
    });
    await set(gatewayRow('gw'), ...all('gw'));
    expect(api.get('ServiceAccount/default/gw')).toMatchObject({mine: true});
    expect(api.names()).not.toContain('Deployment/default/gw');
    expect(reports).toEqual([
      {
        gateway: 'default/gw',
        message: 'ServiceAccount default/gw exists and is not of Gateway default/gw: rename one of them',
      },
    ]);
    api.delete('ServiceAccount/default/gw');
    await clock.advance(1_000);
    expect(reports.at(-1)?.message).toContain('Service default/gw exists');
    expect(api.names()).toContain('Deployment/default/gw');
    api.delete('Service/default/gw');
    await clock.advance(60_000);
    expect(reports.at(-1)).toEqual({gateway: 'default/gw'});
  });

  it('is waited for where an object is being deleted', async () => {
    const {api, set, reports} = await start((made) =>
      made.put({apiVersion: 'v1', kind: 'Service', metadata: meta('gw', {deletionTimestamp: '2026-01-01T00:00:00Z'})}),
    );
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    expect(reports[0]?.message).toBe('Service default/gw is still being deleted');
    api.delete('Service/default/gw');
    await settled();
    expect(reports.at(-1)).toEqual({gateway: 'default/gw'});
    expect(api.bodies.has('Service/default/gw')).toBe(true);
  });
});

describe('objects that are left', () => {
  const leftover = (name: string, metadata: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {...metadata, name},
  });

  it('are deleted where the Gateway controls them, and only then', async () => {
    const {api, set, sent} = await start((made) => {
      made.put(leftover('old', meta('gw')));
      made.put(leftover('labelled', {namespace: 'default', labels: labelled('gw')}));
      made.put(leftover('of-other', meta('other')));
    });
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    expect(sent().filter((request) => request.startsWith('DELETE'))).toEqual(['DELETE ConfigMap default/old']);
    expect(api.names()).toEqual(['ConfigMap/default/labelled', 'ConfigMap/default/of-other', 'Service/default/gw']);
  });

  it('are deleted although their statuses are written meanwhile, but not if they are given to another Gateway', async () => {
    const {api, set, sent, reports} = await start((made) => {
      made.put(leftover('busy', meta('gw')));
      made.put(leftover('given', meta('gw')));
    });
    let tries = 0;
    api.fault = ({method}, name) => {
      if (method !== 'DELETE' || tries++ > 2) return undefined;
      const owners = name.endsWith('given') ? {ownerReferences: [ownerOf('other')]} : {};
      api.put({...leftover(name.split('/')[2] ?? '', meta('gw', owners)), status: {tries}});
      return undefined;
    };
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    expect(api.names()).toEqual(['ConfigMap/default/given', 'Service/default/gw']);
    expect(sent().filter((request) => request === 'DELETE ConfigMap default/given')).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  it.each(['self-managed', 'withheld'] as const)('stay where the Gateway is %s', async (mode) => {
    const {set, unset, sent} = await start();
    await set(gatewayRow('gw'), ...all('gw'));
    sent();
    await set(gatewayRow('gw', {mode}));
    await unset(...all('gw').map(({key}) => key));
    expect(sent()).toEqual([]);
  });

  it('of a Gateway that is not ours any more are deleted if we have made them, and nobody has taken them over', async () => {
    const {api, set, unset} = await start((made) => made.put(leftover('not-ours', meta('gw'))));
    await set(gatewayRow('gw', {mode: 'withheld'}));
    await set(gatewayRow('gw'), ...all('gw'), wanted('ConfigMap', 'gw', {}, 'not-ours'));
    await set(gatewayRow('foreign', {mode: 'withheld'}));
    api.put(leftover('of-foreign', meta('foreign')));
    await api.client.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/services/gw',
      query: {fieldManager: 'another-controller', force: 'true'},
      contentType: 'application/apply-patch+yaml',
      body: {apiVersion: 'v1', kind: 'Service', metadata: meta('gw')},
    });
    await unset('default/gw', 'default/foreign', ...all('gw').map(({key}) => key), 'ConfigMap/default/not-ours');
    expect(api.names()).toEqual(['ConfigMap/default/of-foreign', 'Service/default/gw']);
  });
});

describe('a failure', () => {
  it('is told once, tried again later and later, and forgotten when all is well', async () => {
    const {api, clock, set, sent, reports, applier} = await start();
    api.fault = ({method}, name) =>
      method === 'PATCH' && name.startsWith('Deployment')
        ? apiError(422, 'spec.replicas: must be a number')
        : undefined;
    await set(gatewayRow('gw'), ...all('gw'));
    const message = 'Deployment default/gw: spec.replicas: must be a number';
    expect(reports).toEqual([{gateway: 'default/gw', message}]);
    expect(api.names()).toContain('Service/default/gw');
    const gaps: number[] = [];
    sent();
    for (let ms = 0, last = 0; gaps.length < 5;) {
      await clock.advance(500);
      ms += 500;
      if (sent().length === 0) continue;
      gaps.push(ms - last);
      last = ms;
    }
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    expect(reports).toHaveLength(1);
    api.fault = () => undefined;
    await clock.advance(60_000);
    expect(reports).toEqual([{gateway: 'default/gw', message}, {gateway: 'default/gw'}]);
    expect(applier.counts()).toMatchObject({failures: 6, waiting: 0});
  });

  it('of what Pods need keeps the Pods from being made', async () => {
    const {api, set} = await start();
    api.fault = (_, name) => (name.startsWith('ConfigMap') ? apiError(403, 'forbidden') : undefined);
    await set(gatewayRow('gw'), ...all('gw'));
    expect(api.names()).toEqual(['Secret/default/gw-session-key', 'ServiceAccount/default/gw']);
  });

  it('is tried at once when something else is wanted', async () => {
    const {api, set, reports} = await start();
    api.fault = () => apiError(400, 'no');
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    api.fault = () => undefined;
    await set(gatewayRow('gw'), wanted('Service', 'gw', {spec: {type: 'ClusterIP'}}));
    expect(api.names()).toEqual(['Service/default/gw']);
    expect(reports.at(-1)).toEqual({gateway: 'default/gw'});
  });

  it.each([
    ['that cannot be reached', new ConnectionError('refused')],
    ['that is overloaded', apiError(429, 'slow down')],
    ['that is broken', apiError(500, 'oops')],
  ])('of a server %s is nothing to tell a Gateway at first', async (_, error) => {
    const {api, clock, set, reports} = await start();
    api.fault = () => error;
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    await clock.advance(1_000);
    expect(reports).toEqual([]);
    await clock.advance(60_000);
    expect(reports).toHaveLength(1);
  });

  it('is not tried again before the server says', async () => {
    const {api, clock, set, sent} = await start();
    api.fault = () => apiError(429, 'slow down', 20_000);
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    sent();
    await clock.advance(19_000);
    expect(sent()).toEqual([]);
    await clock.advance(1_000);
    expect(sent()).toHaveLength(1);
  });

  it('of one Gateway is nothing to others, and gone with it', async () => {
    const {api, clock, set, unset, reports} = await start();
    api.fault = (_, name) => (name.endsWith('/bad') ? apiError(422, 'no') : undefined);
    await set(gatewayRow('bad'), wanted('Service', 'bad'));
    await set(gatewayRow('good'), wanted('Service', 'good'));
    expect(reports.map(({gateway}) => gateway)).toEqual(['default/bad']);
    await unset('default/bad', 'Service/default/bad');
    expect(reports.at(-1)).toEqual({gateway: 'default/bad'});
    expect(clock.pending()).toBe(0);
  });
});

describe('leadership', () => {
  it('deletes nothing before it is told what is wanted', async () => {
    const {api, applier, sent} = await start((made) =>
      made.put({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta('gw', {annotations: {[appliedAnnotation]: 'x'}}),
      }),
    );
    await settled();
    expect(sent()).toEqual([]);
    applier.apply({gateways: [], objects: []});
    await settled();
    expect(sent()).toEqual(['DELETE Service default/gw']);
    expect(api.names()).toEqual([]);
  });

  it('is waited for, and everything is made good when it comes', async () => {
    const {api, applier, set, sent} = await start();
    await applier.follow();
    await set(gatewayRow('gw'), ...all('gw'));
    expect(sent()).toEqual([]);
    applier.lead(endlessTerm);
    await settled();
    await applier.idle();
    expect(api.names()).toHaveLength(5);
  });

  it('ends what is under way', async () => {
    const {api, applier, set} = await start();
    let open = (): void => {};
    api.gate = new Promise((resolve) => (open = resolve));
    const under = set(gatewayRow('gw'), ...all('gw'));
    await settled();
    const followed = applier.follow();
    open();
    await Promise.all([under, followed]);
    expect(api.names()).toEqual([]);
    expect(applier.counts()).toMatchObject({applied: 0, failures: 0, waiting: 0});
  });

  it('that is about to end writes nothing', async () => {
    let left = 10_000;
    const {set, sent} = await start(undefined, {number: 1, msLeft: () => left});
    left = 100;
    await set(gatewayRow('gw'), wanted('Service', 'gw'));
    expect(sent().filter((request) => request.startsWith('PATCH'))).toEqual([]);
  });
});
