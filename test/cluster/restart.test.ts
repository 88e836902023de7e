/** Sluice ends and starts again in a cluster in which nothing has changed: nobody hears of it. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {dataset, routeOf} from '../../bench/datasets.ts';
import {objectKey} from '../../src/api/object.ts';
import {apiVersionOf, kubeKinds} from '../../src/kube/kinds.ts';
import {allPath, provisionedKinds} from '../../src/provision/kube-kinds.ts';
import {base, objectsIn} from '../deploy/manifests.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {connectProxy, type Proxy} from '../e2e/load/proxy.ts';
import {messageOf} from '../rig/api-client.ts';
import type {Cluster} from '../rig/cluster.ts';
import type {KubeObject} from '../rig/objects.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {auditLog} from './audit-log.ts';
import {condition, type GatewayObject, home, read, type RouteObject} from './installed.ts';
import {type Metrics, metricsOf} from './metrics.ts';
import {type RunningSluice, runningSluice} from './running-sluice.ts';

const ROUTES = 2_000;
/** Routes are of one of them, every fourth of the second. */
const gateways = [
  {name: 'web', className: 'envoy'},
  {name: 'agents', className: 'agentgateway'},
] as const;
const gatewayOf = (i: number): string => (i % 4 === 3 ? 'agents' : 'web');

const data = dataset(ROUTES);
const objects = ((): readonly KubeObject[] => {
  const namespaces = [...new Set(data.services.map(({metadata}) => metadata.namespace ?? ''))];
  const {apiVersion, kind, spec} = data.gateway;
  // An API server takes no endpoints on loopback.
  const slices = data.slices.map((slice) => ({
    ...slice,
    endpoints: slice.endpoints?.map(({addresses}) => ({
      addresses: addresses.map((address) => address.replace(/^127/, '10')),
    })),
  }));
  return [
    ...namespaces.map((name) => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name}})),
    ...gateways.map(({name, className}) => ({
      apiVersion,
      kind,
      metadata: {name, namespace: 'default'},
      spec: {...spec, gatewayClassName: className},
    })),
    ...data.services,
    ...slices,
    ...data.routes.map((route, i) => withParent(route, gatewayOf(i))),
  ] as readonly KubeObject[]; // all of them have a name
})();

function withParent<T extends {readonly spec: object}>(route: T, gateway: string): T {
  return {...route, spec: {...route.spec, parentRefs: [{name: gateway, namespace: 'default'}]}};
}

const account = {namespace: home, name: 'sluice'};
const user = `system:serviceaccount:${home}:sluice`;

