/** What golden files do not show of what runs for Gateways of agentgateway. */
import {describe, expect, it} from 'vitest';
import {secrets, sessionSeed} from '../../../collections/inputs.ts';
import {provisioned} from '../../../collections/index.ts';
import type {AgentgatewayParametersSpec} from '../../../src/api/agentgateway-parameters.ts';
import {gatewayYaml} from '../gateway/world.ts';
import {at, type ClusterWorld, containerAt, ofAgentgateway, provisioning, startCluster} from './world.ts';

const http = 'listeners: [{name: http, port: 8080, protocol: HTTP}]';
const ref =
  'infrastructure: {parametersRef: {group: agentgateway.dev, kind: AgentgatewayParameters, name: parameters}}';
const gateway = (spec = http, name = 'gw'): string => gatewayYaml(spec, {name, className: 'agentgateway'});

function startWith(spec: AgentgatewayParametersSpec): ClusterWorld {
  const world = startCluster(gateway(`${http}\n${ref}`));
  world.apply(ofAgentgateway(spec));
  return world;
}

describe('the Service', () => {
  const portsOf = (world: ClusterWorld): unknown => at(world.object('Service/gw'), 'spec.ports');

  it('has a port for each port of the listeners, whether or not they have a certificate', () => {
    const world = startCluster(
      gateway(`listeners:
- {name: z, port: 80, protocol: HTTP, hostname: a.com}
- {name: a, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: missing}]}}
- {name: b, port: 80, protocol: HTTP}
- {name: c, port: 9000, protocol: ODD}`),
    );
    expect(portsOf(world)).toEqual([
      {name: 'listener-80', port: 80, protocol: 'TCP', targetPort: 80},
      {name: 'listener-8443', port: 8443, protocol: 'TCP', targetPort: 8443},
    ]);
  });

  it.each([
    ['of the proxy itself', 'listeners: [{name: a, port: 15020, protocol: HTTP}]', {}],
    ['that its annotation names', http, {'agentgateway.dev/internal-ports': '8080, 90'}],
  ])('has no port %s, but one at least', (_, spec, annotations) => {
    const world = startCluster('');
    const yaml = gateway(spec).replace(
      'namespace: default}',
      `namespace: default, annotations: ${JSON.stringify(annotations)}}`,
    );
    world.apply(yaml);
    expect(portsOf(world)).toEqual([{name: 'listener-443', port: 443, protocol: 'TCP', targetPort: 443}]);
  });

  it('asks for an address', () => {
    const world = startCluster(gateway(`${http}\naddresses: [{value: 192.0.2.1}]`));
    expect(at(world.object('Service/gw'), 'spec.loadBalancerIP')).toBe('192.0.2.1');
  });
});

describe('every object', () => {
  it('is owned by the Gateway, and carries what its infrastructure is to have', () => {
    const world = startCluster('');
    const yaml = gateway(`${http}
infrastructure:
  labels: {team: red, app.kubernetes.io/name: mine, gateway.networking.k8s.io/gateway-name: other}
  annotations: {note: x, gateway.networking.k8s.io/note: y}`);
    world.apply(yaml.replace('namespace: default}', 'namespace: default, uid: the-uid}'));
    for (const {object} of world.graph.list(provisioned.objects)) {
      const isSecret = object.kind === 'Secret';
      expect(object.metadata, object.kind).toMatchObject({
        namespace: 'default',
        labels: {
          'gateway.networking.k8s.io/gateway-name': 'gw',
          ...(!isSecret && {team: 'red', 'app.kubernetes.io/name': 'gw'}),
        },
        ownerReferences: [
          {apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: 'gw', uid: 'the-uid', controller: true},
        ],
      });
      expect(object.metadata['annotations'], object.kind).toEqual(isSecret ? undefined : {note: 'x'});
    }
    expect(at(world.object('Deployment/gw'), 'spec.template.metadata')).toMatchObject({
      labels: {team: 'red', 'app.kubernetes.io/name': 'gw'},
      annotations: {note: 'x'},
    });
  });

  it('has a name that fits, and calls the Gateway by it', () => {
    const long = `${'long-'.repeat(20)}name`;
    const world = startCluster(gateway(http, long));
    const [name = ''] = world.made().flatMap((one) => /^Service\/(.*)$/.exec(one)?.[1] ?? []);
    expect(name).toHaveLength(62);
    expect(world.made()).toEqual([
      `ConfigMap/${name}`,
      `Deployment/${name}`,
      `Secret/${name}-session-key`,
      `Service/${name}`,
      `ServiceAccount/${name}`,
    ]);
    const deployment = world.object(`Deployment/${name}`);
    expect(containerAt(deployment, 'env')).toContainEqual({name: 'GATEWAY', value: name});
    expect(at(deployment, 'metadata.labels')).toMatchObject({'gateway.networking.k8s.io/gateway-name': name});
  });
});

