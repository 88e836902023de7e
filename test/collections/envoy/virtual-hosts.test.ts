/** Which VirtualHosts there are, and in which order the routes in them are tried. */
import {describe, expect, it} from 'vitest';
import type {KubeObject} from '../../../src/api/object.ts';
import type {Plain} from '../../lint/envoy-messages.ts';
import {certificate, gateway, makeWorld, objectsOf, plain, route, services, web, type World} from './harness.ts';

/** Names of the routes of a VirtualHost in the order in which they are tried. */
const orderIn = (world: World, name: string): readonly unknown[] =>
  ((world.resource('VirtualHost', name)['routes'] ?? []) as readonly Plain[]).map((each) => each['name']); // routes are messages

/** What a VirtualHost does with requests that no route takes: a status, 404 where it has no routes at all. */
function statusOf(world: World, name: string): unknown {
  const routes = (world.resource('VirtualHost', name)['routes'] ?? []) as readonly Plain[]; // routes are messages
  const [only] = routes;
  if (only === undefined) return 404;
  const response = only['directResponse'];
  return response === undefined ? 'routes' : (response as Plain)['status'];
}

const rule = (match: string): string => `{matches: [${match}], backendRefs: [${web}]}`;
const prefix = (value: string): string => `path: {type: PathPrefix, value: ${value}}`;

describe('order of the routes of one host', () => {
  it('goes by exactness, length of the path, method, headers, query', () => {
    const rules = [
      `{${prefix('/a')}}`,
      `{${prefix('/a')}, queryParams: [{name: q, value: v}]}`,
      `{${prefix('/a')}, headers: [{name: h, value: v}]}`,
      `{${prefix('/a')}, headers: [{name: h, value: v}, {name: i, value: v}]}`,
      `{${prefix('/a')}, method: GET}`,
      `{${prefix('/a/long')}}`,
      '{path: {type: Exact, value: /a}}',
    ];
    const world = makeWorld([services, plain, route('r', `[${rules.map(rule).join(', ')}]`)]);
    expect(orderIn(world, 'http-8080/*')).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `default/r/${index}`));
  });

  it('goes by age, then name, then rule between routes that match alike', () => {
    const twin = `[${rule('{headers: [{name: a, value: "1"}, {name: b, value: "2"}]}')}, ${rule('{headers: [{name: b, value: "2"}, {name: a, value: "1"}]}')}]`;
    const dated = (name: string, time: string): string =>
      route(name, twin).replace('namespace: default}', `namespace: default, creationTimestamp: "${time}"}`);
    const world = makeWorld([
      services,
      plain,
      dated('b', '2026-01-02T00:00:00Z'),
      dated('a', '2026-01-02T00:00:00Z'),
      dated('c', '2026-01-01T00:00:00Z'),
    ]);
    expect(orderIn(world, 'http-8080/*')).toEqual(
      ['c/0', 'c/1', 'a/0', 'a/1', 'b/0', 'b/1'].map((name) => `default/${name}`),
    );
  });

  it('keeps a rule that can only fail in its place', () => {
    const rules = `[{backendRefs: [{name: nothing, port: 80}]}, {backendRefs: [${web}]}]`;
    const world = makeWorld([services, plain, route('r', rules)]);
    expect(world.resource('VirtualHost', 'http-8080/*')).toMatchObject({
      routes: [
        {name: 'default/r/0', directResponse: {status: 500}},
        {name: 'default/r/1', route: {}},
      ],
    });
  });

  it.each([
    ['an exact listener', 'abc.example.com', '"*.example.com"', 'abc.example.com', 'abc.example.com'],
    ['a wildcard listener', '"*.example.com"', '"*.com"', '"*.example.com"', '*.example.com'],
  ])(
    'puts the more specific own hostname first on %s, whatever the path and the age',
    (_what, listener, wide, narrow, host) => {
      const world = makeWorld([
        services,
        gateway(`[{name: http, port: 8080, protocol: HTTP, hostname: ${listener}}]`),
        route('a-wide', `[${rule(`{${prefix('/long/path')}}`)}]`, wide),
        route('b-narrow', `[${rule(`{${prefix('/long')}}`)}]`, narrow),
      ]);
      expect(orderIn(world, `http-8080/${host}`)).toEqual(['default/b-narrow/0', 'default/a-wide/0']);
    },
  );

  it('takes a rule once where several hostnames or parentRefs lead to one host', () => {
    const listeners = '[{name: http, port: 8080, protocol: HTTP, hostname: abc.example.com}]';
    const world = makeWorld([services, gateway(listeners)]);
    // An API server refuses two of a kind; what comes from elsewhere must do no harm.
    const parentRefs = [{name: 'gw', group: 'gateway.networking.k8s.io', kind: 'Gateway'}];
    const objects = objectsOf(route('a', `[${rule('{}')}]`, '"*.example.com",abc.example.com'));
    const doubled = objects.map((object) => ({
      ...object,
      spec: {...specOf(object), parentRefs: [...parentRefs, ...parentRefs]},
    }));
    world.write(doubled);
    expect(orderIn(world, 'http-8080/abc.example.com')).toEqual(['default/a/0']);
  });
});