describeWithCluster('loopback', `a restart with ${ROUTES} routes`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-audit-'));
  const audit = auditLog(folder);
  let cluster: Cluster;
  let sluice: RunningSluice;
  let proxies: readonly Proxy[] = [];

  beforeAll(async () => {
    cluster = await clusterForTests('loopback', {apiServerArgs: audit.args});
    await cluster.installGatewayApi();
    await cluster.apply(objectsIn(base).filter(({kind}) => kind !== 'Deployment'));
    await create(objects);
    sluice = await runningSluice({
      provider: {
        type: 'kubernetes',
        kubernetes: {
          kubeconfig: await cluster.kubeconfig(join(cluster.folder, 'sluice'), {as: {serviceAccount: account}}),
        },
      },
      xds: {
        serviceHost: `sluice.${home}.svc`,
        servicePort: 9978,
        tls: {mode: 'plaintext'},
        auth: {enabled: false},
      },
      leaderElection: {enabled: true, leaseDurationMs: 5_000, renewDeadlineMs: 4_000, retryPeriodMs: 500},
      provision: {enabled: true},
      drain: {windowMs: 500},
    });
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  const create = async (all: readonly KubeObject[]): Promise<void> => {
    const line = [...all];
    const client = async (): Promise<void> => {
      for (let object = line.shift(); object !== undefined; object = line.shift()) {
        const path = (await cluster.pathOf(object)).replace(/\/[^/]*$/, '');
        const answer = await cluster.request('POST', path, object);
        if (answer.status !== 201) throw new Error(`${object.kind} ${object.metadata.name}: ${messageOf(answer)}`);
      }
    };
    const [first, ...rest] = line;
    // Which paths there are is asked once; namespaces come before what is in them.
    if (first !== undefined) await cluster.pathOf(first);
    const namespaces = line.filter(({kind}) => kind === 'Namespace');
    if (namespaces.length > 0 && namespaces.length < line.length) {
      await create(namespaces);
      await create(rest.filter(({kind}) => kind !== 'Namespace'));
      return;
    }
    await Promise.all(Array.from({length: 16}, client));
  };

  const metrics = (): Promise<Metrics> => metricsOf(sluice.adminPort);
  const writes = (of: Metrics, result: string): number => of('sluice_status_writes_total', {result});

  /** The resourceVersion of every object that Sluice reads or makes, by kind and key. */
  const versions = async (): Promise<ReadonlyMap<string, string>> => {
    const all = new Map<string, string>();
    const read = kubeKinds.flatMap((kind) => kind.versions.map((version) => ({...kind, version})));
    const paths = [
      ...read.map((kind) =>
        allPath({apiVersion: apiVersionOf(kind, kind.version), kind: kind.kind, plural: kind.plural}),
      ),
      ...provisionedKinds.map(allPath),
    ];
    for (const path of new Set(paths)) {
      const answer = await cluster.request<{readonly items: readonly KubeObject[]}>('GET', path);
      // Kinds of CRDs that are not installed.
      if (answer.status === 404) continue;
      for (const {metadata} of answer.body.items) {
        all.set(`${path} ${objectKey({metadata})}`, metadata.resourceVersion ?? '');
      }
    }
    return all;
  };

  /** It leads, and has compared every status that it wants with that which is there. */
  const settled = async (): Promise<Metrics> =>
    eventually(
      async () => {
        const now = await metrics();
        expect(now('sluice_leader')).toBe(1);
        const looked = writes(now, 'written') + writes(now, 'equal');
        expect(looked).toBeGreaterThanOrEqual(ROUTES + 2 * gateways.length);
        expect(now('sluice_queue_depth')).toBe(0);
        return now;
      },
      60_000,
      100,
    );

  it('writes statuses and serves proxies, to begin with', async () => {
    audit.requestsOf(user);
    const from = performance.now();
    await sluice.start();
    console.log(`ready after ${Math.round(performance.now() - from)} ms`);
    const first = await settled();
    console.log(`${writes(first, 'written')} statuses written after ${Math.round(performance.now() - from)} ms`);
    const {items} = (
      await cluster.request<{items: readonly RouteObject[]}>('GET', '/apis/gateway.networking.k8s.io/v1/httproutes')
    ).body;
    expect(items).toHaveLength(ROUTES);
    for (const {status} of items) {
      expect(status?.parents[0]?.conditions).toEqual([condition('Accepted'), condition('ResolvedRefs')]);
    }
    for (const [i, {name, className}] of gateways.entries()) {
      const gateway = await read<GatewayObject>(cluster, {...data.gateway, metadata: {name, namespace: 'default'}});
      expect(gateway?.status.listeners?.[0]?.attachedRoutes).toBe(ROUTES * (i === 0 ? 0.75 : 0.25));
      proxies = [...proxies, await connectProxy({mode: className, xdsPort: sluice.xdsPort, gateway: name})];
    }
    for (const proxy of proxies) await proxy.quiet(500);
    const sent = (await metrics())('sluice_xds_resources_total');
    console.log(`${sent} resources sent to ${proxies.length} proxies`);
    expect(sent).toBeGreaterThan(ROUTES);
    // What the controllers of the cluster make of that which was provisioned.
    await sleep(2_000);
    console.log('asked to be changed:', audit.requestsOf(user));
  });

  it.each([
    ['told to end', 'SIGTERM', 0],
    ['killed', 'SIGKILL', null],
  ] as const)('changes nothing when it starts again after it was %s', async (_, signal, code) => {
    const before = await versions();
    audit.requestsOf(user);
    const had = proxies.map(({model}) => model.messages.length);
    expect(await sluice.end(signal)).toBe(code);
    audit.requestsOf(user);

    const from = performance.now();
    let isReady = false;
    const starting = sluice.start().then(() => (isReady = true));
    // Proxies do not wait until it is ready.
    const reconnected = proxies.map(async (proxy) => {
      for (let tries = 1; ; tries++) {
        proxy.reconnect();
        const ended = proxy.stream().status.then(() => true);
        while (!(await Promise.race([ended, sleep(100, false)]))) if (isReady) return tries;
        await sleep(50);
      }
    });
    await starting;
    console.log(`ready after ${Math.round(performance.now() - from)} ms`);
    const tries = await Promise.all(reconnected);
    const after = await settled();
    console.log(`leads, and has looked at all statuses, after ${Math.round(performance.now() - from)} ms`);
    await sleep(1_500);
    for (const proxy of proxies) await proxy.quiet();

    const now = await metrics();
    const messages = proxies.flatMap(({model}, i) => model.messages.slice(had[i]));
    const resources = messages.flatMap((message) => message.resources);
    const removed = messages.flatMap((message) => message.removed);
    console.log(
      `statuses: ${writes(now, 'equal')} as they are to be, ${writes(now, 'written')} written;`,
      `xDS: ${tries.join(' and ')} tries to connect, ${messages.length} messages, ` +
        `${resources.length} resources, ${removed.length} removals`,
    );
    expect(now('sluice_xds_clients')).toBe(proxies.length);
    expect(writes(after, 'equal')).toBe(ROUTES + 2 * gateways.length);
    expect([writes(now, 'written'), writes(now, 'removed')]).toEqual([0, 0]);
    expect(now('sluice_provision_objects_total')).toBe(0);
    expect([now('sluice_xds_resources_total'), now('sluice_xds_removed_total')]).toEqual([0, 0]);
    expect([resources, removed]).toEqual([[], []]);
    expect(proxies.flatMap(({model}) => model.violations)).toEqual([]);
    const asked = audit.requestsOf(user);
    console.log('asked to be changed:', asked);
    const others = Object.keys(asked).filter((request) => !/ leases /.test(request));
    expect(others).toEqual([]);
    expect(await versions()).toEqual(before);
  });

  it('still writes and sends what does change, and no more', async () => {
    const before = await metrics();
    const edited = data.routes[0];
    const {namespace = '', name = ''} = edited?.metadata ?? {};
    const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/${name}`;
    const {spec} = withParent(routeOf(0, namespace, 'service-0', 1), gatewayOf(0));
    const answer = await cluster.request('PATCH', path, {spec}, 'application/merge-patch+json');
    expect(answer.status).toBe(200);
    await eventually(async () => expect(writes(await metrics(), 'written')).toBe(writes(before, 'written') + 1));
    for (const proxy of proxies) await proxy.quiet(500);
    const now = await metrics();
    expect(writes(now, 'written')).toBe(writes(before, 'written') + 1);
    expect(now('sluice_xds_resources_total')).toBe(before('sluice_xds_resources_total') + 1);
    const [envoy] = proxies;
    const [last] = envoy?.model.messages.slice(-1) ?? [];
    expect(last?.resources.map((resource) => resource.body.content).join()).toContain('/edit-1');
  });
});
