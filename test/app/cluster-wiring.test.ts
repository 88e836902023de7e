/** The small pieces that a cluster is wired with, each against the graph and an API server in memory. */
import {describe, expect, it} from 'vitest';
import {graphOutputs} from '../../collections/index.ts';
import {gateways, nacks, provisionFailures, serviceAddresses, sessionSeed, settings} from '../../collections/inputs.ts';
import {createGatewayClasses} from '../../src/cluster/gateway-classes.ts';
import {recordGatewayEvents} from '../../src/cluster/gateway-events.ts';
import {clusterSettings, createClusterInputs} from '../../src/cluster/cluster-inputs.ts';
import {followServiceAddresses} from '../../src/cluster/service-addresses.ts';
import {defaultConfig} from '../../src/config/load-config.ts';
import type {StaticConfig} from '../../src/config/static-config.ts';
import type {Gateway} from '../../src/gen/gateway-api.ts';
import {endlessTerm} from '../../src/kube/lease-term.ts';
import {LiveStore} from '../../src/kube/live-store.ts';
import {createGraph} from '../../src/krt/index.ts';
import type {Occurrence} from '../../src/status/kube-event.ts';
import {memoryApi} from '../kube/memory-api.ts';
import {simulatedTime} from '../kube/simulated-time.ts';

const config: StaticConfig = defaultConfig('/', {
  environment: {KUBERNETES_SERVICE_HOST: '10.96.0.1', POD_NAME: 'sluice-1', POD_NAMESPACE: 'sluice-system'},
});
const nothing = (): void => {};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the addresses of Services', () => {
  const balanced = (...ips: readonly string[]): unknown => ({loadBalancer: {ingress: ips.map((ip) => ({ip}))}});
  const live = (status: unknown) => ({apiVersion: 'v1', uid: 'u', resourceVersion: '1', generation: 1, status});
  const name = (key: string) => ({groupKind: '/Service', key});

  it('are in the graph as they stand in statuses, and follow these', async () => {
    const graph = createGraph({outputs: graphOutputs});
    const store = new LiveStore();
    store.set(name('shop/web'), live(balanced('192.0.2.1', '192.0.2.2')));
    store.set(name('shop/plain'), live({loadBalancer: {}}));
    const stop = followServiceAddresses(graph, store);
    expect(graph.list(serviceAddresses).map(({key, addresses}) => [key, addresses.map(({value}) => value)])).toEqual([
      ['shop/web', ['192.0.2.1', '192.0.2.2']],
    ]);

    const {epoch} = graph;
    store.set(name('shop/plain'), live({}));
    await turn();
    expect(graph.epoch).toBe(epoch);

    store.set(name('shop/plain'), live(balanced('192.0.2.3')));
    store.set(name('shop/web'), live(undefined));
    await turn();
    expect(graph.epoch).toBe(epoch + 1);
    expect(graph.list(serviceAddresses).map(({key}) => key)).toEqual(['shop/plain']);

    store.delete(name('shop/plain'));
    await turn();
    expect(graph.list(serviceAddresses)).toEqual([]);

    stop();
    store.set(name('shop/web'), live(balanced('192.0.2.4')));
    await turn();
    expect(graph.list(serviceAddresses)).toEqual([]);
  });
});

describe('GatewayClasses', () => {
  const path = (dialect: string): string => `/apis/gateway.networking.k8s.io/v1/gatewayclasses/${dialect}`;
  const world = () => {
    const time = simulatedTime();
    const api = memoryApi({time});
    const warned: string[] = [];
    let isServed = true;
    const there = new Set<string>();
    const client = api.client({
      fault: () => (isServed ? undefined : {kind: 'answer', status: 404, reason: 'NotFound'}),
    });
    const log = {
      debug: nothing,
      info: nothing,
      warn: (_: object, text: string) => void warned.push(text),
      error: nothing,
    };
    const clock = {now: () => time.now(), date: () => new Date(0), after: time.after};
    const create = (term = endlessTerm) =>
      createGatewayClasses(config, {client, term, log, clock, isThere: (name) => there.has(name)});
    const posted = () => api.exchanges.filter(({method}) => method === 'POST').length;
    return {time, api, warned, create, posted, there, serve: (is: boolean) => (isServed = is)};
  };

  it('are made where there are none of their names, once', async () => {
    const {time, api, create, posted} = world();
    api.apply(path('envoy'), {spec: {controllerName: 'somebody.else/controller'}});
    const stop = create();
    await time.advance(60_000);
    expect(api.get(path('envoy'))?.spec).toEqual({controllerName: 'somebody.else/controller'});
    expect(api.get(path('agentgateway'))).toMatchObject({
      kind: 'GatewayClass',
      spec: {controllerName: config.controllerNames.agentgateway},
    });
    expect(posted()).toBe(2);
    // Who deletes one does not want it.
    api.delete(path('agentgateway'));
    await time.advance(60_000);
    expect(posted()).toBe(2);
    stop();
  });

  it('are not asked for where they have been read', async () => {
    const {time, create, posted, there} = world();
    there.add('envoy').add('agentgateway');
    create();
    await time.advance(60_000);
    expect(posted()).toBe(0);
  });

  it('wait for their CRD, and the log says so once', async () => {
    const {time, api, warned, create, serve} = world();
    serve(false);
    const stop = create();
    await time.advance(35_000);
    expect(warned).toEqual(['GatewayClasses could not be created yet']);
    serve(true);
    await time.advance(10_000);
    expect(api.paths()).toEqual(expect.arrayContaining([path('envoy'), path('agentgateway')]));
    stop();
  });

  it('are left to others when the term is over, or when it is stopped', async () => {
    const {time, create, posted, serve} = world();
    create({number: 1, msLeft: () => 0});
    await time.advance(60_000);
    expect(posted()).toBe(0);
    serve(false);
    const stop = create();
    await time.advance(5_000);
    const before = posted();
    stop();
    await time.advance(60_000);
    expect(posted()).toBe(before);
  });
});

