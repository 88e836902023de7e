/**
 * A change costs what it changes, over the whole graph and both dialects: the counters of every node after one edit are
 * the same at 100 and at 10,000 routes, and the resources encoded anew are those that differ.
 */
import {describe, expect, it} from 'vitest';
import {type Dataset, routeOf} from '../../bench/datasets.ts';
import {resources} from '../../collections/index.ts';
import {endpointSlices, gateways, httpRoutes, namespaces, secrets} from '../../collections/inputs.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import type {Graph, Transaction} from '../../src/krt/index.ts';
import {otherEcCertificate, otherEcKey} from '../api/test-certificates.ts';
import {certificate, namespaceOf, scansOf, workOf, type World, worldOf} from './world.ts';

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
  'a certificate rotation': (tx) => tx.set(secrets, certificate(otherEcCertificate, otherEcKey)),
  'a label of a Namespace': (tx) => tx.set(namespaces, namespaceOf('team-0', {touched: 'yes'})),
  'a Gateway of another address': (tx, {gateway}) => {
    const {metadata, spec} = gateway;
    const addresses = [{type: 'IPAddress', value: '127.0.0.2'}];
    tx.set(gateways, {...gateway, metadata: {...metadata, generation: 2}, spec: {...spec, addresses}});
  },
};

function costOf({graph, data}: World, edit: Edit) {
  const changed: string[] = [];
  const stop = graph.subscribe(resources, ({changes}) => changed.push(...changes.map(({key}) => key)));
  const work = workOf(graph, (tx) => edit(tx, data));
  stop();
  expect(scansOf(graph)).toEqual([]);
  return {work, changed: changed.sort()};
}

/** Whether the rows of a node hold encoded messages. */
const encodes = (graph: Graph, node: string): boolean =>
  graph.find(node) !== undefined && graph.dump(node).some(({row}) => Object.hasOwn(Object(row), 'bytes'));

/** Resources that one edit changes. A Gateway here has two listeners with own VirtualHosts on Envoy. */
const changes: Readonly<Record<Dialect, Readonly<Record<string, number>>>> = {
  envoy: {
    'a route edit': 2,
    'an endpoint change': 1,
    'a certificate rotation': 1,
    'a label of a Namespace': 0,
    'a Gateway of another address': 2,
  },
  agentgateway: {
    'a route edit': 2,
    'an endpoint change': 1,
    'a certificate rotation': 1,
    'a label of a Namespace': 0,
    'a Gateway of another address': 0,
  },
};

describe.each<Dialect>(['envoy', 'agentgateway'])('%s', (dialect) => {
  const small = worldOf(dialect, 100);
  const large = worldOf(dialect, 10_000);

  it('has a resource for every route', () => {
    expect(small.graph.size(resources)).toBeGreaterThan(100);
    expect(large.graph.size(resources)).toBeGreaterThan(10_000);
  });

  it('lets routes depend on no row that an edit of their Gateway changes without being one to them', () => {
    const {graph, data} = small;
    const dependencies = graph
      .nodes()
      .filter(({kind, rows}) => kind !== 'input' && rows >= data.routes.length)
      .flatMap(({outputs}) => outputs)
      .flatMap((name) => graph.dump(name))
      .flatMap((row) => row.dependencies);
    const read = new Set(dependencies.map((one) => /^[-a-z]+/.exec(one)?.[0]));
    expect(read).toContain('parent-listeners');
    for (const name of ['gateways', 'managed-gateways', 'listeners', 'ports', 'namespaces']) {
      expect(read).not.toContain(name);
    }
  });

  it.each(Object.entries(edits))('%s does the same work at 100 and at 10,000 routes', (name, edit) => {
    const few = costOf(small, edit);
    const many = costOf(large, edit);
    expect(many).toEqual(few);
    expect(few.changed.length, few.changed.join(', ')).toBe(changes[dialect][name]);
    // Nothing was encoded only to find what was there before.
    const inVain = Object.entries(few.work).filter(([node, {cutOff}]) => cutOff > 0 && encodes(small.graph, node));
    expect(inVain).toEqual([]);
  });
});
