/**
 * Listeners that admit routes by the labels of their namespaces: a label that changes no verdict is looked at once,
 * however many routes the namespace has, and one that does is heard of by exactly the routes it concerns.
 */
import {describe, expect, it} from 'vitest';
import {dataset, routeOf} from '../../bench/datasets.ts';
import {attachments} from '../../collections/gateway/attachments.ts';
import {gateways, httpRoutes, namespaces} from '../../collections/inputs.ts';
import type {GatewayListener, HTTPRoute, ParentReference} from '../../src/gen/gateway-api.ts';
import type {Graph, Labels} from '../../src/krt/index.ts';
import {graphOf, namespaceOf, runsOf, scansOf, withListeners, workOf} from './world.ts';

const team = 'team-0';

const selecting = (name: string, port: number, matchLabels: Labels): GatewayListener => ({
  name,
  port,
  protocol: 'HTTP',
  allowedRoutes: {namespaces: {from: 'Selector', selector: {matchLabels}}},
});

const open = (name: string, port: number): GatewayListener => ({
  name,
  port,
  protocol: 'HTTP',
  allowedRoutes: {namespaces: {from: 'All'}},
});

/** `red` and `mine` select namespaces, `mine` by the label that each has; `all` takes every route. */
const listeners: readonly GatewayListener[] = [
  selecting('red', 81, {color: 'red'}),
  selecting('mine', 82, {'kubernetes.io/metadata.name': team}),
  open('all', 83),
];

/** Every route names one listener: of ten, one `red`, one `mine`, the others `all`. */
const sectionOf = (i: number): string => listeners[i % 10]?.name ?? 'all';

function routeTo(sectionName: string, i: number, namespace = team): HTTPRoute {
  const route = routeOf(i, namespace, 'service-0');
  const parentRefs = (route.spec.parentRefs ?? []).map((ref): ParentReference => ({...ref, sectionName}));
  return {...route, spec: {...route.spec, parentRefs}};
}

/** `size` routes in one namespace, and one in another. */
function worldOf(size: number) {
  const data = dataset(size);
  const gateway = withListeners(data.gateway, listeners);
  const routes = Array.from({length: size}, (_, i) => routeTo(sectionOf(i), i));
  const graph = graphOf('envoy', {...data, gateway, routes: [...routes, routeTo('red', size, 'other')]});
  return {graph, gateway};
}

const acceptedBy = (graph: Graph, listener: string): number =>
  graph.list(attachments).filter(({listeners: taken}) => taken.some(({name}) => name === listener)).length;

const label = (graph: Graph, labels: Labels, name = team) =>
  workOf(graph, (tx) => tx.set(namespaces, namespaceOf(name, labels)));

const small = worldOf(100);
const large = worldOf(10_000);

describe('a label of a Namespace', () => {
  it('that changes no verdict is looked at by no route', () => {
    const [few, many] = [small, large].map(({graph}) => label(graph, {touched: 'yes'}));
    expect(many).toEqual(few);
    expect(runsOf(few ?? {})).toEqual({namespaces: 0, 'labels-of-namespaces': 1, 'namespace-selections': 0});
    const examined = Object.values(few ?? {}).reduce((sum, counters) => sum + counters.examined, 0);
    expect(examined).toBeLessThan(10);
    for (const {graph} of [small, large]) expect(scansOf(graph)).toEqual([]);
    // Nor does any of them depend on the Namespace itself.
    const dependencies = small.graph.dump(attachments).flatMap((row) => row.dependencies);
    expect(dependencies.filter((one) => /^(namespaces|labels)/.test(one))).toEqual([]);
    expect(dependencies.filter((one) => one === 'admissions[infra/gateway/red|team-0]')).toHaveLength(10);
  });

  it('that changes a verdict runs the attachments it concerns, and no other', () => {
    for (const [{graph}, size] of [[small, 100] as const, [large, 10_000] as const]) {
      expect(acceptedBy(graph, 'red')).toBe(0);
      const work = label(graph, {color: 'red'});
      expect(work['attachments']).toMatchObject({runs: size / 10, changed: size / 10, cutOff: 0});
      expect(work['admissions']).toMatchObject({runs: 1, changed: 1});
      expect(acceptedBy(graph, 'red')).toBe(size / 10);

      expect(label(graph, {color: 'red', touched: 'yes'})['attachments']).toBeUndefined();
      expect(label(graph, {color: 'blue'})['attachments']).toMatchObject({runs: size / 10, cutOff: 0});
      expect(acceptedBy(graph, 'red')).toBe(0);
      expect(acceptedBy(graph, 'mine')).toBe(size / 10);
      expect(scansOf(graph)).toEqual([]);
    }
  });

  it('of another namespace concerns none of these routes', () => {
    const work = label(large.graph, {color: 'red'}, 'other');
    expect(work['attachments']).toMatchObject({runs: 1, changed: 1});
    expect(label(large.graph, {}, 'other')['attachments']).toMatchObject({runs: 1, changed: 1});
  });
});

describe('a Namespace that no provider delivers', () => {
  it('has the label that all have, and no other', () => {
    const {graph} = worldOf(10);
    label(graph, {color: 'red'});
    expect([acceptedBy(graph, 'red'), acceptedBy(graph, 'mine')]).toEqual([1, 1]);
    const work = workOf(graph, (tx) => tx.delete(namespaces, team));
    expect([acceptedBy(graph, 'red'), acceptedBy(graph, 'mine')]).toEqual([0, 1]);
    expect(work['attachments']).toMatchObject({runs: 1, changed: 1});
  });
});

describe('the selector of a listener', () => {
  const select = (size: typeof small, matchLabels: Labels) =>
    workOf(size.graph, (tx) =>
      tx.set(gateways, withListeners(size.gateway, [selecting('red', 81, matchLabels), ...listeners.slice(1)])),
    );

  it('that changes no verdict is looked at by no route', () => {
    const [few, many] = [small, large].map((world) => select(world, {color: 'green'}));
    expect(many).toEqual(few);
    expect(few?.['listeners']).toMatchObject({changed: 1});
    expect(few?.['attachments']).toBeUndefined();
  });

  it('that changes a verdict runs the attachments it concerns, and no other', () => {
    const work = select(large, {'kubernetes.io/metadata.name': team});
    expect(work['attachments']).toMatchObject({runs: 1_000, changed: 1_000, cutOff: 0});
    expect(acceptedBy(large.graph, 'red')).toBe(1_000);
  });
});

describe('one more listener', () => {
  it('is nothing to routes that name another', () => {
    const {graph, gateway} = worldOf(100);
    const work = workOf(graph, (tx) => tx.set(gateways, withListeners(gateway, [...listeners, open('more', 84)])));
    expect(work['listeners']).toMatchObject({changed: 1});
    expect(work['attachments']).toBeUndefined();
  });

  it('is seen by the routes that name it, and by those that name none', () => {
    const {graph, gateway} = worldOf(100);
    graph.commit((tx) => {
      tx.set(httpRoutes, routeTo('more', 1_000));
      tx.set(httpRoutes, routeOf(1_001, team, 'service-0'));
    });
    expect(acceptedBy(graph, 'more')).toBe(0);
    const work = workOf(graph, (tx) => tx.set(gateways, withListeners(gateway, [...listeners, open('more', 84)])));
    expect(work['attachments']).toMatchObject({runs: 2, changed: 2});
    expect(acceptedBy(graph, 'more')).toBe(2);
  });
});
