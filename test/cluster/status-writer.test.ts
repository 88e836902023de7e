/** The status writer against a real API server, with the permissions that it takes. */
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, beforeAll, expect, it, vi} from 'vitest';
import type {KubeObject} from '../../src/api/object.ts';
import {fieldsOf, itemsOf} from '../../src/status/kube-fields.ts';
import type {KubeStatusWriterOptions} from '../../src/status/kube-status-writer.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {foreignParent, ours} from '../status/kube-rows.ts';
import {account, gateway, httpRoute, replica, type Replica} from './replica.ts';

const WITHIN = {timeout: 60_000, interval: 20};
const routesPath = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes';
const gatewaysPath = '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways';

type Live = KubeObject & {readonly spec: unknown; readonly status?: unknown};

describeWithCluster('loopback', 'the status writer and a real API server', () => {
  let cluster: Cluster;
  const running: Replica[] = [];

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    await cluster.installGatewayApi();
    await cluster.apply(account);
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    for (const path of [routesPath, gatewaysPath]) await cluster.request('DELETE', path);
  });

  const started = async (options: Partial<KubeStatusWriterOptions> = {}): Promise<Replica> => {
    const one = await replica(cluster, options);
    running.push(one);
    await one.start();
    return one;
  };
  const live = async (path: string): Promise<Live> => (await cluster.request<Live>('GET', path)).body;
  const listed = async (path: string): Promise<readonly Live[]> =>
    (await cluster.request<{readonly items: readonly Live[]}>('GET', path)).body.items;
  const create = async (objects: readonly KubeObject[]): Promise<void> => {
    for (let from = 0; from < objects.length; from += 16) {
      const answers = await Promise.all(
        objects
          .slice(from, from + 16)
          .map((object) => cluster.request('POST', object.kind === 'Gateway' ? gatewaysPath : routesPath, object)),
      );
      expect(answers.map(({status}) => status)).toEqual(answers.map(() => 201));
    }
  };
  const parentsOf = ({status}: Live): readonly unknown[] => itemsOf(fieldsOf(status)['parents']);
  const ownIn = (object: Live): readonly unknown[] =>
    parentsOf(object).filter((entry) => fieldsOf(entry)['controllerName'] === ours);
  /** Adds to the status what somebody else would, by reading and writing it as often as that takes. */
  const edit = async (path: string, change: (status: Readonly<Record<string, unknown>>) => object): Promise<void> => {
    for (;;) {
      const object = await live(path);
      const body = {...object, status: change(fieldsOf(object.status))};
      const {status} = await cluster.request('PUT', `${path}/status`, body);
      if (status !== 409) return expect(status).toBe(200);
    }
  };

  it('writes what an API server accepts, in place of what it fills in, and as a manager of its own', async () => {
    await create([gateway('web'), httpRoute('one')]);
    const {writer} = await started();
    await writer.idle();
    expect(await live(`${routesPath}/one`)).toMatchObject({
      status: {
        parents: [
          {
            parentRef: {group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'web'},
            controllerName: ours,
            conditions: [
              {type: 'Accepted', status: 'True', observedGeneration: 1},
              {type: 'ResolvedRefs', status: 'True', observedGeneration: 1},
            ],
          },
        ],
      },
    });
    const web = await live(`${gatewaysPath}/web`);
    expect(web).toMatchObject({
      metadata: {
        managedFields: expect.arrayContaining([expect.objectContaining({manager: 'sluice', subresource: 'status'})]),
      },
      status: {
        conditions: [
          {type: 'Accepted', status: 'True'},
          {type: 'Programmed', status: 'True'},
          {type: 'ResolvedRefs', status: 'True'},
        ],
        listeners: [{name: 'http', attachedRoutes: 1}],
      },
    });
    // Nothing that came back from the server looks different from what was wanted.
    await sleep(500);
    expect(writer.counts()).toMatchObject({written: 2, waiting: 0});
  });

  it('leaves what others have written in every field, while its own follows the object', async () => {
    await create([gateway('web'), httpRoute('one')]);
    const {writer} = await started();
    await writer.idle();
    const foreign = {
      type: 'example.com/Checked',
      status: 'False',
      reason: 'Later',
      message: 'kept',
      observedGeneration: 1,
      lastTransitionTime: '2001-02-03T04:05:06Z',
    };
    await edit(`${gatewaysPath}/web`, ({conditions, listeners, ...rest}) => ({
      ...rest,
      conditions: [foreign, ...itemsOf(conditions)],
      listeners: itemsOf(listeners).map((one) => ({
        ...fieldsOf(one),
        conditions: [...itemsOf(fieldsOf(one)['conditions']), foreign],
      })),
    }));
    await edit(`${routesPath}/one`, ({parents}) => ({
      parents: [foreignParent('a'), ...itemsOf(parents), foreignParent('b')],
    }));
    await cluster.apply([gateway('web', 8080), httpRoute('one', {hostname: 'new.example.com'})]);
    await vi.waitFor(async () => {
      const [web, one] = [await live(`${gatewaysPath}/web`), await live(`${routesPath}/one`)];
      const conditions = itemsOf(fieldsOf(web.status)['conditions']);
      expect(conditions[0]).toEqual(foreign);
      expect(conditions.slice(1)).toEqual(Array(3).fill(expect.objectContaining({observedGeneration: 2})));
      expect(itemsOf(fieldsOf(itemsOf(fieldsOf(web.status)['listeners'])[0])['conditions'])).toEqual([
        expect.objectContaining({type: 'Accepted', observedGeneration: 2}),
        expect.objectContaining({type: 'ResolvedRefs', observedGeneration: 2}),
        foreign,
      ]);
      expect(parentsOf(one)).toEqual([
        foreignParent('a'),
        expect.objectContaining({controllerName: ours}),
        foreignParent('b'),
      ]);
      expect(ownIn(one)).toMatchObject([{conditions: [{observedGeneration: 2}, {observedGeneration: 2}]}]);
    }, WITHIN);
  });

  it('and others get their way with each other: many write to the same routes at once', async () => {
    const names = Array.from({length: 10}, (_, i) => `r${i}`);
    await create([gateway('web'), ...names.map((name) => httpRoute(name))]);
    const {writer} = await started();
    let isOver = false;
    const rounds = 15;
    const other = async (who: string): Promise<void> => {
      for (let round = 1; round <= rounds; round++) {
        for (const name of names) {
          await edit(`${routesPath}/${name}`, ({parents}) => ({
            parents: [
              ...itemsOf(parents).filter((entry) => fieldsOf(fieldsOf(entry)['parentRef'])['name'] !== who),
              foreignParent(who, String(round)),
            ],
          }));
        }
      }
    };
    const editing = async (): Promise<void> => {
      for (let round = 0; !isOver; round++) {
        for (const name of names) await cluster.apply([httpRoute(name, {hostname: `${name}-${round}.example.com`})]);
      }
    };
    const others = Promise.all([other('a'), other('b')]).then(() => (isOver = true));
    await Promise.all([others, editing()]);
    await vi.waitFor(async () => {
      await writer.idle();
      for (const object of await listed(routesPath)) {
        expect(parentsOf(object)).toEqual(
          expect.arrayContaining([foreignParent('a', String(rounds)), foreignParent('b', String(rounds))]),
        );
        expect(parentsOf(object)).toHaveLength(3);
        const {generation} = object.metadata;
        expect(ownIn(object)).toMatchObject([
          {conditions: [{observedGeneration: generation}, {observedGeneration: generation}]},
        ]);
      }
    }, WITHIN);
  });

  it('writes 2000 statuses quickly, and none of them after a restart', async () => {
    await create([gateway('web'), ...Array.from({length: 2_000}, (_, i) => httpRoute(`r${i}`))]);
    const first = await replica(cluster);
    const began = performance.now();
    await first.start();
    await first.writer.idle();
    const seconds = (performance.now() - began) / 1_000;
    console.log(`2000 statuses in ${seconds.toFixed(2)} s, reading included`);
    expect(first.writer.counts()).toMatchObject({written: 2_001, waiting: 0});
    expect(first.writer.counts().results.filter(({result}) => result !== 'written')).toEqual([]);
    expect(seconds).toBeLessThan(30);
    await first.stop();

    const before = (await listed(routesPath)).map(({metadata}) => metadata.resourceVersion);
    const second = await started();
    await second.writer.idle();
    await sleep(1_000);
    expect(second.writer.counts()).toMatchObject({written: 0, waiting: 0});
    expect(second.writer.counts().results).toEqual([
      {kind: 'Gateway', result: 'equal', count: 1},
      {kind: 'HTTPRoute', result: 'equal', count: 2_000},
    ]);
    expect((await listed(routesPath)).map(({metadata}) => metadata.resourceVersion)).toEqual(before);
  });

  it('counts 1000 routes made one by one with few writes and no conflict, and is right soon after the last', async () => {
    await create([gateway('web')]);
    const {writer} = await started();
    await writer.idle();
    const began = performance.now();
    for (let i = 0; i < 1_000; i++) {
      const {status} = await cluster.request('POST', routesPath, httpRoute(`r${i}`));
      expect(status).toBe(201);
    }
    const last = performance.now();
    const attached = async (): Promise<unknown> =>
      fieldsOf(itemsOf(fieldsOf((await live(`${gatewaysPath}/web`)).status)['listeners'])[0])['attachedRoutes'];
    while ((await attached()) !== 1_000) {
      expect(performance.now() - last, 'milliseconds since the last').toBeLessThan(5_000);
      await sleep(5);
    }
    const right = performance.now();
    await writer.idle();
    const counts = writer.counts().results;
    const written = counts.find(({kind, result}) => kind === 'Gateway' && result === 'written')?.count ?? 0;
    console.log(
      `1000 routes in ${((last - began) / 1_000).toFixed(1)} s: ${written} Gateway writes, right after ${Math.round(right - last)} ms`,
    );
    expect(written).toBeLessThanOrEqual(60);
    expect(counts.filter(({result}) => result === 'conflict')).toEqual([]);
    expect(right - last).toBeLessThan(1_000);
    expect((await listed(routesPath)).filter((object) => ownIn(object).length !== 1)).toEqual([]);
  });

  it('ends with what is wanted though the server is killed in the middle of a burst', async () => {
    await create([gateway('web'), ...Array.from({length: 1_000}, (_, i) => httpRoute(`r${i}`))]);
    const {writer, logged} = await started();
    await vi.waitFor(() => expect(writer.counts().written).toBeGreaterThan(200), WITHIN);
    await cluster.killApiServer();
    expect(writer.counts().written).toBeLessThan(1_001);
    await sleep(3_000);
    await cluster.startApiServer();
    await vi.waitFor(() => expect(writer.counts().waiting).toBe(0), WITHIN);
    expect((await listed(routesPath)).filter((object) => ownIn(object).length !== 1)).toEqual([]);
    const told = logged.filter((line) => /takes (no )?statuses/.test(line));
    expect(told[0]).toMatch(/^warn the API server takes no statuses now, trying again/);
    expect(told.at(-1)).toBe('info the API server takes statuses again {}');
  });

  it('is not held up by a server that answers nothing for a while', async () => {
    await create([gateway('web'), ...Array.from({length: 100}, (_, i) => httpRoute(`r${i}`))]);
    const {writer, opinions, provider} = await started({requestMs: 1_000});
    await writer.idle();
    expect(provider.problems()).toEqual([]);
    await cluster.pauseApiServer();
    opinions.clear();
    writer.apply(
      [...Array(100).keys()].map((i) => {
        const row = running[0]?.row(`HTTPRoute/default/r${i}`);
        if (row === undefined) throw new Error('there is no such row');
        const parents = row.status.parents?.map((parent) => ({...parent, conditions: parent.conditions.slice(0, 1)}));
        return {key: row.key, new: {...row, status: {kind: 'Route', ...(parents && {parents})}}};
      }),
    );
    await sleep(2_500);
    await cluster.resumeApiServer();
    await vi.waitFor(() => expect(writer.counts().waiting).toBe(0), WITHIN);
    for (const object of await listed(routesPath)) {
      expect(ownIn(object)).toMatchObject([{conditions: [{type: 'Accepted'}]}]);
      expect(itemsOf(fieldsOf(ownIn(object)[0])['conditions'])).toHaveLength(1);
    }
  });

  it('says what the server refuses, and goes on with the rest', async () => {
    await create([gateway('web'), httpRoute('bad'), httpRoute('good')]);
    const one = await replica(cluster);
    running.push(one);
    one.opinions.set('bad', (row) => ({
      ...row,
      status: {
        kind: 'Route',
        parents: [
          {
            parentRef: {name: 'web'},
            controllerName: ours,
            conditions: [{type: 'Accepted', status: 'Perhaps', reason: 'x', message: ''}],
          },
        ],
      },
    }));
    await one.start();
    await one.writer.idle();
    expect(one.writer.counts().results).toContainEqual({kind: 'HTTPRoute', result: 'refused', count: 1});
    expect(one.logged.join('\n')).toMatch(
      /^error the API server refuses this status; .*"object":"HTTPRoute\/default\/bad".*Unsupported value: \\"Perhaps\\"/m,
    );
    expect(ownIn(await live(`${routesPath}/good`))).toHaveLength(1);
    expect(parentsOf(await live(`${routesPath}/bad`))).toEqual([]);
  });

  it('says what it may not write', async () => {
    const policy = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'ListenerSet',
      metadata: {name: 'set', namespace: 'default'},
      spec: {parentRef: {name: 'web'}, listeners: [{name: 'http', port: 80, protocol: 'HTTP'}]},
    };
    await cluster.apply([policy]);
    const {writer, logged} = await started();
    await writer.idle();
    const conditions = [{type: 'Accepted', status: 'True', reason: 'Accepted', message: ''}];
    const row = {
      key: 'ListenerSet/default/set',
      apiVersion: policy.apiVersion,
      kind: policy.kind,
      ...policy.metadata,
      generation: 1,
      status: {kind: 'ListenerSet', conditions},
    };
    writer.apply([{key: row.key, new: row}]);
    await vi.waitFor(() => expect(logged.join()).toContain('may not write statuses of this kind'), WITHIN);
    expect(logged.join()).toMatch(/listenersets\.gateway\.networking\.k8s\.io.*cannot patch resource/);
    await cluster.remove([policy]);
  });

  it('never tells an object what its predecessor was to be told', async () => {
    await create([gateway('web')]);
    const {writer} = await started();
    const generations = new Set<string>();
    for (let round = 0; round < 60; round++) {
      await cluster.request('POST', routesPath, httpRoute('same', {parent: `web-${round}`}));
      if (round % 3 > 0) await sleep(round % 7);
      if (round < 59) await cluster.request('DELETE', `${routesPath}/same`);
    }
    await vi.waitFor(async () => {
      await writer.idle();
      const object = await live(`${routesPath}/same`);
      generations.add(String(object.metadata.uid));
      expect(ownIn(object)).toMatchObject([{parentRef: {name: 'web-59'}}]);
    }, WITHIN);
    expect(generations.size).toBe(1);
    const {results} = writer.counts();
    console.log(
      `60 objects of one name: ${results.map(({kind, result, count}) => `${count} ${kind} ${result}`).join(', ')}`,
    );
    expect(results.filter(({result}) => !['written', 'removed', 'equal', 'gone', 'conflict'].includes(result))).toEqual(
      [],
    );
  });

  it('takes its entries out of a route that it has nothing to say to any more', async () => {
    await create([gateway('web'), httpRoute('one')]);
    const {writer} = await started();
    await writer.idle();
    await edit(`${routesPath}/one`, ({parents}) => ({parents: [...itemsOf(parents), foreignParent('x')]}));
    writer.apply([{key: 'HTTPRoute/default/one'}]);
    await writer.idle();
    expect(parentsOf(await live(`${routesPath}/one`))).toEqual([foreignParent('x')]);
  });
});
