/**
 * A change costs what it changes, over the whole graph and both dialects: the counters of every node after one edit are
 * the same at 100 and at 10,000 routes, and the resources encoded anew are those that differ.
 */
import {describe, expect, it} from 'vitest';
import {dataset, type Dataset, routeOf} from '../../bench/datasets.ts';
import {graphOutputs, resources} from '../../collections/index.ts';
import {
  endpointSlices,
  gatewayClasses,
  gateways,
  httpRoutes,
  secrets,
  services,
  settings,
} from '../../collections/inputs.ts';
import {defaultSettings} from '../../collections/settings.ts';
import type {Secret} from '../../src/api/core.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import {createGraph, type Graph, type Transaction} from '../../src/krt/index.ts';
import {ecCertificate, ecKey, otherEcCertificate, otherEcKey} from '../api/test-certificates.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const certificate = (chain: string, key: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {name: 'certificate', namespace: 'infra'},
  type: 'kubernetes.io/tls',
  data: {'tls.crt': base64(chain), 'tls.key': base64(key)},
});

type World = {readonly graph: Graph; readonly data: Dataset};

function worldOf(dialect: Dialect, size: number): World {
  const plain = dataset(size, dialect);
  const [http] = plain.gateway.spec.listeners;
  if (http === undefined) throw new Error('the data set has no listener');
  const https = {
    ...http,
    name: 'https',
    port: 8443,
    protocol: 'HTTPS',
    tls: {mode: 'Terminate', certificateRefs: [{group: '', kind: 'Secret', name: 'certificate'}]},
  } as const;
  const data = {...plain, gateway: {...plain.gateway, spec: {...plain.gateway.spec, listeners: [http, https]}}};
  const graph = createGraph({
    outputs: graphOutputs,
    onDiagnostic: ({node, message}) => expect.fail(`${node}: ${message}`),
  });
  graph.commit((tx) => {
    tx.set(settings, defaultSettings);
    tx.set(gatewayClasses, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: {name: dialect},
      spec: {controllerName: defaultSettings.controllerNames[dialect]},
    });
    tx.set(gateways, data.gateway);
    tx.set(secrets, certificate(ecCertificate, ecKey));
    for (const service of data.services) tx.set(services, service);
    for (const slice of data.slices) tx.set(endpointSlices, slice);
    for (const route of data.routes) tx.set(httpRoutes, route);
  });
  expect(graph.size(resources)).toBeGreaterThan(size);
  return {graph, data};
}

type Edit = (tx: Transaction, data: Dataset) => void;

const edits: Readonly<Record<string, Edit>> = {
  'a route edit': (tx, {routes}) => {
    const [route] = routes;
    const [rule] = route?.spec.rules ?? [];
    tx.set(httpRoutes, routeOf(0, route?.metadata.namespace ?? '', rule?.backendRefs?.[0]?.name ?? '', 1));
  },
  'an endpoint change': (tx, {slices}) => {
    const [slice] = slices;
    if (slice !== undefined) tx.set(endpointSlices, {...slice, endpoints: slice.endpoints.slice(1)});
  },
  'a Gateway status write': (tx, {gateway}) =>
    tx.set(gateways, {
      ...gateway,
      status: {conditions: [], listeners: []},
      metadata: {...gateway.metadata, resourceVersion: '2'},
    }),
  'a certificate rotation': (tx) => tx.set(secrets, certificate(otherEcCertificate, otherEcKey)),
};

/** Counters of the nodes that did anything, and the resources that changed. */
function costOf({graph, data}: World, edit: Edit) {
  const changed: string[] = [];
  const stop = graph.subscribe(resources, ({changes}) => changed.push(...changes.map(({key}) => key)));
  graph.resetCounters();
  graph.commit((tx) => edit(tx, data));
  stop();
  const busy = [...graph.counters()].filter(
    ([, {runs, changed: rows, examined, scans}]) => runs + rows + examined + scans > 0,
  );
  return {work: Object.fromEntries(busy), changed: changed.sort()};
}

/** Resources that one edit changes. A Gateway here has two listeners with own VirtualHosts on Envoy. */
const changes: Readonly<Record<Dialect, Readonly<Record<string, number>>>> = {
  envoy: {'a route edit': 2, 'an endpoint change': 1, 'a Gateway status write': 0, 'a certificate rotation': 1},
  agentgateway: {'a route edit': 2, 'an endpoint change': 1, 'a Gateway status write': 0, 'a certificate rotation': 1},
};

describe.each<Dialect>(['envoy', 'agentgateway'])('%s', (dialect) => {
  const small = worldOf(dialect, 100);
  const large = worldOf(dialect, 10_000);

  it.each(Object.entries(edits))('%s does the same work at 100 and at 10,000 routes', (name, edit) => {
    const few = costOf(small, edit);
    const many = costOf(large, edit);
    expect(many).toEqual(few);
    expect(few.changed.length, few.changed.join(', ')).toBe(changes[dialect][name]);
    // No transform of the dialect ran, and so encoded, only to find what it had before.
    const inVain = Object.entries(few.work).filter(([node, {cutOff}]) => node.startsWith(dialect) && cutOff > 0);
    expect(inVain).toEqual([]);
  });
});
