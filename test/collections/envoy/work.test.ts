/**
 * What a change costs: how often each transform of this dialect runs, and which resources come out changed. The counts
 * are equal whatever the number of routes, because nothing looks at all of them.
 */
import {describe, expect, it} from 'vitest';
import {envoyResources} from '../../../collections/envoy/resources.ts';
import {inputsByGroupKind, settings} from '../../../collections/inputs.ts';
import type {ResourceRow} from '../../../collections/resource.ts';
import {defaultSettings} from '../../../collections/settings.ts';
import {groupKind, type KubeObject} from '../../../src/api/object.ts';
import {createGraph, type Graph} from '../../../src/krt/index.ts';
import {otherEcCertificate, otherEcKey} from '../../api/test-certificates.ts';
import {certificate, gateway, objectsOf, route, services, slice, web} from './harness.ts';

function write(graph: Graph, objects: readonly KubeObject[]): void {
  graph.commit((tx) => {
    for (const object of objects) {
      const input = inputsByGroupKind.get(groupKind(object));
      if (input === undefined) throw new Error(`no input for ${groupKind(object)}`);
      tx.set(input, object);
    }
  });
}

const [template] = objectsOf(route('template', `[{backendRefs: [${web}]}]`, 'template.org'));

/** Many routes with a hostname each, made from one that is valid. */
function manyRoutes(count: number): readonly KubeObject[] {
  return Array.from({length: count}, (_, index) => {
    const text = JSON.stringify(template).replaceAll('template', `r${index}`);
    return JSON.parse(text) as KubeObject; // a copy of a valid object under another name
  });
}

const base = objectsOf(
  services,
  certificate('cert'),
  gateway(
    `[{name: http, port: 8080, protocol: HTTP}, {name: tls, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}]`,
  ),
  gateway('[{name: http, port: 8080, protocol: HTTP}]', 'idle'),
);

type Cost = {
  /** Runs of this dialect's transforms, those that did not run left out. */
  readonly runs: Readonly<Record<string, number>>;
  /** `Type name`: resources sent anew or taken away. */
  readonly changed: readonly string[];
};

function costOf(routes: number, change: readonly KubeObject[], virtualHosts: 'vhds' | 'rds' = 'vhds'): Cost {
  const graph = createGraph({outputs: [envoyResources]});
  graph.commit((tx) => tx.set(settings, {...defaultSettings, envoy: {virtualHosts}}));
  write(graph, [...base, ...manyRoutes(routes)]);
  const changed: string[] = [];
  const nameOf = (row: ResourceRow | undefined): string => `${row?.type.split('.').at(-1) ?? ''} ${row?.name ?? ''}`;
  graph.subscribe(envoyResources, ({changes}) => {
    changed.push(...changes.map((each) => nameOf(each.new ?? each.old)));
  });
  graph.resetCounters();
  write(graph, change);
  const runs: Record<string, number> = {};
  for (const [name, counters] of graph.counters()) {
    if (name.startsWith('envoy-') && counters.runs > 0) runs[name] = counters.runs;
  }
  graph.dispose();
  return {runs, changed: changed.sort()};
}

const few = 10;
const many = 400;

const edited = objectsOf(route('r3', `[{matches: [{path: {value: /new}}], backendRefs: [${web}]}]`, 'r3.org'));
const gatewayStatus = base
  .filter(({kind}) => kind === 'Gateway')
  .map((object) => ({...object, status: {conditions: [{type: 'Programmed', status: 'True'}]}}));

/** The route stands under its hostname on both listeners. */
const hostsOf = (name: string): readonly string[] => [
  `VirtualHost http-8080/${name}`,
  `VirtualHost https-8443-tls/${name}`,
];

describe('the cost of', () => {
  it.each<[string, readonly KubeObject[], Cost]>([
    [
      'an edited route is its part and its VirtualHosts',
      edited,
      {
        runs: {'envoy-routes': 1, 'envoy-virtual-hosts': 2},
        changed: hostsOf('r3.org'),
      },
    ],
    [
      'a new route is the same, and its host',
      objectsOf(route('new', `[{backendRefs: [${web}]}]`, 'new.org')),
      {
        runs: {'envoy-routes': 1, 'envoy-virtual-hosts': 2},
        changed: hostsOf('new.org'),
      },
    ],
    [
      'a changed endpoint is one load assignment',
      objectsOf(slice('web', '[{addresses: [10.9.9.9]}]')),
      {runs: {'envoy-load-assignments': 1, 'envoy-endpoints': 1}, changed: ['ClusterLoadAssignment default/web/80']},
    ],
    [
      'a renewed certificate is one Secret',
      objectsOf(certificate('cert', otherEcCertificate, otherEcKey)),
      {runs: {'envoy-secrets': 1}, changed: ['Secret default/cert']},
    ],
    ['a status write is nothing', gatewayStatus, {runs: {}, changed: []}],
    ['endpoints of a Service that no route names is nothing', objectsOf(slice('api', '[]')), {runs: {}, changed: []}],
  ])('%s', (_what, change, expected) => {
    expect(costOf(few, change)).toEqual(expected);
    expect(costOf(many, change)).toEqual(expected);
  });

  it('an edited route with VirtualHosts by RDS is one part, the others are copied', () => {
    const expected: Cost = {
      runs: {
        'envoy-routes': 1,
        'envoy-virtual-hosts': 2,
        'envoy-route-configurations': 2,
      },
      changed: ['RouteConfiguration http-8080', 'RouteConfiguration https-8443-tls'],
    };
    expect(costOf(few, edited, 'rds')).toEqual(expected);
    expect(costOf(many, edited, 'rds')).toEqual(expected);
  });

  it('is small on the wire too: a VirtualHost with one route', () => {
    const graph = createGraph({outputs: [envoyResources]});
    graph.commit((tx) => tx.set(settings, defaultSettings));
    write(graph, [...base, ...manyRoutes(few)]);
    const sizes = graph
      .list(envoyResources)
      .filter(({name}) => name === 'http-8080/r3.org')
      .map(({bytes}) => bytes.length);
    expect(sizes).toHaveLength(1);
    expect(Math.max(...sizes)).toBeLessThan(400);
    graph.dispose();
  });
});
