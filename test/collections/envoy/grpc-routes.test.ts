/** GRPCRoutes become routes of HTTP/2 requests, beside HTTPRoutes and with clusters of their own. */
import {describe, expect, it} from 'vitest';
import type {Plain} from '../../lint/envoy-messages.ts';
import {makeWorld, plain, route, services, web} from './harness.ts';

const grpcRoute = (rules: string, name = 'a', hostname = 'grpc.example.com'): string =>
  route(name, rules, hostname).replace('kind: HTTPRoute', 'kind: GRPCRoute');

const only = (rule: string): Plain => {
  const world = makeWorld([services, plain, grpcRoute(`[${rule}]`)]);
  const routes = world.resource('VirtualHost', 'http-8080/grpc.example.com')['routes'] as readonly Plain[]; // it has one
  expect(routes).toHaveLength(1);
  return routes[0] ?? {};
};

describe('a GRPCRoute', () => {
  it('is a route to a cluster that is spoken to in HTTP/2, whatever its Service says', () => {
    expect(only(`{matches: [{method: {service: a.Echo, method: Say}}], backendRefs: [${web}]}`)).toMatchObject({
      match: {path: '/a.Echo/Say'},
      route: {cluster: 'default/web/80/grpc'},
    });
    const world = makeWorld([services, plain, grpcRoute(`[{backendRefs: [${web}]}]`)]);
    expect(world.resource('Cluster', 'default/web/80/grpc')['typedExtensionProtocolOptions']).toBeDefined();
    expect(world.names('ClusterLoadAssignment')).toEqual(['default/web/80/grpc']);
  });

  it('has another cluster than an HTTPRoute that sends to the same port, with the same endpoints', () => {
    const world = makeWorld([
      services,
      plain,
      grpcRoute(`[{backendRefs: [${web}]}]`),
      route('a', `[{backendRefs: [${web}]}]`, 'a.example.com'),
    ]);
    expect(world.names('Cluster')).toEqual(['default/web/80', 'default/web/80/grpc']);
    expect(world.resource('Cluster', 'default/web/80')['typedExtensionProtocolOptions']).toBeUndefined();
    const endpointsOf = (name: string): unknown => world.resource('ClusterLoadAssignment', name)['endpoints'];
    expect(endpointsOf('default/web/80/grpc')).toEqual(endpointsOf('default/web/80'));
  });

  // Story: Envoy makes UNKNOWN of an answer 500, and GRPCRoute asks for UNAVAILABLE, which it makes of 503.
  it('answers 503 where it cannot do what it is to do, all of it or a share', () => {
    expect(only('{backendRefs: [{name: absent, port: 80}]}')).toMatchObject({directResponse: {status: 503}});
    expect(only('{filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: X, name: x}}]}')).toMatchObject({
      directResponse: {status: 503},
    });
    const share = only(`{backendRefs: [${web}, {name: absent, port: 80}]}`)['route'];
    expect(share).toMatchObject({
      weightedClusters: {clusters: [{name: 'default/web/80/grpc'}, {name: 'invalid-backend'}]},
    });
    expect(share).not.toHaveProperty('clusterNotFoundResponseCode');
  });
});
