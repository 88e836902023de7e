/** Two replicas: both serve proxies, one of them writes; whichever goes, and however, nobody notices. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {credentials} from '@grpc/grpc-js';
import {beforeAll, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {cleanUpLater} from '../e2e/harness/clean-up.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {request} from '../e2e/harness/request.ts';
import {readProductBody} from '../e2e/load/product-body.ts';
import type {Cluster} from '../rig/cluster.ts';
import {podNamespace, processesIn} from '../rig/network.ts';
import type {KubeObject} from '../rig/objects.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {ModelClient} from '../xds/support/model-client.ts';
import {connectModel} from '../xds/support/wire-client.ts';
import {type EchoLoad, startEchoLoad, unharmed} from './echo-load.ts';
import {type Edit, startEdits} from './edits.ts';
import {
  condition,
  type GatewayObject,
  home,
  images,
  installSluice,
  isReady,
  type Pod,
  podsOf,
  programmed,
  read,
  type RouteObject,
} from './installed.ts';
import {type Metrics, metricsOf} from './metrics.ts';
import {gateway, named, namespace, route} from './shop.ts';

const echo = readFileSync(join(import.meta.dirname, 'echo-deployment.yaml'), 'utf8');

/** Those of leader elections, divided by four. */
const election = {leaseDurationMs: 4_000, renewDeadlineMs: 3_000, retryPeriodMs: 500};
const config = {leaderElection: election, drain: {windowMs: 1_000}, xds: {tls: {extraHosts: ['localhost']}}};

const parents = ['web', 'other'];
const live = (edit: number): KubeObject => route('live', {parents, edit});
const hostOf = (edit: number): string => `edit-${edit}.test`;
const extra = (edit: number): KubeObject => route(`extra-${edit}`, {parents, hostnames: [hostOf(edit)]});

type Lease = KubeObject & {readonly spec: {readonly holderIdentity?: string; readonly leaseTransitions?: number}};
const lease = named('coordination.k8s.io/v1', 'Lease', 'sluice', home);

