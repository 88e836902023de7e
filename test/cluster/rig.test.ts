/** The rig itself: a real API server, Pods that run as processes, and nothing left of either. */
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {beforeAll, expect, it} from 'vitest';
import {identify, isAlive, type ProcessIdentity} from '../../src/provision/process-identity.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {request as httpRequest} from '../e2e/harness/request.ts';
import {apiClient} from '../rig/api-client.ts';
import type {Cluster} from '../rig/cluster.ts';
import {namespacesOf} from '../rig/network.ts';
import type {KubeObject} from '../rig/objects.ts';
import {removeStaleRigs} from '../rig/stale-rigs.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {clientOfKubeconfig} from './kubeconfig-client.ts';
import {startOwner} from './owner-process.ts';

type Condition = {readonly type: string; readonly status: string};
type Crd = KubeObject & {readonly status: {readonly conditions: readonly Condition[]}};
type List<T> = {readonly metadata: {readonly resourceVersion: string}; readonly items: readonly T[]};

describeWithCluster('loopback', 'a cluster on loopback', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
  });

  it('serves Gateway API, with its rules', async () => {
    await cluster.installGatewayApi();
    const {body} = await cluster.request<List<Crd>>('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    expect(body.items).toHaveLength(14);
    for (const {metadata, status} of body.items) {
      expect(metadata.annotations?.['gateway.networking.k8s.io/bundle-version'], metadata.name).toBe('v1.7.0');
      expect(status.conditions, metadata.name).toContainEqual(
        expect.objectContaining({type: 'Established', status: 'True'}),
      );
    }
    const policy =
      '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/safe-upgrades.gateway.networking.k8s.io';
    expect((await cluster.request('GET', policy)).status).toBe(200);

    // One that structural schemas cannot find: a rule in CEL.
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {name: 'two-paths'},
      spec: {rules: [{filters: [{type: 'RequestRedirect'}]}]},
    };
    await expect(cluster.apply(route)).rejects.toThrow('filter.requestRedirect must be specified');
  });

  it('lets a namespace go with what is in it', async () => {
    await cluster.apply('{apiVersion: v1, kind: Namespace, metadata: {name: short-lived}}');
    await cluster.apply({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'inside', namespace: 'short-lived'}});
    await cluster.request('DELETE', '/api/v1/namespaces/short-lived');
    await eventually(async () => {
      expect((await cluster.request('GET', '/api/v1/namespaces/short-lived')).status).toBe(404);
    }, 30_000);
  });

  it('knows ServiceAccounts, and allows them what RBAC says', async () => {
    const account = {namespace: 'default', name: 'reader'};
    await cluster.apply({apiVersion: 'v1', kind: 'ServiceAccount', metadata: account});
    const file = await cluster.kubeconfig(join(cluster.folder, 'reader'), {as: {serviceAccount: account}});
    const reader = clientOfKubeconfig(file);
    expect((await reader.request('GET', '/api/v1/secrets')).status).toBe(403);
    await cluster.apply(
      `
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata: {name: reader}
      rules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: reader}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
      subjects: [{kind: ServiceAccount, namespace: default, name: reader}]
    `.replaceAll(/^ {6}/gm, ''),
    );
    await eventually(async () => expect((await reader.request('GET', '/api/v1/secrets')).status).toBe(200));
    reader.close();

    const token = await cluster.serviceAccountToken('default', 'reader', 'somebody-else');
    const stranger = apiClient({url: cluster.url, ca: cluster.ca, token});
    expect((await stranger.request('GET', '/api/v1/secrets')).status).toBe(401);
    stranger.close();
  });

  it('goes on where it was after its API server was stopped or killed', async () => {
    await cluster.apply({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'kept'}, data: {a: 'b'}});
    const read = () => cluster.request<{readonly data: object}>('GET', '/api/v1/namespaces/default/configmaps/kept');
    await cluster.killApiServer();
    await expect(read()).rejects.toThrow('ECONNREFUSED');
    await cluster.startApiServer();
    expect((await read()).body.data).toEqual({a: 'b'});
    await cluster.restartApiServer();
    expect((await read()).body.data).toEqual({a: 'b'});
  });

  it('gives no answer while its API server is paused', async () => {
    await cluster.pauseApiServer();
    let answered = false;
    const answer = cluster.request('GET', '/version').then(({status}) => {
      answered = true;
      return status;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(answered).toBe(false);
    await cluster.resumeApiServer();
    expect(await answer).toBe(200);
  });

  it('can forget the past', async () => {
    const {body: before} = await cluster.request<List<KubeObject>>('GET', '/api/v1/configmaps');
    for (const n of ['1', '2']) {
      await cluster.apply({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'changes'}, data: {n}});
    }
    const watch = `/api/v1/configmaps?watch=true&timeoutSeconds=1&resourceVersion=${before.metadata.resourceVersion}`;
    expect(String((await cluster.request('GET', watch)).body)).toContain('"name":"changes"');
    await cluster.compactEtcd({forget: true});
    expect((await cluster.request('GET', watch)).body).toMatchObject({type: 'ERROR', object: {code: 410}});
  });
});

