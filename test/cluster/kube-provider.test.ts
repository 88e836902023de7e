/** The provider against a real API server, with the permissions it needs and no others. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeAll, expect, it, vi} from 'vitest';
import {groupKind, type KubeObject, objectKey} from '../../src/api/object.ts';
import {formatProblem} from '../../src/api/problem.ts';
import {createKubeClient, type KubeClientOptions} from '../../src/kube/kube-client.ts';
import {createKubeProvider, type KubeProvider, type KubeProviderOptions} from '../../src/kube/kube-provider.ts';
import {collectionPath, coreKinds, gatewayKinds, groupKindOf} from '../../src/kube/kinds.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import type {Batch} from '../../src/kube/outgoing.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';

const SECONDS = 1_000;
const WITHIN = {timeout: 60 * SECONDS, interval: 20};

/** What the provider reads, and nothing else. */
const permissions = (resources: readonly string[]): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {name: 'reader'},
  rules: [
    {apiGroups: [''], resources, verbs: ['list', 'watch']},
    {apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch']},
    {
      apiGroups: ['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io'],
      resources: ['*'],
      verbs: ['list', 'watch'],
    },
    {apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list', 'watch']},
  ],
});
const SERVED = [...coreKinds, ...gatewayKinds];
const CORE = ['namespaces', 'nodes', 'secrets', 'configmaps', 'services', 'pods'];

const service = (name: string, port = 80, namespace = 'default'): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {name, namespace},
  spec: {ports: [{port, name: 'http'}], selector: {app: name}},
});
const route = (name: string, hostname = 'a.example.com'): object => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: {name, namespace: 'default', annotations: {note: 'x'}},
  spec: {hostnames: [hostname], rules: [{backendRefs: [{name: 'web', port: 80}]}]},
});