describeWithCluster('pods', 'two replicas', () => {
  let cluster: Cluster;
  let loads: readonly EchoLoad[] = [];
  let nextEdit = 1;
  const ports = new Map<string, number>();

  beforeAll(async () => {
    cluster = await clusterForTests('pods', {images});
    await cluster.installGatewayApi();
    await installSluice(cluster, {config, replicas: 2});
    await cluster.apply(echo);
    await cluster.apply([...parents.map((name) => gateway(name)), live(0)]);
    const targets: number[] = [];
    for (const name of parents) targets.push(await cluster.forward(await programmed(cluster, gateway(name)), 8080));
    for (const port of targets) {
      await eventually(async () => expect((await request({port})).headers).toMatchObject({'x-edit': '0'}), 30_000);
    }
    loads = targets.map((port) => startEchoLoad(new Map([['', port]])));
  });

  const replicas = (): Promise<readonly Pod[]> => podsOf(cluster, home, 'app.kubernetes.io/name=sluice');
  const forwarded = async (pod: Pod, port: number): Promise<number> => {
    const key = `${pod.metadata.uid} ${port}`;
    const found = ports.get(key) ?? (await cluster.forward(pod.status?.podIP ?? '', port));
    ports.set(key, found);
    return found;
  };
  const metrics = async (pod: Pod): Promise<Metrics> => metricsOf(await forwarded(pod, 9092));
  /** Of Envoys that each of the Pods serves. */
  const clientsOf = (pods: readonly Pod[]): Promise<readonly number[]> =>
    Promise.all(pods.map(async (pod) => (await metrics(pod))('sluice_xds_clients', {dialect: 'envoy'})));
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
  /** Name of the Pod in the Lease. */
  const holder = async (): Promise<string> =>
    ((await read<Lease>(cluster, lease))?.spec.holderIdentity ?? '').replace(/_[^_]*$/, '');
  const writes = {result: 'written'};

  /** The one that leads, and the other one. Only the first says that it does. */
  const leaderAndFollower = async (): Promise<readonly [Pod, Pod]> =>
    eventually(async () => {
      const pods = await replicas();
      const leading = await holder();
      const leader = pods.find(({metadata}) => metadata.name === leading);
      const follower = pods.find(({metadata}) => metadata.name !== leading);
      expect(pods.map(isReady)).toEqual([true, true]);
      if (leader === undefined || follower === undefined) throw new Error(`${leading} leads, and is none of the Pods`);
      expect((await metrics(leader))('sluice_leader')).toBe(1);
      expect((await metrics(follower))('sluice_leader')).toBe(0);
      return [leader, follower];
    }, 20_000);

  /** Resolves when another Pod is in the Lease; to how long nobody was, and how long it took since `from`. */
  const handover = async (old: string, from: number): Promise<{readonly gapMs: number; readonly afterMs: number}> => {
    let last = performance.now();
    for (;;) {
      const asked = performance.now();
      const now = await holder();
      if (now !== '' && now !== old) return {gapMs: asked - last, afterMs: performance.now() - from};
      if (now === old) last = asked;
      if (asked - from > 30_000) throw new Error(`after 30 s ${now === '' ? 'nobody' : now} leads`);
      await sleep(20);
    }
  };

  /** Every route and every Gateway tells all of itself, as it is now. */
  const complete = async (): Promise<number> => {
    const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`;
    const routes = (await cluster.request<{readonly items: readonly RouteObject[]}>('GET', path)).body.items;
    for (const {metadata, status} of routes) {
      const conditions = ['Accepted', 'ResolvedRefs'].map((type) => condition(type, metadata.generation));
      expect(status?.parents, metadata.name).toEqual(
        parents.map((name) => expect.objectContaining({parentRef: expect.objectContaining({name}), conditions})),
      );
    }
    for (const name of parents) {
      const found = await read<GatewayObject>(cluster, gateway(name));
      expect(found?.status.listeners?.[0]?.attachedRoutes).toBe(routes.length);
      expect(found?.status.conditions).toContainEqual(condition('Programmed'));
    }
    return routes.length;
  };

  /** Edits go on while `what` is done and for a while after; prints, and checks, that nobody noticed. */
  const whileEdited = async (title: string, what: () => Promise<void>): Promise<readonly Edit[]> => {
    const before = loads.map((load) => load.report());
    const edits = startEdits(cluster, {loads, first: nextEdit, edited: live, created: extra});
    await sleep(1_000);
    await what();
    await sleep(1_000);
    const made = await edits.stop();
    nextEdit += made.length;
    const slowest = Math.max(...made.map(({seenAfterMs}) => seenAfterMs));
    console.log(`${title}: ${made.length} edits, each seen by both Envoys after ${slowest} ms at most`);
    for (const [i, load] of loads.entries()) {
      const {requests, failures, ...rest} = load.report();
      const {requests: had = 0, failures: failed = 0} = before[i] ?? {};
      unharmed(`${title}, Gateway ${parents[i]}`, {...rest, requests: requests - had, failures: failures - failed});
    }
    // Those that were made meanwhile are routes like others.
    for (const {number} of made) {
      for (const load of loads) {
        const [port = 0] = load.ports.values();
        expect((await request({port, host: hostOf(number)})).status).toBe(200);
      }
    }
    return made;
  };

  /** Versions of all that a replica serves the Envoys of a Gateway, by type and name. */
  const served = async (pod: Pod, name: string, ca: string): Promise<ReadonlyMap<string, string>> => {
    const model = new ModelClient({
      mode: 'envoy',
      node: {id: `model.${namespace}`, cluster: `${namespace}/${name}`},
      store: {version: () => 'some'},
      follows: true,
      readBody: readProductBody,
    });
    const stream = connectModel(model, await forwarded(pod, 9978), {
      headers: {authorization: `Bearer ${await cluster.serviceAccountToken(namespace, name, 'agentgateway')}`},
      channel: credentials.createSsl(Buffer.from(ca)),
    });
    cleanUpLater(() => stream.close());
    model.subscribe(typeUrls.cluster);
    model.subscribe(typeUrls.listener);
    const versions = await eventually(() => {
      expect(model.messages.map(({type}) => type)).toContain(typeUrls.virtualHost);
      return Object.values(typeUrls).flatMap((type) =>
        [...model.type(type).versions].map(([resource, version]): [string, string] => [`${type} ${resource}`, version]),
      );
    });
    stream.close();
    expect(model.violations).toEqual([]);
    return new Map(versions);
  };

  it('serve the same to proxies, and one of them writes', async () => {
    const [leader, follower] = await leaderAndFollower();
    const [first, second] = [await metrics(leader), await metrics(follower)];
    const clients = await clientsOf([leader, follower]);
    console.log(`Envoys connected to the leader, and to the other one: ${clients.join(', ')}`);
    expect(sum(clients)).toBe(parents.length);
    expect(first('sluice_status_writes_total', writes)).toBeGreaterThan(0);
    expect(second('sluice_status_writes_total', writes)).toBe(0);
    expect(second('sluice_provision_objects_total')).toBe(0);

    type ConfigMap = KubeObject & {readonly data: Readonly<Record<string, string>>};
    for (const name of parents) {
      const bundle = await read<ConfigMap>(cluster, named('v1', 'ConfigMap', `${name}-xds-ca`));
      const ca = bundle?.data['ca.crt'] ?? '';
      const [ofLeader, ofFollower] = [await served(leader, name, ca), await served(follower, name, ca)];
      expect(ofLeader.size).toBeGreaterThanOrEqual(5);
      expect(ofFollower).toEqual(ofLeader);
    }
    expect(await complete()).toBe(1);
  });

  // The second time it is the one that all Envoys are connected to.
  it.each([
    ['once', 0],
    ['again', parents.length],
  ])('go on when the leader is killed %s: the other one takes over', async (time, atLeast) => {
    const [leader, follower] = await leaderAndFollower();
    const [connected] = await clientsOf([leader]);
    expect(connected).toBeGreaterThanOrEqual(atLeast);
    const pids = processesIn([podNamespace(cluster.id, leader.status?.podIP ?? '')]);
    expect(pids).toHaveLength(1);
    const edits = await whileEdited(`leader killed ${time}`, async () => {
      const killed = performance.now();
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      const {afterMs} = await handover(leader.metadata.name, killed);
      console.log(`another leader after ${Math.round(afterMs)} ms`);
      expect(afterMs).toBeLessThan(election.leaseDurationMs + 4 * election.retryPeriodMs);
    });
    expect(edits.length).toBeGreaterThan(5);
    const [next, restarted] = await leaderAndFollower();
    expect([next.metadata.name, restarted.metadata.name]).toEqual([follower.metadata.name, leader.metadata.name]);
    expect((await metrics(restarted))('sluice_status_writes_total', writes)).toBe(0);
    const clients = await clientsOf([next, restarted]);
    console.log(`Envoys connected to the new leader, and to the restarted one: ${clients.join(', ')}`);
    expect(sum(clients)).toBe(parents.length);
    console.log(`${await eventually(complete)} routes have complete statuses`);
  });

  it('go on when one is told to end: it gives the Lease back, and sends its proxies to the other one', async () => {
    const [leader, follower] = await leaderAndFollower();
    expect(await clientsOf([leader, follower])).toEqual([parents.length, 0]);
    const made = await whileEdited('leader told to end', async () => {
      const from = performance.now();
      await cluster.remove(named('v1', 'Pod', leader.metadata.name, home));
      const {gapMs, afterMs} = await handover(leader.metadata.name, from);
      console.log(`another leader after ${Math.round(afterMs)} ms, ${Math.round(gapMs)} ms after the last saw of it`);
      // Whoever waits asks every half second. Without giving it back it would be those of the Lease.
      expect(gapMs).toBeLessThan(2 * election.retryPeriodMs);
      await eventually(async () => {
        expect((await replicas()).map(({metadata}) => metadata.name)).not.toContain(leader.metadata.name);
      }, 20_000);
      console.log(`its Pod was gone after ${Math.round(performance.now() - from)} ms`);
    });
    expect(made.length).toBeGreaterThan(5);
    const pods = await leaderAndFollower();
    expect(pods.map(({metadata}) => metadata.name)).toContain(follower.metadata.name);
    await eventually(async () => {
      expect(sum(await clientsOf(pods))).toBe(parents.length);
    });
    console.log(`${await eventually(complete)} routes have complete statuses`);
    for (const [i, load] of loads.entries()) unharmed(`all along, Gateway ${parents[i]}`, await load.stop());
  });
});