const echo = {command: [process.execPath, resolve(import.meta.dirname, '../rig/echo.mjs')]};
const inCluster = {command: [process.execPath, resolve(import.meta.dirname, 'in-cluster.mjs')]};
const images = (image: string) => ({'echo:1': echo, 'in-cluster:1': inCluster})[image];

type Pod = KubeObject & {
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state: {readonly waiting?: {readonly reason: string; readonly message?: string}};
      readonly lastState: {readonly terminated?: {readonly exitCode: number}};
    }[];
  };
};

/** A Pod of echo as Deployments make them, more or less. */
const echoPod = (name: string, spec: object = {}, container: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name, labels: {app: name}},
  spec: {
    containers: [
      {
        name: 'echo',
        image: 'echo:1',
        env: [{name: 'POD_NAME', valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}}],
        readinessProbe: {httpGet: {path: '/ready', port: 3000}},
        ...container,
      },
    ],
    ...spec,
  },
});

describeWithCluster('pods', 'a cluster with Pods', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await clusterForTests('pods', {images});
  });

  const pod = async (name: string): Promise<Pod> =>
    (await cluster.request<Pod>('GET', `/api/v1/namespaces/default/pods/${name}`)).body;
  const isReady = ({status}: Pod): boolean =>
    status.conditions?.some(({type, status: value}) => type === 'Ready' && value === 'True') === true;
  const ready = (name: string): Promise<string> =>
    eventually(async () => {
      const found = await pod(name);
      expect(isReady(found), JSON.stringify(found.status)).toBe(true);
      return found.status.podIP ?? '';
    }, 20_000);
  const logs = async (name: string, query = ''): Promise<string> =>
    String((await cluster.request('GET', `/api/v1/namespaces/default/pods/${name}/log${query}`)).body);
  const remove = (name: string) => cluster.request('DELETE', `/api/v1/namespaces/default/pods/${name}`);

  it('runs a Deployment behind a Service, and its Pods answer', async () => {
    await cluster.apply(readFileSync(join(import.meta.dirname, 'echo-deployment.yaml'), 'utf8'));
    type Slice = {
      readonly endpoints: readonly {
        readonly addresses: readonly string[];
        readonly conditions: {readonly ready: boolean};
      }[];
    };
    const addresses = await eventually(async () => {
      const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';
      const {body} = await cluster.request<List<Slice>>('GET', path);
      const endpoints = (body.items[0]?.endpoints ?? []).filter(({conditions}) => conditions.ready);
      expect(endpoints).toHaveLength(2);
      return endpoints.map((endpoint) => endpoint.addresses[0] ?? '');
    }, 20_000);
    const {body: deployment} = await eventually(async () => {
      const answer = await cluster.request<{readonly status: object}>(
        'GET',
        '/apis/apps/v1/namespaces/shop/deployments/echo',
      );
      expect(answer.body.status).toMatchObject({readyReplicas: 2});
      return answer;
    });
    expect(deployment.status).toMatchObject({replicas: 2, availableReplicas: 2});

    for (const address of addresses) {
      const answer = await cluster.execIn('node', [
        'curl',
        '--silent',
        '--max-time',
        '5',
        `http://${address}:3000/hello`,
      ]);
      expect(JSON.parse(answer.stdout)).toMatchObject({namespace: 'shop', path: '/hello'});
      // Pods reach each other as well.
      const [other = ''] = addresses.filter((one) => one !== address);
      const between = await cluster.execIn({pod: other}, [
        'curl',
        '--silent',
        '--max-time',
        '5',
        `http://${address}:3000/`,
      ]);
      expect(between.code).toBe(0);
    }
    // By the name of the Service too, from a Pod of another namespace.
    await cluster.apply(echoPod('asks'));
    const asking = await cluster.forward(await ready('asks'), 3000);
    const byName = await httpRequest({port: asking, path: '/get?url=http://echo.shop.svc:3000/named'});
    expect(JSON.parse(byName.body)).toMatchObject({namespace: 'shop', path: '/named'});
    await remove('asks');
    // And the process of the test reaches them, by a port of its own.
    const port = await cluster.forward(addresses[0] ?? '', 3000);
    expect(JSON.parse((await httpRequest({port, path: '/hello'})).body)).toMatchObject({namespace: 'shop'});
  });

  it('waits for what a Pod refers to, and shows changes of it in its files', async () => {
    await cluster.apply(
      echoPod(
        'mounts',
        {
          volumes: [
            {name: 'keys', secret: {secretName: 'keys'}},
            {name: 'settings', configMap: {name: 'settings', items: [{key: 'a', path: 'nested/b'}]}},
            {name: 'scratch', emptyDir: {}},
            {name: 'about', downwardAPI: {items: [{path: 'labels', fieldRef: {fieldPath: 'metadata.labels'}}]}},
          ],
        },
        {
          volumeMounts: [
            {name: 'keys', mountPath: '/etc/secret-volume'},
            {name: 'settings', mountPath: '/settings'},
            {name: 'settings', mountPath: '/one/file', subPath: 'nested/b'},
            {name: 'scratch', mountPath: '/scratch'},
            {name: 'about', mountPath: '/about'},
          ],
        },
      ),
    );
    await eventually(async () => {
      expect((await pod('mounts')).status.containerStatuses?.[0]?.state.waiting?.message).toContain('"keys" not found');
    });
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {name: 'keys'},
      stringData: {'tls.key': value},
    });
    await cluster.apply(secret('old'));
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {name: 'settings'},
      data: {a: 'first', z: 'not asked for'},
    });
    const port = await cluster.forward(await ready('mounts'), 3000);
    const file = async (path: string): Promise<string> => (await httpRequest({port, path: `/file?path=${path}`})).body;

    expect(await file('/etc/secret-volume/tls.key')).toBe('old');
    expect(await file('/settings/nested/b')).toBe('first');
    expect(await file('/one/file')).toBe('first');
    expect(await file('/settings/z')).toContain('ENOENT');
    expect((await file('/about/labels')).split('\n')).toContain('app="mounts"');
    expect((await httpRequest({port, path: '/write?path=/scratch/mine'})).status).toBe(200);
    expect(await file('/scratch/mine')).toBe('written');

    await cluster.apply(secret('new'));
    await eventually(async () => expect(await file('/etc/secret-volume/tls.key')).toBe('new'));
    await remove('mounts');
  });

  it('keeps to itself what a container writes', async () => {
    await cluster.apply(echoPod('writer'));
    const port = await cluster.forward(await ready('writer'), 3000);
    expect((await httpRequest({port, path: '/write?path=/etc/written-by-a-pod'})).status).toBe(200);
    expect((await httpRequest({port, path: '/file?path=/etc/written-by-a-pod'})).body).toBe('written');
    expect(existsSync('/etc/written-by-a-pod')).toBe(false);
    await remove('writer');
  });

  it('gives Pods what clients inside of a cluster look for', async () => {
    await cluster.apply(echoPod('client', {restartPolicy: 'Never'}, {image: 'in-cluster:1'}));
    await eventually(async () => {
      expect(await logs('client')).toContain('system:serviceaccount:default:default in default');
    }, 20_000);
    await eventually(async () => expect((await pod('client')).status).toMatchObject({phase: 'Succeeded'}));
  });

  it('serves what a container has printed, also from a moment on', async () => {
    await cluster.apply(echoPod('talks'));
    const port = await cluster.forward(await ready('talks'), 3000);
    await httpRequest({port, path: '/early'});
    await eventually(async () => expect(await logs('talks')).toContain('/early'));
    // The API server hands on whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const since = new Date().toISOString().replace(/\.\d+Z/, 'Z');
    await httpRequest({port, path: '/late'});
    await eventually(async () => expect(await logs('talks', `?sinceTime=${since}`)).toContain('/late'));
    expect(await logs('talks', `?sinceTime=${since}`)).not.toContain('/early');
    expect((await logs('talks', '?tailLines=1')).trim().split('\n')).toHaveLength(1);
    await remove('talks');
  });

  it('starts a container again that has ended', async () => {
    await cluster.apply(echoPod('ends'));
    const port = await cluster.forward(await ready('ends'), 3000);
    await httpRequest({port, path: '/exit?code=7'}).catch(() => {});
    await eventually(async () => {
      const [status] = (await pod('ends')).status.containerStatuses ?? [];
      expect(status).toMatchObject({restartCount: 1, lastState: {terminated: {exitCode: 7}}});
    });
    await ready('ends');
    await remove('ends');
  });

  it('counts a Pod as ready when its probe says so', async () => {
    const probe = {httpGet: {path: '/ready', port: 'web'}, periodSeconds: 1, failureThreshold: 1};
    await cluster.apply(echoPod('probed', {}, {ports: [{name: 'web', containerPort: 3000}], readinessProbe: probe}));
    const port = await cluster.forward(await ready('probed'), 3000);
    await httpRequest({port, path: '/write?path=/unready'});
    await eventually(async () => expect(isReady(await pod('probed'))).toBe(false));
    await httpRequest({port, path: '/remove?path=/unready'});
    await ready('probed');
    await remove('probed');
  });

  it('counts a Pod without a probe as ready while it runs, whether it listens or not', async () => {
    const env = [{name: 'PORT', value: '3333'}];
    const ports = [{containerPort: 3000}];
    await cluster.apply({...echoPod('elsewhere', {}, {env, ports, readinessProbe: undefined})});
    const address = await ready('elsewhere');
    await eventually(async () => expect(await logs('elsewhere')).toContain('listens on 3333'));
    const refused = await cluster.execIn('node', ['curl', '--silent', `http://${address}:3000/`]);
    expect(refused.code).toBe(7); // curl: failed to connect
    await remove('elsewhere');
  });

  it('says of an image without a program that it cannot be had', async () => {
    await cluster.apply(echoPod('unknown', {}, {image: 'nobody/knows:this'}));
    await eventually(async () => {
      const {waiting} = (await pod('unknown')).status.containerStatuses?.[0]?.state ?? {};
      expect(waiting).toMatchObject({reason: 'ErrImagePull', message: expect.stringContaining('nobody/knows:this')});
    });
    await remove('unknown');
    await eventually(async () => expect((await pod('unknown')).kind).toBe('Status'));
  });

  // A watch that broke off once ended the kubelet, and every Pod with it.
  it('keeps Pods running while the API server is away', async () => {
    await cluster.apply(echoPod('lives-on'));
    const port = await cluster.forward(await ready('lives-on'), 3000);
    await cluster.killApiServer();
    expect((await httpRequest({port, path: '/hello'})).status).toBe(200);
    await cluster.startApiServer();
    expect((await pod('lives-on')).status.containerStatuses).toMatchObject([{restartCount: 0}]);
    await remove('lives-on');
    await eventually(async () => expect((await pod('lives-on')).kind).toBe('Status'));
  });

  it('gives a Service of type LoadBalancer its address, and moves it when the Pod behind it goes', async () => {
    const address = '10.245.0.77';
    const labels = {app: 'balanced'};
    const members = ['balanced-a', 'balanced-b'].map((name) => {
      const made = echoPod(name, {terminationGracePeriodSeconds: 1});
      return {...made, metadata: {...made.metadata, labels}};
    });
    await cluster.apply(members);
    const spec = {type: 'LoadBalancer', loadBalancerIP: address, selector: labels, ports: [{port: 3000}]};
    await cluster.apply({apiVersion: 'v1', kind: 'Service', metadata: {name: 'balanced'}, spec});
    await eventually(async () => {
      const service = await cluster.request<{readonly status: object}>(
        'GET',
        '/api/v1/namespaces/default/services/balanced',
      );
      expect(service.body.status).toEqual({loadBalancer: {ingress: [{ip: address, ipMode: 'VIP'}]}});
    });
    const answering = () =>
      eventually(async () => {
        const {stdout} = await cluster.execIn('node', [
          'curl',
          '--silent',
          '--max-time',
          '2',
          `http://${address}:3000/`,
        ]);
        return (JSON.parse(stdout) as {readonly pod: string}).pod; // of echo.mjs
      }, 20_000);
    await Promise.all(members.map(({metadata}) => ready(metadata.name)));
    const first = await answering();
    await remove(first);
    await eventually(async () => expect(await answering()).not.toBe(first), 20_000);
  });

  it('leaves nothing of a namespace that goes', async () => {
    const pods = join(cluster.folder, 'pods');
    await cluster.request('DELETE', '/api/v1/namespaces/shop');
    await eventually(async () => {
      expect((await cluster.request('GET', '/api/v1/namespaces/shop')).status).toBe(404);
    }, 40_000);
    const {body} = await cluster.request<List<Pod>>('GET', '/api/v1/pods');
    const addresses = body.items.map(({status}) => `sluice-${cluster.id}-${status.podIP}`);
    await eventually(() => {
      expect([...namespacesOf(cluster.id)].sort()).toEqual([`sluice-${cluster.id}`, ...addresses].sort());
    });
    expect(existsSync(pods)).toBe(true);
  });
});

