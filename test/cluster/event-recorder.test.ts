/** Events, as a real API server takes them. */
import {beforeAll, expect, it, vi} from 'vitest';
import {createEventRecorder, type Occurrence} from '../../src/status/kube-event-recorder.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {account, gateway, replicaClient} from './replica.ts';

const WITHIN = {timeout: 30_000, interval: 20};

describeWithCluster('loopback', 'the event recorder and a real API server', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    await cluster.installGatewayApi();
    await cluster.apply([...account, gateway('web')]);
  });

  it('writes events about an object, counts them, and keeps to what a server accepts', async () => {
    const client = await replicaClient(cluster);
    const logged: string[] = [];
    const recorder = createEventRecorder({
      client,
      reporter: {controller: 'sluice.dev/controller', instance: 'sluice-0'},
      log: {debug: () => {}, warn: (fields, message) => void logged.push(`${message} ${JSON.stringify(fields)}`)},
      limits: {seriesMs: 100},
    });
    const {status, body} = await cluster.request<{readonly metadata: {readonly uid: string}}>(
      'GET',
      '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/web',
    );
    expect(status).toBe(200);
    const regarding = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      namespace: 'default',
      name: 'web',
      uid: body.metadata.uid,
    };
    const refused: Occurrence = {
      regarding,
      type: 'Warning',
      reason: 'Refused',
      action: 'Programming',
      note: 'bad cipher',
    };
    const long = {...refused, reason: 'R'.repeat(300), action: 'A'.repeat(300), note: 'ü'.repeat(5_000)};
    const cluster_ = {
      ...refused,
      regarding: {apiVersion: regarding.apiVersion, kind: 'GatewayClass', name: 'x'.repeat(253)},
    };
    for (let i = 0; i < 5; i++) recorder.record(refused);
    recorder.record(long);
    recorder.record(cluster_);

    type Event = {
      readonly reason: string;
      readonly note: string;
      readonly regarding: object;
      readonly series?: {readonly count: number};
    };
    const events = async (): Promise<readonly Event[]> =>
      (
        await cluster.request<{readonly items: readonly Event[]}>(
          'GET',
          '/apis/events.k8s.io/v1/namespaces/default/events',
        )
      ).body.items.filter(({regarding: {kind}}: Event & {regarding: {kind?: string}}) => kind?.startsWith('Gateway'));
    await vi.waitFor(async () => expect(await events()).toHaveLength(3), WITHIN);
    recorder.record(refused);
    await vi.waitFor(async () => {
      const counted = (await events()).find(({note}) => note === 'bad cipher');
      expect(counted).toMatchObject({regarding, series: {count: 6}, reportingController: 'sluice.dev/controller'});
    }, WITHIN);
    await recorder.stop();
    client.close();
    expect(logged).toEqual([]);
    expect(recorder.counts()).toMatchObject({dropped: 0});
  });

  it('says once that it may not', async () => {
    await cluster.remove(account.filter(({kind}) => kind === 'ClusterRoleBinding'));
    const client = await replicaClient(cluster);
    const logged: string[] = [];
    const recorder = createEventRecorder({
      client,
      reporter: {controller: 'sluice.dev/controller', instance: 'sluice-0'},
      log: {debug: () => {}, warn: (fields, message) => void logged.push(`${message} ${JSON.stringify(fields)}`)},
    });
    const regarding = {apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', namespace: 'default', name: 'web'};
    for (const note of ['one', 'two']) {
      recorder.record({regarding, type: 'Warning', reason: 'Refused', action: 'Programming', note});
    }
    await vi.waitFor(() => expect(recorder.counts().dropped).toBe(2), WITHIN);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('cannot create resource');
    await recorder.stop();
    client.close();
  });
});