describeWithCluster('loopback', 'the Kubernetes provider and a real API server', () => {
  let cluster: Cluster;
  let kubeconfig = '';
  const token = (): string => join(cluster.folder, 'token');
  const stops: (() => Promise<void>)[] = [];

  const account = {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'reader', namespace: 'default'}};
  const newToken = async (): Promise<void> =>
    writeFileSync(token(), await cluster.serviceAccountToken('default', 'reader'));

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    await cluster.installGatewayApi();
    await cluster.apply([
      account,
      permissions(CORE),
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: {name: 'reader'},
        roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader'},
        subjects: [{kind: 'ServiceAccount', name: 'reader', namespace: 'default'}],
      },
    ] as KubeObject[]);
    await newToken();
    kubeconfig = await cluster.kubeconfig(join(cluster.folder, 'kubeconfig'), {as: {tokenFile: token()}});
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  type Reading = {
    readonly provider: KubeProvider;
    readonly batches: Batch[];
    readonly objects: ReadonlyMap<string, KubeObject>;
    readonly logged: readonly string[];
    /** `+Kind key`, `-Kind key` since the last time. */
    changes(): string[];
    /** Waits until what was delivered is what the server has. */
    agrees(): Promise<void>;
    requests(kind: string): string[];
  };

  type Options = Partial<Omit<KubeProviderOptions, 'client' | 'server' | 'onChanges' | 'log'>> & {
    readonly transport?: Partial<KubeClientOptions>;
  };

  const read = (options: Options = {}): Reading => {
    const {transport, ...rest} = options;
    const credentials = loadCredentials({kubeconfig});
    const client = createKubeClient(credentials, {version: 'test', ...transport});
    const objects = new Map<string, KubeObject>();
    const batches: Batch[] = [];
    const logged: string[] = [];
    const log =
      (level: string) =>
      (fields: object, message: string): void =>
        void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const kinds = rest.kinds ?? SERVED;
    const provider = createKubeProvider({
      client,
      server: credentials.server,
      log: {debug: () => {}, info: log('info'), warn: log('warn'), error: log('error')},
      ...rest,
      kinds,
      onChanges: (batch) => {
        batches.push(batch);
        for (const removed of batch.removed) objects.delete(`${removed.groupKind} ${removed.key}`);
        for (const object of batch.set) objects.set(`${groupKind(object)} ${objectKey(object)}`, object);
      },
    });
    stops.push(async () => {
      await provider.stop();
      client.close();
    });

    const listed = async (): Promise<Map<string, string>> => {
      const found = new Map<string, string>();
      for (const kind of kinds) {
        const selector =
          kind.fieldSelector === undefined ? '' : `?fieldSelector=${encodeURIComponent(kind.fieldSelector)}`;
        const path = `${collectionPath(kind, kind.versions[0] ?? '')}${selector}`;
        const {status, body} = await cluster.request<{readonly items: readonly KubeObject[]}>('GET', path);
        if (status !== 200) continue;
        for (const {metadata} of body.items) {
          found.set(`${groupKindOf(kind)} ${objectKey({metadata})}`, `${metadata.uid} ${metadata.resourceVersion}`);
        }
      }
      return found;
    };
    return {
      provider,
      batches,
      objects,
      logged,
      changes: () =>
        batches
          .splice(0)
          .flatMap(({removed, set}) => [
            ...removed.map(({groupKind: kind, key}) => `-${kind.split('/')[1]} ${key}`),
            ...set.map((object) => `+${object.kind} ${objectKey(object)}`),
          ]),
      agrees: () =>
        vi.waitFor(async () => {
          const delivered = [...objects].map(
            ([key, {metadata}]) => [key, `${metadata.uid} ${metadata.resourceVersion}`] as const,
          );
          expect(new Map(delivered)).toEqual(await listed());
        }, WITHIN),
      requests: (kind) =>
        (provider.metrics().find(({name}) => name === 'sluice_kube_requests_total')?.samples ?? [])
          .filter(({labels}) => labels['kind'] === kind)
          .map(({labels: {request, reason}, value}) => `${value} ${request} ${reason}`),
    };
  };

  /** Of a kind that nobody but these tests writes to. */
  const only = (...kinds: readonly string[]): Options => ({
    kinds: SERVED.filter(({kind}) => kinds.includes(kind)),
  });

  it('delivers everything and then what changes, by one watch for each kind', async () => {
    await cluster.apply([service('web'), route('one'), route('two')] as KubeObject[]);
    const reading = read();
    await reading.provider.start();
    expect(reading.batches).toHaveLength(1);
    await reading.agrees();
    expect([...reading.provider.states().values()].map(({is}) => is)).toEqual(Array(SERVED.length).fill('following'));

    await cluster.apply([service('web', 81), route('three')] as KubeObject[]);
    await cluster.remove([route('two')] as KubeObject[]);
    await reading.agrees();
    for (const kind of ['Service', 'HTTPRoute', 'Pod']) expect(reading.requests(kind)).toEqual(['1 watch first']);
    const [name] = [...reading.provider.live.names()].filter(({key}) => key === 'default/three');
    expect(name && reading.provider.live.get(name)).toMatchObject({generation: 1, status: undefined});
    expect(reading.provider.problems()).toEqual([]);
    expect(reading.logged).toEqual([]);
    expect(reading.objects.get('gateway.networking.k8s.io/HTTPRoute default/one')).not.toHaveProperty(
      'metadata.managedFields',
    );
  });

  it('delivers the same by lists, page by page', async () => {
    const many = Array.from({length: 700}, (_, count) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {name: `many-${count}`, namespace: 'default'},
      data: {count: String(count)},
    }));
    for (let from = 0; from < many.length; from += 50) {
      await Promise.all(
        many
          .slice(from, from + 50)
          .map((object) => cluster.request('POST', '/api/v1/namespaces/default/configmaps', object)),
      );
    }
    const reading = read({watchLists: false});
    await reading.provider.start();
    await reading.agrees();
    expect(reading.requests('ConfigMap')).toEqual(['1 list first', '1 watch listed']);
    await cluster.request('DELETE', '/api/v1/namespaces/default/configmaps');
    await reading.agrees();
  });

  it('gets over an API server that is killed, one that is restarted in order, and one that is stopped in its tracks', async () => {
    const reading = read({
      transport: {health: {idleMs: 3 * SECONDS, answerMs: 2 * SECONDS}},
      ...only('Service', 'HTTPRoute'),
    });
    await reading.provider.start();
    await cluster.killApiServer();
    await vi.waitFor(() => expect(reading.logged.join()).toContain('warn the API server cannot be read'), WITHIN);
    await cluster.startApiServer();
    await cluster.apply([service('after-kill')] as KubeObject[]);
    await cluster.remove([route('one')] as KubeObject[]);
    await reading.agrees();

    await cluster.restartApiServer();
    await cluster.apply([service('after-restart'), route('one')] as KubeObject[]);
    await reading.agrees();

    await cluster.pauseApiServer();
    await vi.waitFor(() => expect(reading.provider.states().get('/Service')?.is).toBe('unreachable'), WITHIN);
    await cluster.resumeApiServer();
    await cluster.apply([service('after-pause')] as KubeObject[]);
    await reading.agrees();
    // Nothing was read anew: all of it is still known to the server. A list or two may be asked for all the same.
    expect(reading.changes().filter((change) => change.includes('HTTPRoute default/three'))).toHaveLength(1);
  });

  it('reads everything again where the server has forgotten what came between, and tells only what is new', async () => {
    await cluster.apply([service('stays'), service('goes')] as KubeObject[]);
    const reading = read(only('Service', 'HTTPRoute'));
    await reading.provider.start();
    reading.changes();
    await cluster.stopApiServer();
    await cluster.startApiServer();
    // Whether or not the watch is up again by now, its version is forgotten.
    await cluster.apply([service('comes')] as KubeObject[]);
    await cluster.remove([service('goes')] as KubeObject[]);
    await cluster.compactEtcd({forget: true});
    await cluster.apply([service('comes', 82)] as KubeObject[]);
    await reading.agrees();
    const changes = reading.changes();
    expect(changes).toContain('-Service default/goes');
    expect(changes).toContain('+Service default/comes');
    expect(changes.filter((change) => change.includes('stays') || change.includes('HTTPRoute'))).toEqual([]);
  });

  it('asks no older watch to go on after a compaction', async () => {
    const listed = await cluster.request<{readonly metadata: {readonly resourceVersion: string}}>(
      'GET',
      '/apis/gateway.networking.k8s.io/v1/httproutes',
    );
    await cluster.apply([service('more')] as KubeObject[]);
    await cluster.compactEtcd({forget: true});
    // What the provider meets then: tried by hand, so that it is certain that it is met.
    const client = createKubeClient(loadCredentials({kubeconfig}), {version: 'test'});
    const lines: string[] = [];
    const query = {watch: 'true', resourceVersion: listed.body.metadata.resourceVersion, timeoutSeconds: '5'};
    for await (const line of client.lines({path: '/apis/gateway.networking.k8s.io/v1/httproutes', query})) {
      lines.push(String(line));
    }
    client.close();
    expect(lines).toEqual([expect.stringContaining('"code":410')]);
  });

  it('empties a kind whose definition is deleted, and fills it when it is back', async () => {
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/udproutes.gateway.networking.k8s.io';
    const udpRoute = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'UDPRoute',
      metadata: {name: 'u', namespace: 'default'},
      spec: {rules: [{backendRefs: [{name: 'web', port: 80}]}]},
    };
    await cluster.apply([udpRoute] as KubeObject[]);
    const reading = read(only('UDPRoute', 'HTTPRoute'));
    await reading.provider.start();
    const key = 'gateway.networking.k8s.io/UDPRoute default/u';
    expect(reading.objects.has(key)).toBe(true);

    const {body} = await cluster.request<KubeObject & {readonly spec: unknown}>('GET', definition);
    await cluster.request('DELETE', definition);
    await vi.waitFor(
      () => expect(reading.provider.states().get('gateway.networking.k8s.io/UDPRoute')?.is).toBe('not served'),
      WITHIN,
    );
    expect(reading.objects.has(key)).toBe(false);

    await vi.waitFor(async () => expect((await cluster.request('GET', definition)).status).toBe(404), WITHIN);
    const {apiVersion, kind, metadata, spec} = body;
    const again = {apiVersion, kind, metadata: {name: metadata.name, annotations: metadata.annotations}, spec};
    // Resolves when it is served.
    await cluster.apply([again] as KubeObject[]);
    await cluster.apply([udpRoute] as KubeObject[]);
    const before = performance.now();
    await vi.waitFor(() => expect(reading.objects.has(key)).toBe(true), WITHIN);
    expect(performance.now() - before).toBeLessThan(5 * SECONDS);
    expect(reading.requests('HTTPRoute')).toEqual(['1 watch first']);
  });

  it('uses the token that is in the file when the one it had is refused', async () => {
    const reading = read(only('Service'));
    await reading.provider.start();
    // Another ServiceAccount of the same name: tokens of the first are refused.
    await cluster.remove([account] as KubeObject[]);
    await cluster.apply([account] as KubeObject[]);
    // An API server remembers for 10 s whom it has let in. A restart makes it forget, and ends the watch.
    await cluster.restartApiServer();
    await cluster.apply([service('unseen')] as KubeObject[]);
    await vi.waitFor(() => {
      const state = reading.provider.states().get('/Service');
      expect(state).toMatchObject({is: 'unreachable', message: expect.stringContaining('401')});
    }, WITHIN);
    expect(reading.objects.has('/Service default/web')).toBe(true);
    await newToken();
    await reading.agrees();
  });

  it('says what it may not read, goes on without, and reads it when it may', async () => {
    await cluster.apply([permissions(CORE.filter((name) => name !== 'secrets'))] as KubeObject[]);
    const secret = (name: string, type: string): object => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {name, namespace: 'default'},
      type,
      stringData: {a: 'b'},
    });
    await cluster.apply([secret('s', 'Opaque'), secret('release', 'helm.sh/release.v1')] as KubeObject[]);
    const reading = read(only('Secret', 'Service'));
    await reading.provider.start();
    expect(reading.objects.has('/Service default/web')).toBe(true);
    expect(reading.provider.problems().map(formatProblem)).toEqual([
      expect.stringContaining('403 Forbidden: secrets is forbidden'),
    ]);
    await cluster.apply([permissions(CORE)] as KubeObject[]);
    await reading.agrees();
    expect([...reading.objects.keys()].filter((key) => key.startsWith('/Secret default/'))).toEqual([
      '/Secret default/s',
    ]);
  });

  it('follows the namespaces that have a label', async () => {
    const namespace = (name: string, team: string): object => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {name, labels: {team}},
    });
    await cluster.apply([
      namespace('red', 'a'),
      namespace('blue', 'b'),
      service('s', 80, 'red'),
      service('s', 80, 'blue'),
    ] as KubeObject[]);
    const reading = read({namespaces: {is: 'labelled', selector: 'team=a'}, ...only('Service', 'Namespace')});
    await reading.provider.start();
    const services = (): string[] => [...reading.objects.keys()].filter((key) => key.startsWith('/Service')).sort();
    expect(services()).toEqual(['/Service red/s']);
    await cluster.apply([namespace('blue', 'a')] as KubeObject[]);
    await vi.waitFor(() => expect(services()).toEqual(['/Service blue/s', '/Service red/s']), WITHIN);
    await cluster.apply([namespace('red', 'b')] as KubeObject[]);
    await vi.waitFor(() => expect(services()).toEqual(['/Service blue/s']), WITHIN);
    expect(reading.objects.has('/Namespace red')).toBe(true);
  });
});