describe('events of Gateways', () => {
  const gateway: Gateway = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {namespace: 'shop', name: 'web', uid: 'u1', generation: 1},
    spec: {gatewayClassName: 'envoy', listeners: []},
  };
  const nack = {
    key: '1|type|name',
    client: '1',
    scope: 'envoy/shop/web',
    type: 'type.googleapis.com/envoy.config.listener.v3.Listener',
    name: 'http-80',
    message: 'port is taken',
    warning: false,
  };

  it('tell what proxies refuse and what could not be made, of Gateways that exist', () => {
    const graph = createGraph({outputs: graphOutputs});
    const told: Occurrence[] = [];
    const stop = recordGatewayEvents(graph, {record: (occurrence) => void told.push(occurrence)});
    graph.commit((tx) => {
      tx.set(gateways, gateway);
      tx.set(nacks, nack);
      tx.set(nacks, {...nack, key: 'other', scope: 'envoy/shop/gone'});
    });
    graph.commit((tx) => tx.set(provisionFailures, {key: 'shop/web', message: 'quota exceeded'}));
    graph.commit((tx) => tx.set(nacks, {...nack, key: '2', scope: 'agentgateway/shop/web', warning: true}));
    // What heals is no news of this kind.
    graph.commit((tx) => {
      tx.delete(nacks, nack.key);
      tx.delete(provisionFailures, 'shop/web');
    });
    const regarding = {apiVersion: gateway.apiVersion, kind: 'Gateway', namespace: 'shop', name: 'web', uid: 'u1'};
    const warning = {regarding, type: 'Warning'};
    expect(told).toEqual([
      {
        ...warning,
        reason: 'ConfigurationRejected',
        action: 'Programming',
        note: 'a proxy rejected Listener http-80: port is taken',
      },
      {...warning, reason: 'ProvisioningFailed', action: 'Provisioning', note: 'quota exceeded'},
      {
        ...warning,
        reason: 'ConfigurationWarning',
        action: 'Programming',
        note: 'a proxy took, with a warning, Listener http-80: port is taken',
      },
    ]);
    stop();
    graph.commit((tx) => tx.set(nacks, {...nack, key: '3'}));
    expect(told).toHaveLength(3);
  });
});

describe('the settings of a cluster', () => {
  it('say how proxies reach us, and with what they check that it is us', () => {
    expect(clusterSettings(config, '1.2.3', 'PEM').provisioning).toMatchObject({
      version: '1.2.3',
      xds: {host: 'sluice.sluice-system.svc.cluster.local', port: 9978, ca: 'PEM', audience: 'agentgateway'},
    });
    const {xds, provision} = config;
    const open = {...config, xds: {...xds, auth: {...xds.auth, enabled: false}}};
    expect(clusterSettings(open, '1', undefined).provisioning?.xds).toEqual({host: xds.serviceHost, port: 9978});
    const none = {...config, provision: {...provision, enabled: false}};
    expect(clusterSettings(none, '1', undefined).provisioning).toBeUndefined();
  });

  it('come with a seed that no other process has', () => {
    const seedOf = (): string | undefined => {
      const graph = createGraph({outputs: graphOutputs});
      graph.commit((tx) => createClusterInputs(config, '1', () => undefined).begin(tx));
      expect(graph.get(settings, 'settings')?.provider).toBe('kubernetes');
      return graph.get(sessionSeed, 'seed')?.privateKey;
    };
    const [first, second] = [seedOf(), seedOf()];
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
  });
});