describe('the session key', () => {
  const keyOf = (world: ClusterWorld, name = 'gw'): unknown =>
    at(world.object(`Secret/${name}-session-key`), 'data.key');
  const checksumOf = (world: ClusterWorld): unknown => {
    const annotations = at(world.object('Deployment/gw'), 'spec.template.metadata.annotations');
    return at(annotations, 'checksum/session-key');
  };

  it('is made of the seed, another one for each Gateway', () => {
    const world = startCluster(gateway() + gateway(http, 'other'));
    const text = Buffer.from(String(keyOf(world)), 'base64').toString();
    expect(text).toMatch(/^[0-9a-f]{64}$/);
    expect(keyOf(world, 'other')).not.toBe(keyOf(world));
    expect(keyOf(startCluster(gateway()))).toBe(keyOf(world));
    world.graph.commit((tx) => tx.set(sessionSeed, {key: 'seed', privateKey: 'aa'.repeat(32)}));
    expect(keyOf(world)).not.toBe(Buffer.from(text).toString('base64'));
  });

  it('is the one that exists', () => {
    const world = startCluster(gateway());
    const before = checksumOf(world);
    const metadata = {name: 'gw-session-key', namespace: 'default'};
    world.graph.commit((tx) => tx.set(secrets, {apiVersion: 'v1', kind: 'Secret', metadata, data: {key: 'bWluZQ=='}}));
    expect(keyOf(world)).toBe('bWluZQ==');
    expect(checksumOf(world)).not.toBe(before);
    expect(checksumOf(world)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is left to who sets it, and not made without a seed', () => {
    const own = startWith({env: [{name: 'SESSION_KEY', value: 'mine'}]});
    expect(own.made()).not.toContain('Secret/gw-session-key');
    expect(containerAt(own.object('Deployment/gw'), 'env')).toContainEqual({name: 'SESSION_KEY', value: 'mine'});
    const seedless = startCluster(gateway());
    seedless.graph.commit((tx) => tx.delete(sessionSeed, 'seed'));
    expect(seedless.made()).not.toContain('Secret/gw-session-key');
    expect(JSON.stringify(seedless.object('Deployment/gw'))).not.toContain('SESSION_KEY');
  });
});

describe('the token', () => {
  it.each<[string, string | undefined, string]>([
    ['that the control plane asks for', 'mine', 'mine'],
    ['that its own charts name, where none is asked for', undefined, 'agentgateway'],
  ])('is made for the audience %s', (_, audience, expected) => {
    const xds = {...provisioning.xds, ...(audience !== undefined && {audience})};
    const deployment = startCluster(gateway(), {xds}).object('Deployment/gw');
    expect(at(deployment, 'spec.template.spec.volumes.1')).toEqual({
      name: 'xds-token',
      projected: {
        sources: [{serviceAccountToken: {audience: expected, expirationSeconds: 43_200, path: 'xds-token'}}],
      },
    });
    expect(containerAt(deployment, 'volumeMounts.2')).toEqual({
      name: 'xds-token',
      mountPath: '/var/run/secrets/xds-tokens',
      readOnly: true,
    });
  });
});

it('is started anew when the authority of the control plane is replaced', () => {
  const sumOf = (ca: string): unknown => {
    const world = startCluster(gateway(), {xds: {...provisioning.xds, ca}});
    const annotations = at(world.object('Deployment/gw'), 'spec.template.metadata.annotations');
    return at(annotations, 'checksum/xds-ca');
  };
  expect(sumOf('PEM')).toMatch(/^[0-9a-f]{64}$/);
  expect(sumOf('PEM of another')).not.toBe(sumOf('PEM'));
});

describe('parameters', () => {
  it('of the Gateway go before those of its class, variable by variable and overlay by overlay', () => {
    const world = startCluster(`
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: agentgateway}
spec:
  controllerName: sluice.dev/agentgateway
  parametersRef: {group: agentgateway.dev, kind: AgentgatewayParameters, name: of-class, namespace: default}
${gateway(`${http}\n${ref}`)}`);
    world.apply(
      ofAgentgateway(
        {
          env: [
            {name: 'A', value: 'class'},
            {name: 'B', value: 'class'},
          ],
          logging: {level: 'debug', format: 'json'},
          rawConfig: {config: {adminAddr: 'off', logging: {filter: 'x'}}},
          modelCatalog: {sources: [{configMap: {name: 'not-of-classes'}}]},
          deployment: {spec: {replicas: 2, paused: true}},
        },
        'of-class',
      ),
      ofAgentgateway({
        env: [
          {name: 'B', value: 'own'},
          {name: 'RUST_LOG', value: 'trace'},
        ],
        modelCatalog: {sources: [{configMap: {name: 'models'}}, {configMap: {name: 'models', key: 'b'}}]},
        deployment: {spec: {replicas: 3}},
      }),
    );
    const deployment = world.object('Deployment/gw');
    const env = containerAt(deployment, 'env');
    const entries = Array.isArray(env) ? env : [];
    expect(entries.slice(-3)).toEqual([
      {name: 'A', value: 'class'},
      {name: 'B', value: 'own'},
      {name: 'RUST_LOG', value: 'trace'},
    ]);
    expect(entries.filter((entry) => at(entry, 'name') === 'RUST_LOG')).toHaveLength(1);
    expect(at(deployment, 'spec')).toMatchObject({replicas: 3, paused: true});
    expect(at(world.object('ConfigMap/gw'), 'data')).toEqual({
      'config.yaml': 'config:\n  adminAddr: "off"\n  logging:\n    filter: x\n    format: json\n'.replaceAll('"', "'"),
    });
    expect(at(deployment, 'spec.template.spec.volumes.3')).toEqual({
      name: 'model-catalog-0',
      configMap: {name: 'models'},
    });
    expect(containerAt(deployment, 'volumeMounts.3.mountPath')).toBe('/etc/agentgateway/model-catalog/models');
    expect(at(deployment, 'spec.template.spec.volumes.4')).toBeUndefined();
  });

  it('name a socket of SPIFFE on the node', () => {
    const world = startWith({
      spiffe: {source: {hostPath: {path: '/run/spire'}, mountPath: '/spire/', socketName: 'api.sock'}},
    });
    expect(at(world.object('ConfigMap/gw'), 'data')).toEqual({
      'config.yaml': 'config:\n  spiffe:\n    endpoint: unix:///spire/api.sock\n',
    });
    expect(at(world.object('Deployment/gw'), 'spec.template.spec.volumes.3')).toEqual({
      name: 'spiffe-workload-api',
      hostPath: {path: '/run/spire', type: 'Directory'},
    });
    expect(startWith({spiffe: {enabled: false}}).object('ConfigMap/gw')).toMatchObject({
      data: {'config.yaml': 'config: {}\n'},
    });
  });

  it('say no to a mesh that there is, and add to its trust', () => {
    const mesh = {istio: {namespace: 'mesh'}};
    const envOf = (spec: AgentgatewayParametersSpec): string => {
      const world = startCluster(gateway(`${http}\n${ref}`), mesh);
      world.apply(ofAgentgateway(spec));
      return JSON.stringify(containerAt(world.object('Deployment/gw'), 'env'));
    };
    expect(envOf({})).toContain('{"name":"CA_ADDRESS","value":"https://istiod.mesh.svc:15012"}');
    expect(envOf({})).toContain('{"name":"TRUST_DOMAIN","value":"cluster.local"}');
    expect(envOf({istio: {enabled: false}})).not.toContain('CA_ADDRESS');
    expect(envOf({istio: {additionalTrustDomains: ['a', 'b']}})).toContain(
      '{"name":"ADDITIONAL_TRUST_DOMAINS","value":"a,b"}',
    );
  });

  it('annotate a ServiceAccount, which has no spec', () => {
    const world = startWith({serviceAccount: {metadata: {annotations: {iam: 'role'}}, spec: {secrets: []}}});
    expect(world.object('ServiceAccount/gw')).toMatchObject({metadata: {annotations: {iam: 'role'}}});
    expect(world.object('ServiceAccount/gw')).not.toHaveProperty('spec');
  });

  it('do not scale a DaemonSet', () => {
    const overlay = {spec: {maxReplicas: 3}};
    const world = startWith({workload: {kind: 'DaemonSet'}, horizontalPodAutoscaler: overlay, podDisruptionBudget: {}});
    expect(world.made()).toEqual([
      'ConfigMap/gw',
      'DaemonSet/gw',
      'PodDisruptionBudget/gw',
      'Secret/gw-session-key',
      'Service/gw',
      'ServiceAccount/gw',
    ]);
  });

  it('make other Pods of another configuration, and only then', () => {
    const world = startWith({});
    const sumOf = (): unknown =>
      at(at(world.object('Deployment/gw'), 'spec.template.metadata.annotations'), 'checksum/config');
    const before = sumOf();
    world.apply(ofAgentgateway({service: {spec: {type: 'ClusterIP'}}}));
    expect(sumOf()).toBe(before);
    world.apply(ofAgentgateway({rawConfig: {a: 1}}));
    expect(sumOf()).not.toBe(before);
  });
});
