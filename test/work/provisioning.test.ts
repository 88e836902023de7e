/** What one edit makes of the objects that are to exist for Gateways: as much at 100 Gateways as at 10,000. */
import {describe, expect, it} from 'vitest';
import {dataset, type Dataset} from '../../bench/datasets.ts';
import {provisioned} from '../../collections/index.ts';
import {
  agentgatewayParameters,
  endpointSlices,
  gatewayParameters,
  gateways,
  httpRoutes,
  secrets,
  serviceAddresses,
  services,
  settings,
} from '../../collections/inputs.ts';
import {defaultSettings, type Settings} from '../../collections/settings.ts';
import type {Service} from '../../src/api/core.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import type {Gateway} from '../../src/gen/gateway-api.ts';
import type {Graph, Transaction} from '../../src/krt/index.ts';
import {otherEcCertificate, otherEcKey} from '../api/test-certificates.ts';
import {
  certificate,
  graphOf,
  parametersOfAgentgateway,
  parametersOfEnvoy,
  scansOf,
  withListeners,
  workOf,
} from './world.ts';

const inCluster: Settings = {
  ...defaultSettings,
  provider: 'kubernetes',
  provisioning: {
    version: '1',
    images: {
      envoy: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'v1'},
      agentgateway: {registry: 'ghcr.io', repository: 'agentgateway', tag: 'v1'},
    },
    xds: {host: 'sluice.sluice-system.svc', port: 18_000},
    emptyServicePort: 443,
  },
};

type World = {readonly graph: Graph; readonly data: Dataset};

/** `size` Gateways like that of the data set, the first of which has parameters of its own; 100 routes on the data set's own. */
function worldOf(dialect: Dialect, size: number): World {
  const data = dataset(100, dialect);
  const graph = graphOf(dialect, data);
  graph.commit((tx) => {
    tx.set(settings, inCluster);
    for (let i = 0; i < size; i++) tx.set(gateways, gatewayOf(data, i));
  });
  return {graph, data};
}

const gatewayOf = ({gateway}: Dataset, i: number): Gateway => ({
  ...gateway,
  metadata: {...gateway.metadata, name: `gateway-${i}`, uid: `uid-${i}`},
  spec: {
    ...gateway.spec,
    ...(i === 0 && {infrastructure: {parametersRef: parametersRefs[gateway.spec.gatewayClassName] ?? none}}),
  },
});

const none = {group: '', kind: '', name: ''};
const parametersRefs: Readonly<Record<string, typeof none>> = {
  agentgateway: {group: 'agentgateway.dev', kind: 'AgentgatewayParameters', name: 'parameters'},
  envoy: {group: 'gateway.kgateway.dev', kind: 'GatewayParameters', name: 'parameters'},
};

const serviceOf = (name: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {name, namespace: 'infra', labels: {'gateway.networking.k8s.io/gateway-name': name}},
  spec: {type: 'LoadBalancer', clusterIPs: ['10.0.0.1'], ports: [{port: 8080}]},
});

type Edit = (tx: Transaction, data: Dataset) => void;

/** What concerns nothing that runs. */
const ofTraffic: Readonly<Record<string, Edit>> = {
  'a route': (tx, {routes}) => {
    const [route] = routes;
    if (route !== undefined) tx.set(httpRoutes, {...route, spec: {...route.spec, hostnames: ['other.example.com']}});
  },
  'an endpoint': (tx, {slices}) => {
    const [slice] = slices;
    if (slice !== undefined) tx.set(endpointSlices, {...slice, endpoints: slice.endpoints.slice(1)});
  },
  'a certificate': (tx) => tx.set(secrets, certificate(otherEcCertificate, otherEcKey)),
  'a backend': (tx, {services: [service]}) => {
    if (service !== undefined) tx.set(services, {...service, metadata: {...service.metadata, labels: {a: 'b'}}});
  },
  'the address of a load balancer': (tx) =>
    tx.set(serviceAddresses, {key: 'infra/gateway-7', addresses: [{type: 'IPAddress', value: '192.0.2.7'}]}),
  'the Service of a Gateway': (tx) => tx.set(services, serviceOf('gateway-7')),
};

const ofOneGateway: Readonly<Record<string, Edit>> = {
  'a listener more': (tx, data) => {
    const gateway = gatewayOf(data, 7);
    const [first] = gateway.spec.listeners;
    if (first !== undefined) tx.set(gateways, withListeners(gateway, [first, {...first, name: 'more', port: 8081}]));
  },
  'an annotation of its infrastructure': (tx, data) => {
    const gateway = gatewayOf(data, 8);
    tx.set(gateways, {...gateway, spec: {...gateway.spec, infrastructure: {annotations: {a: 'b'}}}});
  },
  'its parameters': (tx) => {
    tx.set(agentgatewayParameters, {...parametersOfAgentgateway, spec: {logging: {level: 'info'}}});
    tx.set(gatewayParameters, {...parametersOfEnvoy, spec: {kube: {service: {type: 'NodePort'}}}});
  },
};

/** Objects that each of these changes, by name of the Gateway. */
const changes: Readonly<Record<Dialect, Readonly<Record<string, readonly string[]>>>> = {
  agentgateway: {
    'a listener more': ['Service/infra/gateway-7'],
    'an annotation of its infrastructure': ['ConfigMap', 'Deployment', 'Service', 'ServiceAccount'].map(
      (kind) => `${kind}/infra/gateway-8`,
    ),
    'its parameters': ['Deployment/infra/gateway-0'],
  },
  envoy: {
    'a listener more': ['Service/infra/gateway-7'],
    'an annotation of its infrastructure': ['ConfigMap', 'Deployment', 'Service', 'ServiceAccount'].map(
      (kind) => `${kind}/infra/gateway-8`,
    ),
    'its parameters': ['Service/infra/gateway-0'],
  },
};

function costOf({graph, data}: World, edit: Edit) {
  const changed: string[] = [];
  const stop = graph.subscribe(provisioned.objects, (delta) => changed.push(...delta.changes.map(({key}) => key)));
  const work = workOf(graph, (tx) => edit(tx, data));
  stop();
  expect(scansOf(graph)).toEqual([]);
  return {work, changed: changed.sort()};
}

describe.each<Dialect>(['envoy', 'agentgateway'])('%s', (dialect) => {
  const small = worldOf(dialect, 100);
  const large = worldOf(dialect, 10_000);

  it('has objects for every Gateway', () => {
    expect(small.graph.size(provisioned.objects)).toBe(101 * 4);
    expect(large.graph.size(provisioned.objects)).toBe(10_001 * 4);
    expect(large.graph.errors()).toEqual([]);
  });

  it.each(Object.entries(ofTraffic))('%s makes nothing of what runs', (_, edit) => {
    const few = costOf(small, edit);
    expect(costOf(large, edit)).toEqual(few);
    expect(few.changed).toEqual([]);
    expect(few.work).not.toHaveProperty('provisioned');
    expect(Object.keys(few.work).length).toBeGreaterThan(0);
  });

  it.each(Object.entries(ofOneGateway))('%s makes anew the objects of one Gateway', (name, edit) => {
    const few = costOf(small, edit);
    expect(costOf(large, edit)).toEqual(few);
    expect(few.work['provisioned']?.runs).toBe(1);
    expect(few.changed).toEqual(changes[dialect][name]);
  });
});
