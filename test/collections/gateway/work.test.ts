/**
 * A change costs what it changes: the counters of every node after one edit, first at 100 routes, then at 1,000, must
 * be the same.
 */
import {describe, expect, it} from 'vitest';
import {endpoints} from '../../../collections/gateway/endpoints.ts';
import {gatewayBackends} from '../../../collections/gateway/gateway-backends.ts';
import {gatewayClassStatus} from '../../../collections/status/gateway-class-status.ts';
import {gatewayStatus} from '../../../collections/status/gateway-status.ts';
import {routeStatus} from '../../../collections/status/route-status.ts';
import {ports} from '../../../collections/gateway/ports.ts';
import type {Gateway, HTTPRoute} from '../../../src/gen/gateway-api.ts';
import type {Counters} from '../../../src/krt/index.ts';
import {otherEcCertificate, otherEcKey} from '../../api/test-certificates.ts';
import {
  gatewayYaml,
  objectOf,
  routeYaml,
  serviceYaml,
  sliceYaml,
  startWorld,
  tlsSecretYaml,
  type World,
} from './world.ts';

const outputs = [endpoints, gatewayBackends, gatewayClassStatus, gatewayStatus, routeStatus, ports];
const sizes = [100, 1000];
/** Routes share services, as they do in real clusters. */
const servicesOf = (routes: number): number => routes / 10;

const gatewayText = gatewayYaml(`
listeners:
- {name: http, port: 80, protocol: HTTP}
- {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}`);
const gateway = objectOf(gatewayText, 'Gateway');
const gatewayOfStatus: Gateway = {
  ...gateway,
  status: {conditions: [], addresses: [{type: 'IPAddress', value: '1.2.3.4'}]},
};
const template = objectOf(
  routeYaml('parentRefs: [{name: gw}]\nrules: [{matches: [{path: {value: /x}}], backendRefs: [{name: s0, port: 80}]}]'),
  'HTTPRoute',
);

/** Route `i` of host `i`, sending everything below `path` to a Service. */
function routeOf(i: number, service: number, path = '/x'): HTTPRoute {
  const [rule] = template.spec.rules;
  const [ref] = rule?.backendRefs ?? [];
  if (rule === undefined || ref === undefined) throw new Error('the template has no rule');
  return {
    ...template,
    metadata: {...template.metadata, name: `r${i}`},
    spec: {
      ...template.spec,
      hostnames: [`h${i}.example.com`],
      rules: [
        {
          ...rule,
          matches: [{path: {type: 'PathPrefix', value: path}}],
          backendRefs: [{...ref, name: `s${service}`}],
        },
      ],
    },
  };
}

const slice = (service: string, ip: string): string => sliceYaml(service, `[{addresses: [${ip}]}]`);

function worldOf(routes: number): World {
  const services = servicesOf(routes);
  const shared = Array.from({length: services}, (_, i) => serviceYaml(`s${i}`) + slice(`s${i}`, '10.0.0.1')).join('');
  const world = startWorld(outputs, gatewayText + tlsSecretYaml('cert') + shared, {development: false});
  world.apply(...Array.from({length: routes}, (_, i) => routeOf(i, i % services)));
  expect(world.graph.size(routeStatus)).toBe(routes);
  world.graph.resetCounters();
  return world;
}

/** Nodes that did anything, with what they did. */
function workOf(size: number, edit: (world: World, routes: number) => void): Record<string, Counters> {
  const world = worldOf(size);
  edit(world, size);
  const busy = [...world.graph.counters()].filter(([, {runs, changed, scans}]) => runs + changed + scans > 0);
  return Object.fromEntries(busy.map(([node, counters]) => [node, {...counters}]));
}

const runsOf = (work: Record<string, Counters>): Record<string, number> =>
  Object.fromEntries(Object.entries(work).map(([node, {runs}]) => [node, runs]));

/** What runs for an edit of the rules of a route: not where it is attached. */
const editedRoute = {
  'http-routes': 0,
  'parents-of-http-routes': 1,
  'http-route': 1,
  'route-rules': 0,
  'http-route-status': 1,
};

describe('one edit', () => {
  it.each<[string, (world: World, routes: number) => void, Record<string, number>]>([
    ['of a route', (world) => world.apply(routeOf(7, 7, '/y')), editedRoute],
    [
      'of a route that sends to another Service',
      (world) => world.apply(routeOf(7, 3)),
      {...editedRoute, 'route-resolutions': 0, 'backend-uses': 1},
    ],
    ['of an endpoint', (world) => world.apply(slice('s3', '10.0.0.2')), {'endpoint-slices': 0, endpoints: 1}],
    ['of the status of a Gateway', (world) => world.apply(gatewayOfStatus), {}],
    [
      'of a certificate',
      (world) => world.apply(tlsSecretYaml('cert', {certificate: otherEcCertificate, key: otherEcKey})),
      {secrets: 0, certificates: 1},
    ],
    [
      'that adds a route',
      (world, routes) => world.apply(routeOf(routes, 3)),
      {
        ...editedRoute,
        routes: 0,
        attachments: 1,
        'route-resolutions': 0,
        'route-status': 0,
        'backend-uses': 1,
        'attached-routes': 2,
        'gateway-status': 1,
      },
    ],
  ])('%s costs the same at 100 and 1,000 routes', (_, edit, expected) => {
    const [small = {}, large = {}] = sizes.map((size) => workOf(size, edit));
    expect(large).toEqual(small);
    expect(runsOf(small)).toEqual(expected);
    expect(Object.values(small).filter(({scans}) => scans > 0)).toEqual([]);
  });
});
