/** Replicas that elect a leader by a Lease of a real API server. The times are those of leader elections, divided by five. */
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, beforeAll, expect, it, vi} from 'vitest';
import {createLeaseElection, type LeaseElection} from '../../src/kube/lease-election.ts';
import type {Term} from '../../src/kube/lease-term.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {fieldsOf} from '../../src/status/kube-fields.ts';
import {account, gateway, httpRoute, replica, type Replica, replicaClient} from './replica.ts';

const WITHIN = {timeout: 30_000, interval: 10};
const times = {leaseMs: 3_000, renewMs: 2_000, retryMs: 400};
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

type Candidate = {
  readonly election: LeaseElection;
  readonly told: readonly string[];
  readonly terms: readonly Term[];
  readonly logged: readonly string[];
  isLeading(): boolean;
};

describeWithCluster('loopback', 'an election and a real API server', () => {
  let cluster: Cluster;
  const endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    await cluster.installGatewayApi();
    await cluster.apply(account);
  });
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
    await cluster.request('DELETE', leases);
  });

  const candidate = async (
    identity: string,
    on: {elected?: (term: Term) => void; lost?: () => void} = {},
  ): Promise<Candidate> => {
    const client = await replicaClient(cluster);
    const [told, terms, logged]: [string[], Term[], string[]] = [[], [], []];
    const note = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
    const election = createLeaseElection({
      client,
      namespace: 'default',
      name: 'sluice',
      identity,
      ...times,
      log: {debug: () => {}, info: note, warn: note},
      onElected: (term) => {
        terms.push(term);
        told.push('elected');
        on.elected?.(term);
      },
      onLost: () => {
        told.push('lost');
        on.lost?.();
      },
    });
    endings.push(async () => {
      await election.stop();
      client.close();
    });
    election.start();
    return {election, told, terms, logged, isLeading: () => terms.some((term) => term.msLeft() > 0)};
  };
  const lease = async (): Promise<Readonly<Record<string, unknown>>> =>
    fieldsOf((await cluster.request<{readonly spec: unknown}>('GET', `${leases}/sluice`)).body.spec);

  it('is won by one, who keeps it, and gives it back to the next at once', async () => {
    const all = [await candidate('a'), await candidate('b'), await candidate('c')];
    await vi.waitFor(() => expect(all.filter((one) => one.isLeading())).toHaveLength(1), WITHIN);
    await sleep(2 * times.leaseMs);
    const [leader] = all.filter((one) => one.isLeading());
    expect(all.map(({told}) => told.length).toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
    expect(await lease()).toMatchObject({holderIdentity: leader?.election.holder(), leaseDurationSeconds: 3});

    const others = all.filter((one) => one !== leader);
    await leader?.election.stop();
    expect(leader?.told).toEqual(['elected', 'lost']);
    const given = performance.now();
    await vi.waitFor(() => expect(others.filter((one) => one.isLeading())).toHaveLength(1), WITHIN);
    // Whoever waits asks every 400 ms; the Lease would have been good for 3 s more.
    expect(performance.now() - given).toBeLessThan(2_000);
    const [next] = others.filter((one) => one.isLeading());
    expect(next?.terms[0]?.number).toBeGreaterThan(leader?.terms[0]?.number ?? NaN);
    expect(await lease()).toMatchObject({
      holderIdentity: next?.election.holder(),
      leaseTransitions: next?.terms[0]?.number,
    });
  });

  it.each([
    ['is killed', () => cluster.killApiServer(), () => cluster.startApiServer()],
    ['answers nothing', () => cluster.pauseApiServer(), () => cluster.resumeApiServer()],
  ])('is over for a leader in time when the server %s, and held again when it is back', async (_, down, up) => {
    const all = [await candidate('a'), await candidate('b')];
    await vi.waitFor(() => expect(all.filter((one) => one.isLeading())).toHaveLength(1), WITHIN);
    const [leader] = all.filter((one) => one.isLeading());
    await down();
    const from = performance.now();
    await vi.waitFor(() => expect(leader?.told).toEqual(['elected', 'lost']), WITHIN);
    expect(performance.now() - from).toBeLessThan(times.renewMs + 500);
    expect(all.filter((one) => one.isLeading())).toEqual([]);
    await up();
    await vi.waitFor(() => expect(all.filter((one) => one.isLeading())).toHaveLength(1), WITHIN);
    expect(leader?.logged.join()).toContain('leader election works again');
  });

  it('lets exactly one of two replicas write statuses, and the other go on where it left off', async () => {
    const replicas: Replica[] = [];
    const candidates: Candidate[] = [];
    for (const name of ['a', 'b']) {
      const one = await replica(cluster);
      await one.start({lead: false});
      replicas.push(one);
      endings.push(() => one.stop());
      candidates.push(
        await candidate(name, {elected: (term) => one.writer.lead(term), lost: () => one.writer.follow()}),
      );
    }
    const create = async (name: string): Promise<void> => {
      const {status} = await cluster.request(
        'POST',
        `/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes`,
        httpRoute(name),
      );
      expect(status).toBe(201);
    };
    await cluster.apply([gateway('web')]);
    for (let i = 0; i < 100; i++) await create(`r${i}`);
    const written = (): readonly number[] => replicas.map(({writer}) => writer.counts().written);
    // Of the Gateway, whose routes are counted, there are several.
    const routes = (): readonly number[] =>
      replicas.map(
        ({writer}) =>
          writer.counts().results.find(({kind, result}) => kind === 'HTTPRoute' && result === 'written')?.count ?? 0,
      );
    await vi.waitFor(() => expect(routes().toSorted((a, b) => a - b)).toEqual([0, 100]), WITHIN);
    const first = routes().indexOf(100);
    expect(written()[1 - first]).toBe(0);

    await candidates[first]?.election.stop();
    for (let i = 100; i < 150; i++) await create(`r${i}`);
    await vi.waitFor(() => expect(routes()[1 - first]).toBe(50), WITHIN);
    await sleep(500);
    expect(routes().toSorted((a, b) => a - b)).toEqual([50, 100]);
  });
});
