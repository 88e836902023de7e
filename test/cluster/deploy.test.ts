/** deploy/kubernetes and a real API server: that it takes all of it, and that its roles are enough, and no more than that. */
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it, vi} from 'vitest';
import {clusterStatus} from '../../src/cli/cluster-status.ts';
import {defaultConfig} from '../../src/config/load-config.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {createKubeProvider} from '../../src/kube/kube-provider.ts';
import {apiVersionOf, kubeKinds} from '../../src/kube/kinds.ts';
import {createLeaseElection} from '../../src/kube/lease-election.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import {provisionedKinds} from '../../src/provision/kube-kinds.ts';
import {
  base,
  kubernetes,
  type Manifest,
  manifestsOf,
  objectsIn,
  permissionsOf,
  type Role,
} from '../deploy/manifests.ts';
import {apiClient, type ApiClient, messageOf} from '../rig/api-client.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';

const WITHIN = {timeout: 60_000, interval: 50};
const home = 'sluice-system';
const account = {namespace: home, name: 'sluice'};
const user = `system:serviceaccount:${home}:sluice`;

const all = objectsIn(base);
const everywhere = all.filter(
  ({kind, metadata}) => kind === 'ClusterRoleBinding' && metadata.name === 'sluice-deployer',
);
/** Without leave to make proxies everywhere; here they may be made in the namespace `gateways`. */
const narrow = [
  ...all.filter((object) => !everywhere.includes(object)),
  ...manifestsOf(join(kubernetes, 'overlays/chosen-namespaces/deployer-bindings.yaml')),
];
const namespace = (name: string): Manifest => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name}});

