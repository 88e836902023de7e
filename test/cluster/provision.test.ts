/** Gateways get what they need from a real API server, with the permissions that takes and no others. */
import {afterEach, beforeAll, expect, it, vi} from 'vitest';
import {graphOutputs, provisioned, statuses} from '../../collections/index.ts';
import {inputsByGroupKind, provisionFailures, sessionSeed, settings} from '../../collections/inputs.ts';
import {defaultSettings} from '../../collections/settings.ts';
import {isJsonObject, type Json, type JsonObject} from '../../src/api/json.ts';
import {groupKind, type KubeObject} from '../../src/api/object.ts';
import {systemClock} from '../../src/kube/clock.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {endlessTerm} from '../../src/kube/lease-term.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import {createGraph, type Graph} from '../../src/krt/index.ts';
import {createKubeApplier, type KubeApplier} from '../../src/provision/kube-applier.ts';
import {provisionedKinds} from '../../src/provision/kube-kinds.ts';
import {createKubeLiveFeed} from '../../src/provision/kube-live-feed.ts';
import {gatewayNameLabel} from '../../src/provision/live-object.ts';
import {recordingLog} from '../provision/recording-log.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';

const WITHIN = {timeout: 60_000, interval: 50};

const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {name: 'provisioner'},
  rules: [
    {apiGroups: [''], resources: ['serviceaccounts', 'configmaps', 'secrets', 'services'], verbs},
    {apiGroups: ['apps'], resources: ['deployments', 'daemonsets'], verbs},
    {apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs},
    {apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs},
    {apiGroups: ['autoscaling.k8s.io'], resources: ['verticalpodautoscalers'], verbs},
  ],
};
const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: {name: 'provisioner'},
  roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'provisioner'},
  subjects: [{kind: 'ServiceAccount', name: 'provisioner', namespace: 'default'}],
};
const account = {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'provisioner', namespace: 'default'}};

type Dialect = 'envoy' | 'agentgateway';
const classOf = (name: Dialect): KubeObject & JsonObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: {name},
  spec: {controllerName: defaultSettings.controllerNames[name]},
});

const gateway = (name: string, className: Dialect, infrastructure: JsonObject = {}): KubeObject & JsonObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: {name, namespace: 'default'},
  spec: {
    gatewayClassName: className,
    listeners: [{name: 'http', port: 8080, protocol: 'HTTP', allowedRoutes: {namespaces: {from: 'Same'}}}],
    infrastructure: {labels: {team: 'red'}, annotations: {note: 'x'}, ...infrastructure},
  },
});

/** Of a CRD that need not be in the cluster: they are given to the graph alone. */
const parameters = (deployment: JsonObject, more: JsonObject = {}): KubeObject & JsonObject => ({
  apiVersion: 'agentgateway.dev/v1alpha1',
  kind: 'AgentgatewayParameters',
  metadata: {name: 'parameters', namespace: 'default'},
  spec: {podDisruptionBudget: {spec: {minAvailable: 1}}, deployment, ...more},
});
const withParameters = {
  parametersRef: {group: 'agentgateway.dev', kind: 'AgentgatewayParameters', name: 'parameters'},
};

