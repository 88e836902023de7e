/**
 * How reasons get into statuses on a real API server: beside what others have written, with times that mean something, and not more
 * often than they change.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {eventually} from '../e2e/harness/eventually.ts';
import type {Cluster} from '../rig/cluster.ts';
import type {KubeObject} from '../rig/objects.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {audit, type Audit} from './reasons/audit.ts';
import {gateway, gatewayClass, listener, route, service, type Spec} from './reasons/case.ts';
import {scenes, type Scene, type Scenes} from './reasons/scene.ts';
import type {Condition, Status} from './reasons/status.ts';
import {runSluice, user, type RunningSluice} from './running.ts';

type Conditions = readonly Condition[] | undefined;
type Parent = NonNullable<Status['parents']>[number];

const checked: Condition = {
  type: 'example.com/Checked',
  status: 'False',
  reason: 'Later',
  message: 'kept',
  observedGeneration: 1,
  lastTransitionTime: '2001-02-03T04:05:06Z',
};
const parentOfOthers = (name: string): Parent & {readonly parentRef: Spec} => ({
  parentRef: {group: 'gateway.networking.k8s.io', kind: 'Gateway', name},
  controllerName: 'example.com/controller',
  conditions: [{...checked, type: 'Accepted'}],
});
const foreignIn = (conditions: Conditions): Conditions => conditions?.filter(({type}) => type === checked.type);

const odd = listener({name: 'odd', port: 81, protocol: 'example.com/odd'});
const unresolved = route({rules: [{backendRefs: [{name: 'none', port: 80}]}]});
/** One that is not changed by having it said again. */
const labelled = ({metadata, ...rest}: KubeObject): KubeObject => ({
  ...rest,
  metadata: {...metadata, labels: {team: 'red'}},
});

