/** All resources together. */
import {describe, expect, it} from 'vitest';
import {envoyRoutes} from '../../../collections/envoy/routes.ts';
import {envoy} from '../../../src/gen/proto/envoy.js';
import {plainResource} from '../../lint/envoy-messages.ts';
import {staticBootstrap} from '../../lint/static-bootstrap.ts';
import {certificate, gateway, makeWorld, objectsOf, plain, route, services, web} from './harness.ts';

const manifests = [
  services,
  certificate('cert'),
  gateway(`[{name: http, port: 8080, protocol: HTTP}, {name: a, port: 8080, protocol: HTTP, hostname: "*.a.org"},
    {name: tls, port: 8443, protocol: HTTPS, hostname: "*.a.org", tls: {certificateRefs: [{name: cert}]}}]`),
  route(
    'one',
    `[{matches: [{path: {value: /x}}, {path: {value: /y}}], backendRefs: [${web}, {name: api, port: 80}]}]`,
    'a.org,x.a.org',
  ),
  route(
    'two',
    `[{backendRefs: [${web}, {name: nothing, port: 80}]}, {filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]`,
    '"*.a.org"',
  ),
  route('three', '[{backendRefs: [{name: copy, port: 80}]}]'),
];

it('are the same whatever the order in which their sources came', () => {
  const world = makeWorld(manifests);
  const backwards = makeWorld([]);
  for (const object of objectsOf(...manifests).toReversed()) backwards.write([object]);
  expect(backwards.rows()).toEqual(world.rows());
});

it('are none for a Gateway of another kind', () => {
  const other = services.replaceAll('sluice.dev/envoy', 'sluice.dev/agentgateway');
  expect(makeWorld([...manifests, other]).rows()).toEqual([]);
});

it('share the bytes of a route between the hosts it stands under', () => {
  const world = makeWorld([services, plain, route('r', `[{backendRefs: [${web}]}]`, 'a.org,b.org')]);
  const [a, b] = world.graph.list(envoyRoutes);
  expect(a?.host).toBe('default/gw|http-8080|a.org');
  expect(b?.host).toBe('default/gw|http-8080|b.org');
  expect(b?.bytes).toBe(a?.bytes);
});

describe('with VirtualHosts by RDS', () => {
  it('hold the same VirtualHosts inside their RouteConfigurations', () => {
    const alone = makeWorld(manifests);
    const whole = makeWorld(manifests, {envoy: {virtualHosts: 'rds'}});
    expect(whole.names('VirtualHost')).toEqual([]);
    expect(whole.names('RouteConfiguration')).toEqual(alone.names('RouteConfiguration'));
    for (const name of whole.names('RouteConfiguration')) {
      const hosts = alone.rows().filter(({parent}) => parent?.endsWith(`|${name}`));
      expect(whole.resource('RouteConfiguration', name)).toEqual({
        name,
        ignorePortInHostMatching: true,
        virtualHosts: hosts.map(plainResource),
      });
      expect(whole.row('RouteConfiguration', name).refs).toEqual([...new Set(hosts.flatMap(({refs}) => refs))].sort());
    }
  });

  it('are told apart by the settings alone, while running', () => {
    const world = makeWorld(manifests);
    const before = world.rows();
    world.settings({envoy: {virtualHosts: 'rds'}});
    expect(world.names('VirtualHost')).toEqual([]);
    world.settings({envoy: {virtualHosts: 'vhds'}});
    expect(world.rows()).toEqual(before);
  });
});

it('make a static bootstrap that needs no control plane', () => {
  const bytes = staticBootstrap(makeWorld(manifests).rows());
  const bootstrap = plainResource({type: 'type.googleapis.com/envoy.config.bootstrap.v3.Bootstrap', bytes});
  const {listeners, clusters, secrets} = bootstrap['staticResources'] as Record<string, unknown[]>; // set by staticBootstrap
  expect([listeners?.length, clusters?.length, secrets?.length]).toEqual([2, 3, 1]);
  const text = JSON.stringify(bootstrap);
  expect(text).not.toContain('"ads"');
  expect(text).toContain('"x.a.org"');
  expect(envoy.config.bootstrap.v3.Bootstrap.decode(bytes).dynamicResources).toBeFalsy();
});
