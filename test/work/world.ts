/** Graphs of the whole product with objects of every kind, and what a commit makes them do. */
import {expect} from 'vitest';
import {dataset, type Dataset} from '../../bench/datasets.ts';
import {graphOutputs} from '../../collections/index.ts';
import {
  agentgatewayParameters,
  configMaps,
  endpointSlices,
  gatewayClasses,
  gatewayParameters,
  gateways,
  grpcRoutes,
  httpRoutes,
  namespaces,
  referenceGrants,
  secrets,
  services,
  settings,
} from '../../collections/inputs.ts';
import {defaultSettings} from '../../collections/settings.ts';
import type {AgentgatewayParameters} from '../../src/api/agentgateway-parameters.ts';
import type {ConfigMap} from '../../src/api/config-map.ts';
import type {Namespace, Secret} from '../../src/api/core.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import type {GatewayParameters} from '../../src/api/gateway-parameters.ts';
import type {KubeObject} from '../../src/api/object.ts';
import {gatewayGroup} from '../../src/api/refs.ts';
import type {Gateway, GatewayClass, GatewayListener, GRPCRoute, ReferenceGrant} from '../../src/gen/gateway-api.ts';
import {type Counters, createGraph, type Graph, type Transaction} from '../../src/krt/index.ts';
import {base64, ecCertificate, ecKey} from '../api/test-certificates.ts';

export const certificate = (chain: string, key: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {name: 'certificate', namespace: 'infra'},
  type: 'kubernetes.io/tls',
  data: {'tls.crt': base64(chain), 'tls.key': base64(key)},
});

export const namespaceOf = (name: string, labels: Namespace['metadata']['labels'] = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {name, labels},
});

export type World = {readonly graph: Graph; readonly data: Dataset};

/** A world of `size` routes, all on one Gateway: plain HTTP as in the data set, and HTTPS, with two listeners. */
export function worldOf(dialect: Dialect, size: number): World {
  const plain = dataset(size, dialect);
  const [http] = plain.gateway.spec.listeners;
  if (http === undefined) throw new Error('the data set has no listener');
  const https: GatewayListener = {
    ...http,
    name: 'https',
    port: 8443,
    protocol: 'HTTPS',
    tls: {mode: 'Terminate', certificateRefs: [{group: '', kind: 'Secret', name: 'certificate'}]},
  };
  const data = {...plain, gateway: withListeners(plain.gateway, [http, https])};
  return {graph: graphOf(dialect, data), data};
}

export const withListeners = (gateway: Gateway, listeners: readonly GatewayListener[]): Gateway => ({
  ...gateway,
  spec: {...gateway.spec, listeners},
});

/**
 * The graph of a data set, with a Namespace for each namespace and one object of each other kind. `seen` stands between
 * the objects and the graph.
 */
export function graphOf(
  dialect: Dialect,
  {gateway, routes, services: allServices, slices}: Dataset,
  seen: <T extends KubeObject>(object: T) => T = (object) => object,
): Graph {
  const graph = createGraph({
    outputs: graphOutputs,
    onDiagnostic: ({node, message}) => expect.fail(`${node}: ${message}`),
  });
  graph.commit((tx) => {
    tx.set(settings, defaultSettings);
    tx.set(gatewayClasses, seen(gatewayClass(dialect)));
    tx.set(gateways, seen(gateway));
    tx.set(secrets, seen(certificate(ecCertificate, ecKey)));
    tx.set(referenceGrants, seen(grant));
    tx.set(configMaps, seen(configMap));
    tx.set(agentgatewayParameters, seen(parametersOfAgentgateway));
    tx.set(gatewayParameters, seen(parametersOfEnvoy));
    const names = new Set(routes.map(({metadata}) => metadata.namespace ?? ''));
    for (const name of names) tx.set(namespaces, seen(namespaceOf(name)));
    for (const service of allServices) tx.set(services, seen(service));
    for (const slice of slices) tx.set(endpointSlices, seen(slice));
    tx.set(grpcRoutes, seen(grpcRouteOf(gateway)));
    for (const route of routes) tx.set(httpRoutes, seen(route));
  });
  expect(scansOf(graph)).toEqual([]);
  return graph;
}

export const gatewayClass = (dialect: Dialect): GatewayClass => ({
  apiVersion: `${gatewayGroup}/v1`,
  kind: 'GatewayClass',
  metadata: {name: dialect},
  spec: {controllerName: defaultSettings.controllerNames[dialect]},
});

/** Does not matter to any route: they send to Services beside them. */
const grant: ReferenceGrant = {
  apiVersion: `${gatewayGroup}/v1`,
  kind: 'ReferenceGrant',
  metadata: {name: 'grant', namespace: 'team-0'},
  spec: {from: [{group: gatewayGroup, kind: 'HTTPRoute', namespace: 'infra'}], to: [{group: '', kind: 'Service'}]},
};

/** Beside the others, with a hostname of its own. */
const grpcRouteOf = ({metadata: {name, namespace}}: Gateway): GRPCRoute => ({
  apiVersion: `${gatewayGroup}/v1`,
  kind: 'GRPCRoute',
  metadata: {name: 'grpc', namespace: 'infra'},
  spec: {
    parentRefs: [
      {group: gatewayGroup, kind: 'Gateway', name, ...(namespace !== undefined && {namespace}), sectionName: 'http'},
    ],
    hostnames: ['grpc.example.org'],
    rules: [{matches: [{method: {type: 'Exact', service: 'a.Echo', method: 'Say'}}]}],
  },
});

const configMap: ConfigMap = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'config', namespace: 'infra'}};

export const parametersOfAgentgateway: AgentgatewayParameters = {
  apiVersion: 'agentgateway.dev/v1alpha1',
  kind: 'AgentgatewayParameters',
  metadata: {name: 'parameters', namespace: 'infra'},
  spec: {logging: {level: 'debug'}},
};

export const parametersOfEnvoy: GatewayParameters = {
  apiVersion: 'gateway.kgateway.dev/v1alpha1',
  kind: 'GatewayParameters',
  metadata: {name: 'parameters', namespace: 'infra'},
  spec: {kube: {service: {type: 'ClusterIP'}}},
};

/** Nodes that have compared changes with dependencies which no index could rule out. */
export const scansOf = (graph: Graph): readonly string[] =>
  [...graph.counters()].filter(([, {scans}]) => scans > 0).map(([node]) => node);

/** Counters of the nodes that a commit made do anything. */
export function workOf(graph: Graph, write: (tx: Transaction) => void): Readonly<Record<string, Counters>> {
  graph.resetCounters();
  graph.commit(write);
  const busy = [...graph.counters()].filter(
    ([, {runs, changed, examined, scans}]) => runs + changed + examined + scans > 0,
  );
  return Object.fromEntries(busy);
}

/** Transform runs of each node that ran or changed. */
export const runsOf = (work: Readonly<Record<string, Counters>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(work).map(([node, {runs}]) => [node, runs]));