const specOf = (object: KubeObject): object =>
  'spec' in object && typeof object.spec === 'object' ? (object.spec ?? {}) : {};

describe('on plain HTTP', () => {
  it('has a host for every hostname of a listener, and one for all others', () => {
    const world = makeWorld([
      services,
      gateway(
        '[{name: a, port: 8080, protocol: HTTP, hostname: a.org}, {name: b, port: 8080, protocol: HTTP, hostname: "*.b.org"}]',
      ),
    ]);
    expect(world.names('VirtualHost')).toEqual(['http-8080/*', 'http-8080/*.b.org', 'http-8080/a.org']);
    for (const name of world.names('VirtualHost')) expect(statusOf(world, name)).toBe(404);
  });

  it('isolates listeners: a host belongs to the most specific one alone', () => {
    const world = makeWorld([
      services,
      gateway(`[{name: all, port: 8080, protocol: HTTP}, {name: wild, port: 8080, protocol: HTTP, hostname: "*.example.com"},
        {name: deep, port: 8080, protocol: HTTP, hostname: "*.foo.example.com"}, {name: one, port: 8080, protocol: HTTP, hostname: abc.foo.example.com}]`),
      route('all', `[${rule('{}')}]`, 'bar.com,"*.example.com",abc.foo.example.com', '[{name: gw, sectionName: all}]'),
      route('wild', `[${rule('{}')}]`, '', '[{name: gw, sectionName: wild}]'),
      route('deep', `[${rule('{}')}]`, 'x.foo.example.com,abc.foo.example.com', '[{name: gw, sectionName: deep}]'),
    ]);
    const filled = world.names('VirtualHost').filter((name) => statusOf(world, name) === 'routes');
    expect(filled).toEqual(['http-8080/*.example.com', 'http-8080/bar.com', 'http-8080/x.foo.example.com']);
    expect(orderIn(world, 'http-8080/*.example.com')).toEqual(['default/wild/0']);
    expect(statusOf(world, 'http-8080/abc.foo.example.com')).toBe(404);
    expect(statusOf(world, 'http-8080/*')).toBe(404);
  });

  it('gives the host back when the listener that owned it goes', () => {
    const both = '{name: all, port: 8080, protocol: HTTP}, {name: one, port: 8080, protocol: HTTP, hostname: a.org}';
    const world = makeWorld([
      services,
      gateway(`[${both}]`),
      route('r', `[${rule('{}')}]`, 'a.org', '[{name: gw, sectionName: all}]'),
    ]);
    expect(statusOf(world, 'http-8080/a.org')).toBe(404);
    world.apply(plain.replace('name: http', 'name: all'));
    expect(statusOf(world, 'http-8080/a.org')).toBe('routes');
    world.remove(route('r', '[]'.replace('[]', `[${rule('{}')}]`)));
    expect(world.names('VirtualHost')).toEqual(['http-8080/*']);
  });
});