type Question = {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/exec`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
};
const shown = ({verb, group, resource, namespace: where = '', name = ''}: Question): string =>
  `${verb} ${group}/${resource} ${where}/${name}`;

describeWithCluster('loopback', 'deploy/kubernetes and a real API server', () => {
  let cluster: Cluster;
  let replica: ApiClient;
  let kubeconfig = '';

  beforeAll(async () => {
    // As OpenShift has it: who names an owner must be allowed to keep it from going.
    cluster = await clusterForTests('loopback', {
      apiServerArgs: ['--enable-admission-plugins=OwnerReferencesPermissionEnforcement'],
    });
    await cluster.installGatewayApi();
    await cluster.apply([namespace('gateways'), namespace('elsewhere')]);
  });
  afterAll(() => replica?.close());

  const patch = async (object: Manifest, query: string) => {
    const path = `${await cluster.pathOf(object)}?fieldManager=test&force=true&fieldValidation=Strict${query}`;
    return cluster.request<Manifest & {metadata: {resourceVersion: string}}>(
      'PATCH',
      path,
      object,
      'application/apply-patch+yaml',
    );
  };

  it('applies: first as a rehearsal, then really, and then nothing is left to change', async () => {
    const [first, ...rest] = narrow;
    expect(first?.kind).toBe('Namespace');
    // What is in a namespace can only be rehearsed where that exists.
    for (const object of narrow.slice(0, 1)) expect((await patch(object, '')).status).toBeLessThan(300);
    for (const object of [...rest, ...everywhere]) {
      const answer = await patch(object, '&dryRun=All');
      expect(answer.status, messageOf(answer)).toBeLessThan(300);
    }
    for (const file of ['components/gateway-classes/gateway-classes.yaml']) {
      for (const object of manifestsOf(join(kubernetes, file)))
        expect((await patch(object, '&dryRun=All')).status).toBe(201);
    }
    const versions: string[] = [];
    for (const object of narrow) {
      const answer = await patch(object, '');
      expect(answer.status, messageOf(answer)).toBeLessThan(300);
      versions.push(answer.body.metadata.resourceVersion);
    }
    for (const [i, object] of narrow.entries()) {
      // Its controller has written to the Deployment meanwhile.
      if (object.kind === 'Deployment' || object.kind === 'PodDisruptionBudget') continue;
      expect((await patch(object, '')).body.metadata.resourceVersion, object.kind).toBe(versions[i]);
    }
  });

  it('makes two Pods, in a namespace that takes only harmless ones', async () => {
    type Pods = {readonly items: readonly {readonly spec: {readonly serviceAccountName: string}}[]};
    const pods = `/api/v1/namespaces/${home}/pods`;
    await vi.waitFor(async () => {
      const {body} = await cluster.request<Pods>('GET', `${pods}?labelSelector=app.kubernetes.io/name=sluice`);
      expect(body.items.map(({spec}) => spec.serviceAccountName)).toEqual(['sluice', 'sluice']);
    }, WITHIN);
    const harmful = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name: 'root'},
      spec: {containers: [{name: 'root', image: 'root', securityContext: {runAsUser: 0}}]},
    };
    const answer = await cluster.request('POST', pods, harmful);
    expect(messageOf(answer)).toMatch(/^403: .*violates PodSecurity "restricted/);
  });

  it('gives a ServiceAccount that reads all that the provider reads, and has nothing to complain of', async () => {
    kubeconfig = await cluster.kubeconfig(join(cluster.folder, 'sluice'), {as: {serviceAccount: account}});
    replica = apiClient({
      url: cluster.url,
      ca: cluster.ca,
      token: await cluster.serviceAccountToken(account.namespace, account.name),
    });
    const credentials = loadCredentials({kubeconfig});
    const client = createKubeClient(credentials, {version: 'test'});
    const logged: string[] = [];
    const note = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
    let objects = 0;
    const provider = createKubeProvider({
      client,
      server: credentials.server,
      onChanges: ({set}) => (objects += set.length),
      log: {debug: () => {}, info: note, warn: note, error: note},
    });
    await provider.start();
    expect(provider.problems()).toEqual([]);
    expect(objects).toBeGreaterThan(10);
    const states = [...provider.states()].map(([kind, {is}]) => `${kind} ${is}`);
    expect(states.filter((state) => !/ (following|not served)$/.test(state))).toEqual([]);
    expect(logged.filter((line) => line.includes('forbidden'))).toEqual([]);
    await provider.stop();
    client.close();
  });

  it('lets it lead, and give that up', async () => {
    const {leaseName} = defaultConfig('/', {environment: {}}).leaderElection;
    const client = createKubeClient(loadCredentials({kubeconfig}), {version: 'test'});
    const logged: string[] = [];
    const warn = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
    const election = createLeaseElection({
      client,
      namespace: home,
      name: leaseName,
      identity: 'sluice-1',
      onElected: () => {},
      onLost: () => {},
      log: {debug: () => {}, info: () => {}, warn},
    });
    election.start();
    await vi.waitFor(() => expect(election.term()?.msLeft()).toBeGreaterThan(0), WITHIN);
    await election.stop();
    const {body} = await cluster.request<{readonly spec: {readonly holderIdentity?: string}}>(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/${home}/leases/${leaseName}`,
    );
    expect(body.spec.holderIdentity ?? '').toBe('');
    expect(logged).toEqual([]);
    client.close();
  });

  const mayI = async (question: Question): Promise<boolean> => {
    const {verb, group, namespace: where, name} = question;
    const [resource, subresource] = question.resource.split('/');
    const resourceAttributes = {verb, group, resource, subresource, namespace: where, name};
    type Review = {readonly status: {readonly allowed: boolean}};
    const path = '/apis/authorization.k8s.io/v1';
    const kinds = {apiVersion: 'authorization.k8s.io/v1', spec: {resourceAttributes}};
    const own = await replica.request<Review>('POST', `${path}/selfsubjectaccessreviews`, {
      ...kinds,
      kind: 'SelfSubjectAccessReview',
    });
    expect(own.status, messageOf(own)).toBe(201);
    // The administrator is told the same of it.
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'];
    const other = await cluster.request<Review>('POST', `${path}/subjectaccessreviews`, {
      ...kinds,
      kind: 'SubjectAccessReview',
      spec: {resourceAttributes, user, groups},
    });
    expect(other.body.status.allowed).toBe(own.body.status.allowed);
    return own.body.status.allowed;
  };
  /** Those that have the other answer. */
  const notSo = async (questions: readonly Question[], wanted: boolean): Promise<readonly string[]> => {
    const answers = await Promise.all(questions.map(mayI));
    return questions.filter((_, i) => answers[i] !== wanted).map(shown);
  };

  const making = (where: string): readonly Question[] => [
    ...provisionedKinds.flatMap(({apiVersion, plural}) =>
      ['create', 'patch', 'delete'].map((verb): Question => {
        const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
        return {verb, group, resource: plural, namespace: where};
      }),
    ),
    {verb: 'update', group: 'gateway.networking.k8s.io', resource: 'gateways/finalizers', namespace: where},
  ];

  it('allows what the code does', async () => {
    const reading = kubeKinds.flatMap(({group, plural}) =>
      ['get', 'list', 'watch'].map((verb): Question => ({verb, group, resource: plural})),
    );
    const statuses = kubeKinds
      .filter(({status}) => status === 'written')
      .map(({group, plural, namespaced}): Question => ({
        verb: 'patch',
        group,
        resource: `${plural}/status`,
        ...(namespaced && {namespace: 'elsewhere'}),
      }));
    const more: readonly Question[] = [
      {verb: 'watch', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions'},
      {verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews'},
      {verb: 'create', group: 'events.k8s.io', resource: 'events', namespace: 'elsewhere'},
      {verb: 'patch', group: 'events.k8s.io', resource: 'events', namespace: 'elsewhere'},
      {verb: 'create', group: 'gateway.networking.k8s.io', resource: 'gatewayclasses'},
      {verb: 'create', group: 'coordination.k8s.io', resource: 'leases', namespace: home},
      {verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: home, name: 'sluice'},
      {verb: 'create', group: '', resource: 'secrets', namespace: home},
      {verb: 'update', group: '', resource: 'secrets', namespace: home, name: 'sluice-xds-cert'},
    ];
    const questions = [...reading, ...statuses, ...more, ...making('gateways')];
    expect(questions.length).toBeGreaterThan(100);
    expect(await notSo(questions, true)).toEqual([]);
  });

  const forbidden: readonly Question[] = [
    {verb: 'get', group: '', resource: 'pods/log', namespace: 'elsewhere'},
    {verb: 'create', group: '', resource: 'pods/exec', namespace: 'gateways'},
    {verb: 'get', group: '', resource: 'pods/exec', namespace: home},
    {verb: 'create', group: '', resource: 'pods/portforward', namespace: 'gateways'},
    {verb: 'create', group: '', resource: 'pods', namespace: home},
    {verb: 'delete', group: '', resource: 'pods', namespace: 'gateways'},
    {verb: 'delete', group: '', resource: 'nodes'},
    {verb: 'patch', group: '', resource: 'nodes'},
    {verb: 'get', group: '', resource: 'nodes/proxy'},
    {verb: 'patch', group: '', resource: 'namespaces'},
    {verb: 'delete', group: '', resource: 'namespaces', name: 'elsewhere'},
    {verb: 'update', group: '', resource: 'secrets', namespace: 'gateways'},
    {verb: 'update', group: '', resource: 'secrets', namespace: home, name: 'another'},
    {verb: 'create', group: '', resource: 'serviceaccounts/token', namespace: 'gateways'},
    {verb: 'impersonate', group: '', resource: 'users'},
    {verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: home, name: 'another'},
    {verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system', name: 'sluice'},
    {verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings'},
    {verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'rolebindings', namespace: 'gateways'},
    {verb: 'escalate', group: 'rbac.authorization.k8s.io', resource: 'clusterroles'},
    {verb: 'create', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions'},
    {verb: 'patch', group: 'gateway.networking.k8s.io', resource: 'gateways', namespace: 'gateways'},
    {verb: 'delete', group: 'gateway.networking.k8s.io', resource: 'gateways', namespace: 'gateways'},
    {verb: 'patch', group: 'gateway.networking.k8s.io', resource: 'gatewayclasses'},
    {verb: 'delete', group: 'gateway.networking.k8s.io', resource: 'httproutes', namespace: 'gateways'},
    {verb: 'create', group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations'},
    {verb: 'deletecollection', group: 'apps', resource: 'deployments', namespace: 'gateways'},
    {verb: 'list', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system'},
  ];

  it('allows nothing else: no way into Pods, no way to more rights, nothing of the objects but their status', async () => {
    expect(await notSo(forbidden, false)).toEqual([]);
    expect(await notSo(making('elsewhere'), false)).toEqual([]);
    expect(await notSo(making('kube-system'), false)).toEqual([]);
    // In words of the API server.
    const secret = {apiVersion: 'v1', kind: 'Secret', metadata: {name: 'mine'}};
    expect(messageOf(await replica.request('POST', '/api/v1/namespaces/elsewhere/secrets', secret))).toMatch(
      /^403: secrets is forbidden: User "system:serviceaccount:sluice-system:sluice" cannot create/,
    );
    expect((await replica.request('DELETE', '/api/v1/nodes/any')).status).toBe(403);
    expect((await replica.request('GET', `/api/v1/namespaces/${home}/pods/any/exec?command=sh`)).status).toBe(403);
  });

  it('lets it make what belongs to a Gateway and goes with it, where it may, and tell of it', async () => {
    const [gateway] = await cluster.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: {name: 'web', namespace: 'gateways'},
      spec: {gatewayClassName: 'envoy', listeners: [{name: 'http', port: 80, protocol: 'HTTP'}]},
    });
    const owner = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      name: 'web',
      uid: gateway?.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    const make = (kind: string, plural: string, where: string) =>
      replica.request(
        'PATCH',
        `/api/v1/namespaces/${where}/${plural}/web?fieldManager=sluice&force=true`,
        {apiVersion: 'v1', kind, metadata: {name: 'web', namespace: where, ownerReferences: [owner]}},
        'application/apply-patch+yaml',
      );
    for (const [kind, plural] of [
      ['ConfigMap', 'configmaps'],
      ['ServiceAccount', 'serviceaccounts'],
    ] as const) {
      const made = await make(kind, plural, 'gateways');
      expect(made.status, messageOf(made)).toBe(201);
      expect((await make(kind, plural, 'gateways')).status).toBe(200);
      expect((await make(kind, plural, 'elsewhere')).status).toBe(403);
    }
    expect((await replica.request('DELETE', '/api/v1/namespaces/gateways/configmaps/web')).status).toBe(200);

    const status = await replica.request(
      'PATCH',
      '/apis/gateway.networking.k8s.io/v1/namespaces/gateways/gateways/web/status?fieldManager=sluice',
      {status: {addresses: [{type: 'IPAddress', value: '192.0.2.1'}]}},
      'application/merge-patch+json',
    );
    expect(status.status, messageOf(status)).toBe(200);
    const token = await cluster.serviceAccountToken('gateways', 'web', 'agentgateway');
    const review = await replica.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: {token, audiences: ['agentgateway']},
    });
    expect(review).toMatchObject({
      status: 201,
      body: {status: {authenticated: true, user: {username: 'system:serviceaccount:gateways:web'}}},
    });
  });

  it('lets `sluice status` read what it tells', async () => {
    await cluster.apply(manifestsOf(join(kubernetes, 'components/gateway-classes/gateway-classes.yaml')));
    await cluster.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {name: 'shop', namespace: 'gateways'},
      spec: {parentRefs: [{name: 'web'}]},
    });
    const {controllerNames} = defaultConfig('/', {environment: {}});
    const before = await clusterStatus({kubeconfig, controllerNames});
    expect(before.unread).toEqual([]);
    expect(before.pending).toEqual([
      'Gateway gateways/web: no status yet',
      'GatewayClass agentgateway: no status yet',
      'GatewayClass envoy: no status yet',
      'HTTPRoute gateways/shop: no status yet',
    ]);

    const accepted = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2030-01-01T00:00:00Z',
    };
    const parents = [{parentRef: {name: 'web'}, controllerName: controllerNames.envoy, conditions: [accepted]}];
    const written = await replica.request(
      'PATCH',
      '/apis/gateway.networking.k8s.io/v1/namespaces/gateways/httproutes/shop/status?fieldManager=sluice',
      {status: {parents}},
      'application/merge-patch+json',
    );
    expect(written.status, messageOf(written)).toBe(200);
    const after = await clusterStatus({kubeconfig, controllerNames});
    expect(after.pending).not.toContain('HTTPRoute gateways/shop: no status yet');
    expect(after.statuses.find(({kind}) => kind === 'HTTPRoute')).toMatchObject({
      metadata: {namespace: 'gateways', name: 'shop'},
      status: {parents: [{parentRef: {name: 'web'}, conditions: [accepted]}]},
    });
  });

  it('lets it make such things everywhere, where that is wished', async () => {
    await cluster.apply(everywhere);
    await vi.waitFor(async () => expect(await notSo(making('elsewhere'), true)).toEqual([]), WITHIN);
    expect(await notSo(forbidden, false)).toEqual([]);
  });

  it('names kinds and resources that the API server has', async () => {
    const served = new Set<string>();
    const versions = [
      'v1',
      ...kubeKinds.flatMap((kind) => kind.versions.map((version) => apiVersionOf(kind, version))),
      ...provisionedKinds.map(({apiVersion}) => apiVersion),
      'authentication.k8s.io/v1',
      'events.k8s.io/v1',
      'coordination.k8s.io/v1',
      'apiextensions.k8s.io/v1',
    ];
    for (const version of new Set(versions)) {
      const path = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
      type Resources = {readonly resources?: readonly {readonly name: string}[]};
      const {body} = await cluster.request<Resources>('GET', path);
      const group = version.includes('/') ? version.slice(0, version.indexOf('/')) : '';
      for (const {name} of body.resources ?? []) served.add(`${group}/${name}`);
    }
    const roles = all.filter((object): object is Role => object.kind.endsWith('Role'));
    const named = new Set(
      roles.flatMap((role) => permissionsOf(role)).map((permission) => permission.split(' ')[1] ?? ''),
    );
    // Of CRDs that are not installed here, and one that is no resource but an authorization.
    const absent = /^(agentgateway\.dev|gateway\.kgateway\.dev|autoscaling\.k8s\.io)\/|\/gateways\/finalizers$/;
    expect([...named].filter((resource) => !served.has(resource) && !absent.test(resource))).toEqual([]);
  });
});