describeWithCluster('loopback', 'statuses on a real API server', () => {
  let cluster: Cluster;
  let sluice: RunningSluice;
  let log: Audit;
  let stage: Scenes;

  beforeAll(async () => {
    log = audit(user);
    cluster = await clusterForTests('loopback', {apiServerArgs: log.apiServerArgs});
    await cluster.installGatewayApi();
    sluice = await runSluice(cluster);
    stage = scenes(cluster, log);
  });
  afterAll(() => log?.remove());

  describe('what others have written', () => {
    it('stays in the parents of a route, in its place, also when there is nothing of ours any more', async () => {
      const {read, becomes, edit} = stage;
      const {one, place} = await stage.scene();
      const [first, last] = [parentOfOthers('gw'), parentOfOthers('elsewhere')];
      await edit(one, ({parents = []}) => ({parents: [first, ...parents, last]}));
      await cluster.apply(place(unresolved, 'one'));
      await becomes(one, 'ResolvedRefs=False/BackendNotFound');
      const ours = expect.objectContaining({controllerName: 'sluice.dev/envoy'});
      expect((await read(one)).status?.parents).toEqual([first, ours, last]);
      await cluster.apply(place(route({parentRefs: [{name: 'elsewhere'}]}), 'one'));
      await eventually(async () => expect((await read(one)).status?.parents).toEqual([first, last]));
      await cluster.apply(place(route(), 'one'));
      await becomes(one, 'ResolvedRefs=True/ResolvedRefs');
      expect((await read(one)).status?.parents).toEqual([first, last, ours]);
    });

    it('stays in the conditions of a Gateway and of its listeners', async () => {
      const {read, becomes, edit} = stage;
      const {gw, place} = await stage.scene();
      await edit(gw, ({conditions = [], listeners = [], ...rest}) => ({
        ...rest,
        conditions: [checked, ...conditions],
        listeners: listeners.map((one) => ({...one, conditions: [...(one.conditions ?? []), checked]})),
      }));
      await cluster.apply(place(gateway([listener({protocol: 'example.com/odd'})])));
      await becomes(gw, 'Accepted=False/ListenersNotValid');
      const {status} = await read(gw);
      expect(foreignIn(status?.conditions)).toEqual([checked]);
      expect(foreignIn(status?.listeners?.[0]?.conditions)).toEqual([checked]);
    });

    it('stays in the conditions of a GatewayClass', async () => {
      const {read, becomes, edit} = stage;
      const ours = {...gatewayClass({description: 'first'}), metadata: {name: 'kept'}};
      await cluster.apply(ours);
      await becomes(ours, 'Accepted=True/Accepted');
      await edit(ours, ({conditions = [], ...rest}) => ({...rest, conditions: [checked, ...conditions]}));
      await cluster.apply({...gatewayClass({description: 'second'}), metadata: {name: 'kept'}});
      await becomes(ours, 'Accepted=True/Accepted');
      expect((await read(ours)).status?.conditions?.[0]).toEqual(checked);
    });
  });

  it('has a time for each condition that moves with its status alone', async () => {
    const {gw, place} = await stage.scene();
    const {becomes} = stage;
    const since = async (outcome: string): Promise<string> => (await becomes(gw, outcome)).lastTransitionTime;
    const first = await since('Accepted=True/Accepted');
    const programmed = await since('Programmed=True/Programmed');
    // Times are of whole seconds.
    await sleep(1_100);
    await cluster.apply(place(gateway([listener(), odd])));
    expect(await since('Accepted=True/ListenersNotValid')).toBe(first);
    await cluster.apply(place(gateway([odd])));
    const second = await since('Accepted=False/ListenersNotValid');
    expect(Date.parse(second)).toBeGreaterThan(Date.parse(first));
    expect(await since('Programmed=False/Invalid')).not.toBe(programmed);
    expect(await since('ResolvedRefs=True/ResolvedRefs')).toBe(first);
    await sleep(1_100);
    await cluster.apply(place(gateway([odd], {addresses: [{type: 'example.com/odd', value: 'here'}]})));
    expect(await since('Accepted=False/UnsupportedAddress')).toBe(second);
  });

  type Change = {
    readonly title: string;
    readonly change: (scene: Scene) => Promise<unknown>;
    readonly writes: readonly string[];
  };
  const both = ['httproutes one', 'httproutes two'];
  const changes: readonly Change[] = [
    {
      title: 'a backend that goes, in both routes',
      change: ({app}) => cluster.remove(app),
      writes: both,
    },
    {
      title: 'a backend whose port leads to another one of its Pods, nowhere',
      change: ({place}) => cluster.apply(place(service({targetPort: 9090}))),
      writes: [],
    },
    {
      title: 'a route of which nothing but its generation is new, in that route',
      change: ({place}) => cluster.apply(place(route({hostnames: ['a.example.com']}), 'one')),
      writes: ['httproutes one'],
    },
    {
      title: 'a route that goes, in the Gateway',
      change: ({one}) => cluster.remove(one),
      writes: ['gateways gw'],
    },
    {
      title: 'a route that is not accepted any more, in both',
      change: ({place}) => cluster.apply(place(route({parentRefs: [{name: 'gw', sectionName: 'none'}]}), 'one')),
      writes: ['gateways gw', 'httproutes one'],
    },
    {
      title: 'another listener, in the Gateway',
      change: ({place}) => cluster.apply(place(gateway([listener(), odd]))),
      writes: ['gateways gw'],
    },
    {
      title: 'a listener that takes no routes any more, everywhere',
      change: ({place}) => cluster.apply(place(gateway([listener({protocol: 'example.com/odd'})]))),
      writes: ['gateways gw', ...both],
    },
    {
      title: 'a label, nowhere',
      change: ({gw, one}) => cluster.apply([labelled(gw), labelled(one)]),
      writes: [],
    },
    {
      title: 'what others write, nowhere',
      change: async ({gw, one}) => {
        await stage.edit(gw, (status) => ({...status, conditions: [checked, ...(status.conditions ?? [])]}));
        await stage.edit(one, ({parents = []}) => ({parents: [parentOfOthers('gw'), ...parents]}));
      },
      writes: [],
    },
    {
      title: 'what others take away of ours, where they do',
      change: ({one}) => stage.edit(one, () => ({parents: []})),
      writes: ['httproutes one'],
    },
  ];

  describe.concurrent('are written once', () => {
    it.for(changes)('for $title', async ({change, writes}) => {
      const scene = await stage.scene();
      expect(await stage.writesOf(() => change(scene), scene.namespace)).toEqual(writes);
    });
  });

  it('are written together where changes come close together', async () => {
    const {place, gw} = await stage.scene();
    const names = Array.from({length: 30}, (_, i) => `burst-${String(i).padStart(2, '0')}`);
    const written = await stage.writesOf(async () => {
      await Promise.all(names.map((name) => cluster.apply(place(route(), name))));
      await eventually(async () => {
        expect((await stage.read(gw)).status?.listeners?.[0]?.attachedRoutes).toBe(32);
      }, 30_000);
    });
    expect(written.filter((one) => !one.startsWith('gateways '))).toEqual(names.map((name) => `httproutes ${name}`));
    expect(written.length - names.length).toBeLessThan(10);
  });

  it('are not written again after a restart', async () => {
    await stage.scene();
    const written = await stage.writesOf(async () => {
      await sluice.stop();
      sluice = await runSluice(cluster);
    });
    expect(written).toEqual([]);
    expect(sluice.app.status().statuses.length).toBeGreaterThan(30);
    // It has not just gone deaf.
    const {place} = await stage.scene();
    expect(await stage.writesOf(() => cluster.apply(place(unresolved, 'one')))).toEqual(['httproutes one']);
  });
});