describe('on HTTPS', () => {
  const tls = 'tls: {certificateRefs: [{name: cert}]}';
  const https = (name: string, hostname: string): string =>
    `{name: ${name}, port: 8443, protocol: HTTPS, ${tls}${hostname === '' ? '' : `, hostname: "${hostname}"`}}`;
  const on = (listener: string, hostnames = ''): string =>
    route(`on-${listener}`, `[${rule('{}')}]`, hostnames, `[{name: gw, sectionName: ${listener}}]`);
  const world = makeWorld([
    services,
    certificate('cert'),
    gateway(
      `[${https('all', '')}, ${https('wild', '*.example.org')}, ${https('one', 'one.example.org')}, ${https('other', 'other.net')}]`,
    ),
    on('all'),
    on('wild', 'x.example.org,one.example.org'),
    on('one'),
  ]);

  // Rows: the listener that the connection chose by SNI. A host that is not named falls to `*.example.org` or `*`.
  it.each([
    ['all', '*', 'routes'],
    ['all', '*.example.org', 421],
    ['all', 'one.example.org', 421],
    ['all', 'other.net', 421],
    ['wild', '*', 421],
    ['wild', '*.example.org', 404],
    ['wild', 'x.example.org', 'routes'],
    ['wild', 'one.example.org', 421],
    ['one', '*', 421],
    ['one', 'one.example.org', 'routes'],
    ['other', '*', 421],
    ['other', 'other.net', 404],
  ])('listener %s, host %s: %s', (listener, host, expected) => {
    expect(statusOf(world, `https-8443-${listener}/${host}`)).toBe(expected);
  });

  it('has no other hosts', () => {
    expect(world.names('VirtualHost')).toHaveLength(12);
  });
});

describe('on HTTPS without a listener for all hosts', () => {
  const https = (name: string, hostname: string): string =>
    `{name: ${name}, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}, hostname: "${hostname}"}`;
  const gatewayOf = (listeners: readonly string[]): string => gateway(`[${listeners.join(', ')}]`);
  const two = [https('wild', '*.example.org'), https('other', 'other.net')];

  // A host that no listener of the port takes is not here, rather than misdirected: there is nowhere else to send it.
  it.each([
    ['wild', '*', 404],
    ['wild', 'other.net', 421],
    ['other', '*', 404],
    ['other', '*.example.org', 421],
  ])('listener %s, host %s: %s', (listener, host, expected) => {
    const world = makeWorld([services, certificate('cert'), gatewayOf(two)]);
    expect(statusOf(world, `https-8443-${listener}/${host}`)).toBe(expected);
  });

  it('names no other hosts than that', () => {
    const world = makeWorld([services, certificate('cert'), gatewayOf(two)]);
    expect(world.names('VirtualHost')).toHaveLength(6);
  });
});

describe('references', () => {
  it('are the clusters that routes use, with their endpoints, and the RouteConfiguration as parent', () => {
    const mirror = '{type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 80}}}';
    const rules = `[{filters: [${mirror}], backendRefs: [${web}, {name: nothing, port: 80}, {name: api, port: 80, weight: 0}]}, {backendRefs: [${web}]}]`;
    const world = makeWorld([services, plain, route('r', rules)]);
    const {refs, parent} = world.row('VirtualHost', 'http-8080/*');
    const cluster = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
    const endpoints = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
    expect(refs).toEqual([
      `${cluster}|default/copy/80`,
      `${endpoints}|default/copy/80`,
      `${cluster}|default/web/80`,
      `${endpoints}|default/web/80`,
    ]);
    expect(parent).toBe('type.googleapis.com/envoy.config.route.v3.RouteConfiguration|http-8080');
  });
});