describeWithCluster('loopback', 'provisioning and a real API server', () => {
  let cluster: Cluster;
  let kubeconfig = '';
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    await cluster.installGatewayApi();
    await cluster.apply([account, role, binding, classOf('envoy'), classOf('agentgateway')] as KubeObject[]);
    const as = {serviceAccount: {namespace: 'default', name: 'provisioner'}};
    kubeconfig = await cluster.kubeconfig(`${cluster.folder}/kubeconfig`, {as});
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  type Provisioner = {
    readonly graph: Graph;
    readonly applier: KubeApplier;
    readonly problems: () => readonly string[];
    readonly set: (...objects: readonly KubeObject[]) => void;
    readonly stop: () => Promise<void>;
  };

  /** The graph, and the applier on its outputs. */
  const start = (...objects: readonly KubeObject[]): Provisioner => {
    const client = createKubeClient(loadCredentials({kubeconfig}), {version: 'test'});
    const log = recordingLog();
    const graph = createGraph({outputs: graphOutputs});
    const set = (...all: readonly KubeObject[]): void => {
      graph.commit((tx) => {
        for (const object of all) {
          const input = inputsByGroupKind.get(groupKind(object));
          if (input === undefined) throw new Error(`no input for ${groupKind(object)}`);
          tx.set(input, object);
        }
      });
    };
    graph.commit((tx) => {
      tx.set(sessionSeed, {key: 'seed', privateKey: '5e'.repeat(32)});
      tx.set(settings, {
        ...defaultSettings,
        provider: 'kubernetes',
        provisioning: {
          version: '1.0.0',
          images: {
            envoy: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'v1'},
            agentgateway: {registry: 'ghcr.io', repository: 'agentgateway', tag: 'v1'},
          },
          xds: {host: 'sluice.sluice-system.svc', port: 18_000, ca: 'a certificate'},
          emptyServicePort: 443,
        },
      });
    });
    set(classOf('envoy'), classOf('agentgateway'), ...objects);
    const applier = createKubeApplier({
      client,
      feed: createKubeLiveFeed({client, clock: systemClock, log}),
      log,
      onReport: ({gateway: key, message}) =>
        graph.commit((tx) => {
          if (message === undefined) tx.delete(provisionFailures, key);
          else tx.set(provisionFailures, {key, message});
        }),
    });
    applier.apply({
      objects: graph.list(provisioned.objects).map((row) => ({key: row.key, new: row})),
      gateways: graph.list(provisioned.gateways).map((row) => ({key: row.key, new: row})),
    });
    const undoObjects = graph.subscribe(provisioned.objects, ({changes}) =>
      applier.apply({objects: changes, gateways: []}),
    );
    const undoGateways = graph.subscribe(provisioned.gateways, ({changes}) =>
      applier.apply({objects: [], gateways: changes}),
    );
    applier.lead(endlessTerm);
    const stop = async (): Promise<void> => {
      undoObjects();
      undoGateways();
      await applier.follow();
      client.close();
      graph.dispose();
    };
    stops.push(stop);
    return {
      graph,
      applier,
      set,
      stop,
      problems: () =>
        log.lines.filter(({level}) => level === 'warn' || level === 'error').map((line) => JSON.stringify(line)),
    };
  };

  /** As the server has it, with its uid. */
  const applied = async (object: KubeObject & JsonObject): Promise<KubeObject> => {
    const [stored] = await cluster.apply([object]);
    if (stored === undefined) throw new Error('the server stored nothing');
    return stored;
  };

  /** Everything that is labelled with the Gateway: `Kind name`. */
  const existing = async (name: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const {apiVersion, kind, plural} of provisionedKinds) {
      if (kind === 'VerticalPodAutoscaler') continue;
      const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const query = `labelSelector=${encodeURIComponent(`${gatewayNameLabel}=${name}`)}`;
      const {body} = await cluster.request('GET', `${root}/namespaces/default/${plural}?${query}`);
      const {items} = body as {readonly items: readonly KubeObject[]};
      found.push(...items.map(({metadata}) => `${kind} ${metadata.name}`));
    }
    return found.sort();
  };

  const ofEnvoy = (name: string): readonly string[] => [
    `ConfigMap ${name}`,
    `ConfigMap ${name}-xds-ca`,
    `Deployment ${name}`,
    `Service ${name}`,
    `ServiceAccount ${name}`,
  ];
  const ofAgentgateway = (name: string): readonly string[] =>
    [...ofEnvoy(name), `Secret ${name}-session-key`, `PodDisruptionBudget ${name}`].sort();

  const get = async (path: string): Promise<JsonObject> => {
    const {body} = await cluster.request('GET', path);
    return body as JsonObject; // whatever the server sends is JSON
  };
  const within = (object: Json | undefined, ...names: readonly string[]): Json | undefined =>
    names.reduce<Json | undefined>((value, name) => (isJsonObject(value) ? value[name] : undefined), object);

  it('makes everything, and nothing again after a restart', async () => {
    const rows = [
      await applied(gateway('one', 'envoy')),
      await applied(gateway('two', 'agentgateway', withParameters)),
      parameters(
        {spec: {template: {spec: {nodeSelector: {disk: 'fast'}}}}},
        {resources: {requests: {cpu: '1500m', memory: '1024Mi'}}},
      ),
    ];
    const first = start(...rows);
    await vi.waitFor(async () => {
      expect(await existing('one')).toEqual(ofEnvoy('one'));
      expect(await existing('two')).toEqual(ofAgentgateway('two'));
    }, WITHIN);
    await first.applier.idle();
    expect(first.problems()).toEqual([]);
    const deployment = await get('/apis/apps/v1/namespaces/default/deployments/two');
    expect(within(deployment, 'metadata')).toMatchObject({
      labels: {team: 'red', 'app.kubernetes.io/managed-by': 'agentgateway'},
      annotations: {note: 'x'},
      ownerReferences: [{kind: 'Gateway', name: 'two', uid: rows[1]?.metadata.uid, controller: true}],
    });
    expect(within(deployment, 'spec', 'template', 'spec')).toMatchObject({nodeSelector: {disk: 'fast'}});
    const pods = await get('/api/v1/namespaces/default/pods');
    expect(JSON.stringify(pods)).toContain('two-');
    const {applied: writes} = first.applier.counts();
    expect(writes).toBe(12);
    await first.stop();

    const second = start(...rows);
    await vi.waitFor(() => expect(second.applier.counts().waiting).toBe(0), WITHIN);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // The server has another spelling of 1024Mi, so that it has to be asked once.
    expect(second.applier.counts()).toMatchObject({applied: 1, deleted: 0, failures: 0});
  });

  it('undoes what others do to it, and lets be what is none of its business', async () => {
    const row = await applied(gateway('drift', 'envoy'));
    const {applier, problems} = start(row);
    await vi.waitFor(async () => expect(await existing('drift')).toEqual(ofEnvoy('drift')), WITHIN);
    await applier.idle();
    const path = '/api/v1/namespaces/default/services/drift';
    const scale = '/apis/apps/v1/namespaces/default/deployments/drift/scale';
    const merge = 'application/merge-patch+json';
    await cluster.request('PATCH', scale, {spec: {replicas: 3}}, merge);
    const before = applier.counts().applied;
    await cluster.request('PATCH', path, {spec: {selector: {app: 'mine'}, type: 'NodePort'}}, merge);
    await vi.waitFor(async () => {
      expect(within(await get(path), 'spec', 'type')).toBe('LoadBalancer');
    }, WITHIN);
    await cluster.request('DELETE', '/api/v1/namespaces/default/configmaps/drift');
    await vi.waitFor(async () => expect(await existing('drift')).toEqual(ofEnvoy('drift')), WITHIN);
    await applier.idle();
    expect(applier.counts().applied).toBe(before + 2);
    expect(within(await get('/apis/apps/v1/namespaces/default/deployments/drift'), 'spec', 'replicas')).toBe(3);
    expect(problems()).toEqual([]);
  });

  it('takes away what is wanted no longer, and leaves nothing when the Gateway goes', async () => {
    const row = await applied(gateway('gone', 'agentgateway', withParameters));
    const {applier, set, graph} = start(row, parameters({}));
    await vi.waitFor(async () => expect(await existing('gone')).toEqual(ofAgentgateway('gone')), WITHIN);
    const daemons: KubeObject & JsonObject = {...parameters({}), spec: {workload: {kind: 'DaemonSet'}}};
    set(daemons);
    const expected = [...ofEnvoy('gone'), 'Secret gone-session-key', 'DaemonSet gone'];
    await vi.waitFor(async () => {
      expect(await existing('gone')).toEqual(expected.filter((one) => one !== 'Deployment gone').sort());
    }, WITHIN);
    await cluster.request('DELETE', '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/gone');
    const input = inputsByGroupKind.get('gateway.networking.k8s.io/Gateway');
    if (input !== undefined) graph.commit((tx) => tx.delete(input, 'default/gone'));
    await vi.waitFor(async () => expect(await existing('gone')).toEqual([]), WITHIN);
    await applier.idle();
    expect(applier.counts().failures).toBe(0);
  });

  it('tells a Gateway what the server refuses, until it does not any more', async () => {
    const row = await applied(gateway('refused', 'agentgateway', withParameters));
    const {graph, set} = start(row, parameters({spec: {replicas: -1}}));
    const programmed = (): object | undefined => {
      const status = graph.get(statuses, 'Gateway/default/refused')?.status;
      return status?.kind === 'Gateway' ? status.conditions.find(({type}) => type === 'Programmed') : undefined;
    };
    await vi.waitFor(() => {
      expect(programmed()).toMatchObject({
        status: 'False',
        reason: 'DeploymentFailed',
        message: expect.stringMatching(/^Deployment default\/refused: .*spec.replicas: Invalid value: -1/),
      });
    }, WITHIN);
    expect(await existing('refused')).toContain('Service refused');
    set(parameters({spec: {replicas: 1}}));
    await vi.waitFor(() => expect(programmed()).toMatchObject({reason: 'AddressNotAssigned'}), WITHIN);
    expect(await existing('refused')).toEqual(ofAgentgateway('refused'));
  });

  it('makes what agentgateway calls by a shorter name', async () => {
    const name = `a-${'long-'.repeat(14)}name`;
    const row = await applied(gateway(name, 'agentgateway'));
    const {applier, graph, problems} = start(row);
    const made = graph.list(provisioned.objects);
    const [service] = made.filter(({object}) => object.kind === 'Service');
    expect(service?.object.metadata.name).toHaveLength(63);
    await vi.waitFor(() => expect(applier.counts()).toMatchObject({applied: made.length, waiting: 0}), WITHIN);
    expect(problems()).toEqual([]);
  });
});
