/** What says how proxies are to run, and what there is of them. */
import * as fc from 'fast-check';
import type {AgentgatewayParameters, Overlay} from '../../src/api/agentgateway-parameters.ts';
import type {ConfigMap} from '../../src/api/config-map.ts';
import type {Secret, Service} from '../../src/api/core.ts';
import type {EnvoyParameters, GatewayParameters} from '../../src/api/gateway-parameters.ts';
import type {Provisioning} from '../../collections/settings.ts';
import {base64} from '../api/test-certificates.ts';
import {compact, gatewayName, maybe, namespace, parametersName} from './names.ts';

const image = fc.constantFrom({tag: 'v1'}, {registry: 'example.com', digest: 'sha256:0'}, {pullPolicy: 'Always'});
const env = fc.constantFrom(
  [{name: 'RUST_LOG', value: 'debug'}],
  [{name: 'SESSION_KEY', value: '00'}],
  [{name: 'MINE', value: '1'}],
);
const resources = fc.constantFrom({requests: {cpu: '1'}}, {limits: {memory: '1Gi'}});

/** Some cannot be laid over anything. */
const podOverlay = (container: string): fc.Arbitrary<Overlay> =>
  fc.constantFrom<Overlay>(
    {spec: {replicas: 2}},
    {spec: {replicas: null}},
    {metadata: {annotations: {note: 'y'}}},
    {metadata: {labels: {team: 'red'}}, spec: {template: {spec: {containers: [{name: container, image: 'mine'}]}}}},
    {spec: {template: {spec: {volumes: [{$patch: 'replace'}, {name: 'mine', emptyDir: {}}]}}}},
    {spec: {template: {spec: {containers: [{image: 'without a name'}]}}}},
  );
const serviceOverlay = fc.constantFrom<Overlay>(
  {spec: {type: 'ClusterIP'}},
  {metadata: {annotations: {lb: 'internal'}}},
);
const budget = fc.constantFrom<Overlay>({spec: {minAvailable: 1}});

const metadata = {name: parametersName, namespace};

export const agentgatewayParametersObject: fc.Arbitrary<AgentgatewayParameters> = fc
  .record({
    ...metadata,
    workload: maybe(fc.constant({kind: 'DaemonSet' as const}), 3),
    logging: maybe(fc.constantFrom({level: 'debug'}, {format: 'json' as const}), 3),
    rawConfig: maybe(fc.constant({config: {adminAddr: 'off'}}), 4),
    image: maybe(image, 3),
    env: maybe(env, 3),
    resources: maybe(resources, 3),
    istio: maybe(fc.constantFrom({}, {enabled: false}, {trustDomain: 'example.com'}), 4),
    spiffe: maybe(fc.constant({}), 6),
    deployment: maybe(podOverlay('agentgateway'), 3),
    service: maybe(serviceOverlay, 3),
    podDisruptionBudget: maybe(budget),
    horizontalPodAutoscaler: maybe(fc.constant<Overlay>({spec: {maxReplicas: 3}}), 3),
  })
  .map(({name, namespace, ...spec}) => ({
    apiVersion: 'agentgateway.dev/v1alpha1',
    kind: 'AgentgatewayParameters',
    metadata: {name, namespace},
    spec: compact(spec),
  }));

const envoyParameters: fc.Arbitrary<EnvoyParameters> = fc
  .record({
    deployment: maybe(fc.constant({replicas: 2}), 4),
    envoyContainer: maybe(
      fc.record({image: maybe(image), env: maybe(env), resources: maybe(resources)}).map(compact),
      3,
    ),
    podTemplate: maybe(fc.constantFrom({extraLabels: {team: 'blue'}}, {nodeSelector: {disk: 'fast'}}), 3),
    stats: maybe(fc.constantFrom({enabled: false}, {matcher: {inclusionList: [{prefix: 'cluster.'}]}}), 4),
    omitDefaultSecurityContext: maybe(fc.boolean(), 4),
    service: maybe(fc.constantFrom({type: 'NodePort' as const, ports: [{port: 80, nodePort: 30_080}]}), 4),
    deploymentOverlay: maybe(podOverlay('envoy'), 3),
    serviceOverlay: maybe(serviceOverlay, 4),
    verticalPodAutoscaler: maybe(fc.constant<Overlay>({spec: {updatePolicy: {updateMode: 'Auto'}}})),
  })
  .map(compact);

export const gatewayParametersObject: fc.Arbitrary<GatewayParameters> = fc
  .record({
    ...metadata,
    spec: fc.oneof(
      envoyParameters.map((kube) => ({kube})),
      fc.constant({selfManaged: {}}),
    ),
  })
  .map(({name, namespace, spec}) => ({
    apiVersion: 'gateway.kgateway.dev/v1alpha1',
    kind: 'GatewayParameters',
    metadata: {name, namespace},
    spec,
  }));

/** The configuration of a mesh, now and then broken. */
export const meshConfigObject: fc.Arbitrary<ConfigMap> = fc
  .record({
    name: fc.constantFrom('istio', 'istio-blue'),
    mesh: maybe(fc.constantFrom('trustDomain: mesh.example.com', 'trustDomain: [', 'other: 1'), 4),
  })
  .map(({name, mesh}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name, namespace: 'istio-system'},
    ...(mesh !== undefined && {data: {mesh}}),
  }));

/** What the API server holds of what was made for a Gateway. */
export const gatewayServiceObject: fc.Arbitrary<Service> = fc
  .record({
    gateway: gatewayName,
    namespace,
    type: fc.constantFrom('LoadBalancer' as const, 'ClusterIP' as const),
    clusterIPs: fc.constantFrom(['10.0.0.9'], ['10.0.0.8', 'fd00::8'], ['None']),
  })
  .map(({gateway, namespace, ...spec}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: gateway, namespace, labels: {'gateway.networking.k8s.io/gateway-name': gateway}},
    spec,
  }));

export const sessionSecretObject: fc.Arbitrary<Secret> = fc
  .record({gateway: gatewayName, namespace, key: fc.constantFrom('00ff', '11ee', '')})
  .map(({gateway, namespace, key}) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {name: `${gateway}-session-key`, namespace},
    data: {key: base64(key)},
  }));

export const provisioning: fc.Arbitrary<Provisioning> = fc
  .record({
    version: fc.constantFrom('1', '2'),
    ca: maybe(fc.constant('CERTIFICATE')),
    istio: maybe(fc.constantFrom({namespace: 'istio-system'}, {namespace: 'istio-system', revision: 'blue'}), 3),
  })
  .map(({version, ca, istio}) => ({
    version,
    images: {
      envoy: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'v1'},
      agentgateway: {registry: 'ghcr.io', repository: 'agentgateway', tag: 'v1'},
    },
    xds: {host: 'sluice.sluice-system.svc', port: 18_000, ...(ca !== undefined && {ca})},
    emptyServicePort: 443,
    ...(istio && {istio}),
  }));