describeWithCluster('pods', 'the end of a cluster', () => {
  const gone = (what: {
    readonly folder: string;
    readonly id: string;
    readonly processes: readonly ProcessIdentity[];
  }) => {
    expect(what.processes.filter(isAlive)).toEqual([]);
    expect(namespacesOf(what.id)).toEqual([]);
    expect(existsSync(what.folder)).toBe(false);
  };

  const start = () => startOwner(echoPod('stays'), resolve(import.meta.dirname, '../rig/echo.mjs'));

  it('comes when its owner is killed', async () => {
    const owner = await start();
    // The supervisor, three servers, two helpers, the container.
    expect(owner.processes.length).toBeGreaterThanOrEqual(7);
    expect(namespacesOf(owner.id)).toHaveLength(2);
    owner.kill();
    await eventually(() => gone(owner), 15_000);
  });

  it('comes when its owner is interrupted', async () => {
    const owner = await start();
    expect(await owner.interrupt()).toBe(0);
    gone(owner);
  });

  it('comes later where its supervisor itself was killed: when the next cluster is started', async () => {
    const cluster = await clusterForTests('pods', {images});
    const processes = (await cluster.pids()).flatMap((pid) => identify(pid) ?? []);
    expect(processes).toHaveLength(6);
    mkdirSync(join(cluster.folder, 'of-the-test'));
    process.kill(processes[0]?.pid ?? 0, 'SIGKILL');
    await eventually(() => expect(processes.filter(isAlive)).toEqual([]), 15_000);
    // What every cluster does before it starts.
    await removeStaleRigs();
    gone({folder: cluster.folder, id: cluster.id, processes});
  });
});
