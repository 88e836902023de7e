/** GRPCRoutes are Routes of their own kind; the proxy follows the request, so they share Services with HTTPRoutes. */
import {expect, it} from 'vitest';
import {basics, makeGraph, namesOf, objectsOf, resourceOf, route, web} from './harness.ts';

const grpc = (rules: string): string => route('r', rules).replace('kind: HTTPRoute', 'kind: GRPCRoute');

it('are Routes whose keys do not meet those of HTTPRoutes of the same name', () => {
  const graph = makeGraph(
    objectsOf(
      basics,
      route('r', `[{backendRefs: [${web}]}]`),
      grpc(`[{matches: [{method: {service: a.Echo, method: Say}}], backendRefs: [${web}]}]`),
    ),
  );
  expect(namesOf(graph).filter((name) => name.startsWith('route/'))).toEqual([
    'route/default/r.00.grpc.http',
    'route/default/r.00.http',
  ]);
  expect(resourceOf(graph, 'route/default/r.00.grpc.http')).toMatchObject({
    key: 'default/r.00.grpc.http',
    name: {kind: 'GRPCRoute', name: 'r', namespace: 'default'},
    matches: [{path: {exact: '/a.Echo/Say'}}],
    backends: [{backend: {service: {namespace: 'default', hostname: 'web.default.svc.cluster.local'}, port: 80}}],
  });
  const services = namesOf(graph).filter((name) => name === 'default/web.default.svc.cluster.local');
  expect(services).toHaveLength(1);
  expect(resourceOf(graph, 'default/web.default.svc.cluster.local')).toMatchObject({ports: [{servicePort: 80}]});
});
