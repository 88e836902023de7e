import {describe, expect, it} from 'vitest';
import {basics, makeGraph, namesOf, objectsOf, resourceOf, route, rowOf, web} from './harness.ts';

/** The Route made of a single rule on the basic Gateway. */
function routeOf(rule: string, hostnames = ''): Readonly<Record<string, unknown>> {
  return resourceOf(makeGraph(objectsOf(basics, route('r', `[${rule}]`, hostnames))), 'route/default/r.00.http');
}

const policiesOf = (rule: string): unknown => routeOf(rule)['trafficPolicies'];
const webReference = {service: {namespace: 'default', hostname: 'web.default.svc.cluster.local'}, port: 80};

describe('a route', () => {
  it('is one Route for each rule', () => {
    const graph = makeGraph(
      objectsOf(
        basics,
        route('r', `[{backendRefs: [${web}]}, {name: second, backendRefs: [${web}]}]`, 'a.example.com, "*.b.example"'),
      ),
    );
    expect(resourceOf(graph, 'route/default/r.00.http')).toEqual({
      key: 'default/r.00.http',
      listenerKey: 'default/gw.http',
      name: {kind: 'HTTPRoute', name: 'r', namespace: 'default'},
      hostnames: ['a.example.com', '*.b.example'],
      matches: [{path: {pathPrefix: '/'}}],
      backends: [{backend: webReference, weight: 1}],
    });
    expect(resourceOf(graph, 'route/default/r.01.http')).toMatchObject({
      key: 'default/r.01.http',
      name: {kind: 'HTTPRoute', name: 'r', namespace: 'default', ruleName: 'second'},
    });
  });

  it('is one Route for each listener, however many parentRefs lead to it', () => {
    const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: two, namespace: default}
spec:
  gatewayClassName: agentgateway
  listeners:
  - {name: one, port: 80, protocol: HTTP}
  - {name: other, port: 81, protocol: HTTP}
`;
    const text = route('r', `[{backendRefs: [${web}]}]`).replace(
      '[{name: gw}]',
      '[{name: gw}, {name: two}, {name: two, namespace: default}]',
    );
    const graph = makeGraph(objectsOf(basics, gateway, text));
    expect(namesOf(graph).filter((name) => name.startsWith('route/'))).toEqual([
      'route/default/r.00.http',
      'route/default/r.00.one',
      'route/default/r.00.other',
    ]);
    expect(rowOf(graph, 'route/default/r.00.other')).toMatchObject({
      scope: 'agentgateway/default/two',
      type: 'type.googleapis.com/agentgateway.dev.resource.Resource',
    });
    expect(resourceOf(graph, 'route/default/r.00.other')).toMatchObject({listenerKey: 'default/two.other'});
  });

  it('carries its creation time in its key, so that the oldest sorts first', () => {
    const old = route('zzz', `[{backendRefs: [${web}]}]`).replace(
      '{name: zzz,',
      '{name: zzz, creationTimestamp: "2026-06-10T10:00:00Z",',
    );
    const young = route('aaa', `[{backendRefs: [${web}]}]`).replace(
      '{name: aaa,',
      '{name: aaa, creationTimestamp: "2026-06-10T10:00:01Z",',
    );
    const graph = makeGraph(objectsOf(basics, old, young));
    const keys = namesOf(graph).filter((name) => name.startsWith('route/'));
    expect(keys).toEqual(['route/1781085600/default/zzz.00.http', 'route/1781085601/default/aaa.00.http']);
    expect(resourceOf(graph, 'route/1781085600/default/zzz.00.http')['key']).toBe('1781085600/default/zzz.00.http');
  });

  it('refers to the Services it sends requests to', () => {
    const rule = `{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web, port: 81}}}], backendRefs: [${web}, {name: gone, port: 1}]}`;
    const graph = makeGraph(objectsOf(basics, route('r', `[${rule}]`)));
    expect(rowOf(graph, 'route/default/r.00.http').refs).toEqual([
      'type.googleapis.com/istio.workload.Address|default/web.default.svc.cluster.local',
    ]);
  });
});

describe('matches', () => {
  const matchesOf = (match: string): unknown => routeOf(`{matches: [${match}], backendRefs: [${web}]}`)['matches'];

  it.each([
    ['{path: {type: Exact, value: /p/}}', {path: {exact: '/p/'}}],
    ['{path: {type: PathPrefix, value: /}}', {path: {pathPrefix: '/'}}],
    ['{path: {type: PathPrefix, value: /p/}}', {path: {pathPrefix: '/p'}}],
    ['{path: {type: PathPrefix, value: /p/q}}', {path: {pathPrefix: '/p/q'}}],
    ['{path: {type: RegularExpression, value: "/v[0-9]+/.*"}}', {path: {regex: '/v[0-9]+/.*'}}],
    ['{method: POST}', {path: {pathPrefix: '/'}, method: {exact: 'POST'}}],
    [
      '{headers: [{name: X-A, value: "1"}, {type: RegularExpression, name: x-b, value: "a+"}]}',
      {
        path: {pathPrefix: '/'},
        headers: [
          {name: 'x-a', exact: '1'},
          {name: 'x-b', regex: 'a+'},
        ],
      },
    ],
    [
      '{queryParams: [{name: q, value: "1"}, {type: RegularExpression, name: R, value: "a+"}]}',
      {
        path: {pathPrefix: '/'},
        queryParams: [
          {name: 'q', exact: '1'},
          {name: 'R', regex: 'a+'},
        ],
      },
    ],
  ])('%s', (match, sent) => {
    expect(matchesOf(match)).toEqual([sent]);
  });

  it('stay together in one Route', () => {
    const matches = '{path: {type: Exact, value: /a}}, {path: {type: Exact, value: /b}, method: GET}';
    expect(matchesOf(matches)).toEqual([{path: {exact: '/a'}}, {path: {exact: '/b'}, method: {exact: 'GET'}}]);
  });
});

describe('filters', () => {
  it.each([
    ['{scheme: https}', {scheme: 'https', port: 443, status: 302}],
    ['{scheme: http, statusCode: 301}', {scheme: 'http', port: 80, status: 301}],
    ['{hostname: b.example}', {host: 'b.example', port: 8080, status: 302}],
    ['{scheme: https, port: 8443}', {scheme: 'https', port: 8443, status: 302}],
    ['{path: {type: ReplaceFullPath, replaceFullPath: /x/}}', {full: '/x', port: 8080, status: 302}],
    ['{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}', {prefix: '', port: 8080, status: 302}],
  ])('redirect %s', (redirect, sent) => {
    expect(policiesOf(`{filters: [{type: RequestRedirect, requestRedirect: ${redirect}}]}`)).toEqual([
      {requestRedirect: sent},
    ]);
  });

  it.each([
    ['{hostname: b.example}', {host: 'b.example'}],
    ['{path: {type: ReplaceFullPath, replaceFullPath: /x}}', {full: '/x'}],
    [
      '{hostname: c.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /y/}}',
      {host: 'c.example', prefix: '/y'},
    ],
  ])('rewrite %s', (rewrite, sent) => {
    expect(policiesOf(`{filters: [{type: URLRewrite, urlRewrite: ${rewrite}}], backendRefs: [${web}]}`)).toEqual([
      {urlRewrite: sent},
    ]);
  });

  it('send one entry for the headers of requests and one for those of responses', () => {
    const filters = `[
      {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: "1"}], add: [{name: b, value: "2"}], remove: [c]}},
      {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: d, value: "4"}]}}]`;
    expect(policiesOf(`{filters: ${filters}, backendRefs: [${web}]}`)).toEqual([
      {requestHeaderModifier: {set: [{name: 'A', value: '1'}], add: [{name: 'b', value: '2'}], remove: ['c']}},
      {responseHeaderModifier: {set: [{name: 'd', value: '4'}]}},
    ]);
  });

  it('send all mirrors in one entry, and leave out one without backend', () => {
    const mirror = (backend: string, share: string): string =>
      `{type: RequestMirror, requestMirror: {backendRef: ${backend}${share}}}`;
    const filters = [
      mirror(web, ''),
      mirror('{name: web, port: 81}', ', percent: 25'),
      mirror('{name: web, port: 81}', ', fraction: {numerator: 1, denominator: 1000}'),
      mirror('{name: web, namespace: elsewhere, port: 81}', ''),
    ];
    const admin = {...webReference, port: 81};
    expect(policiesOf(`{filters: [${filters.join(', ')}], backendRefs: [${web}]}`)).toEqual([
      {
        requestMirror: {
          mirrors: [
            {backend: webReference, percentage: 100},
            {backend: admin, percentage: 25},
            {backend: admin, percentage: 0.1},
          ],
        },
      },
    ]);
  });

  it('CORS', () => {
    const cors = `{allowOrigins: ["https://a.example"], allowMethods: [GET, PUT], allowHeaders: [x-a], exposeHeaders: [x-b], allowCredentials: true, maxAge: 60}`;
    expect(policiesOf(`{filters: [{type: CORS, cors: ${cors}}], backendRefs: [${web}]}`)).toEqual([
      {
        cors: {
          allowCredentials: true,
          allowHeaders: ['x-a'],
          allowMethods: ['GET', 'PUT'],
          allowOrigins: ['https://a.example'],
          exposeHeaders: ['x-b'],
          maxAge: {seconds: 60},
        },
      },
    ]);
  });

  it('leave zero timeouts out', () => {
    const timeouts = (text: string): unknown => policiesOf(`{timeouts: ${text}, backendRefs: [${web}]}`);
    expect(timeouts('{request: 10s, backendRequest: 1500ms}')).toEqual([
      {timeout: {request: {seconds: 10}, backendRequest: {seconds: 1, nanos: 500_000_000}}},
    ]);
    expect(timeouts('{request: 0s, backendRequest: 5s}')).toEqual([{timeout: {backendRequest: {seconds: 5}}}]);
    expect(timeouts('{request: 0s}')).toBeUndefined();
  });

  it('cap retries', () => {
    const retry = (text: string): unknown => policiesOf(`{retry: ${text}, backendRefs: [${web}]}`);
    expect(retry('{attempts: 3, codes: [503, 500], backoff: 250ms}')).toEqual([
      {retry: {attempts: 3, retryStatusCodes: [500, 503], backoff: {nanos: 250_000_000}}},
    ]);
    expect(retry('{attempts: 1000}')).toEqual([{retry: {attempts: 255}}]);
    expect(retry('{attempts: 0}')).toBeUndefined();
  });

  it('of a backend go with it', () => {
    const backend =
      '{name: web, port: 80, weight: 3, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}]}';
    expect(routeOf(`{backendRefs: [${backend}, ${web}]}`)['backends']).toEqual([
      {backend: webReference, weight: 3, backendPolicies: [{requestHeaderModifier: {remove: ['x']}}]},
      {backend: webReference, weight: 1},
    ]);
  });

  it("that rewrite for one backend become the rule's where it is the only one, and cost its share where it is not", () => {
    const rewriting = '{name: web, port: 80, filters: [{type: URLRewrite, urlRewrite: {hostname: b.example}}]}';
    const alone = routeOf(`{backendRefs: [${rewriting}]}`);
    expect(alone['trafficPolicies']).toEqual([{urlRewrite: {host: 'b.example'}}]);
    expect(alone['backends']).toEqual([{backend: webReference, weight: 1}]);
    const shared = routeOf(`{backendRefs: [${rewriting}, ${web}]}`);
    expect(shared['trafficPolicies']).toBeUndefined();
    expect(shared['backends']).toEqual([{weight: 1}, {backend: webReference, weight: 1}]);
  });
});

describe('what is invalid', () => {
  it.each([
    [
      'a missing Service is named all the same',
      '{name: gone, port: 1}',
      {backend: {service: {namespace: 'default', hostname: 'gone.default.svc.cluster.local'}, port: 1}, weight: 1},
    ],
    ['what may not be referred to is not', '{name: web, namespace: elsewhere, port: 80, weight: 2}', {weight: 2}],
    ['a port that the Service does not have is not', '{name: web, port: 82, weight: 2}', {weight: 2}],
    ['an unknown kind is empty', '{group: x.example, kind: Thing, name: t, port: 80}', {backend: {}, weight: 1}],
  ])('%s', (_name, backend, sent) => {
    expect(routeOf(`{backendRefs: [${web}, ${backend}]}`)['backends']).toEqual([
      {backend: webReference, weight: 1},
      sent,
    ]);
  });

  it('keeps its share with weight 0', () => {
    expect(routeOf('{backendRefs: [{name: web, port: 80, weight: 0}]}')['backends']).toEqual([{backend: webReference}]);
  });

  it('as a rule answers 500 to what it matches, and harms no other rule', () => {
    const bad =
      '{matches: [{path: {type: PathPrefix, value: /bad}}], filters: [{type: ExtensionRef, extensionRef: {group: x.example, kind: Thing, name: t}}], backendRefs: [{name: web, port: 80}]}';
    const graph = makeGraph(objectsOf(basics, route('r', `[${bad}, {backendRefs: [${web}]}]`)));
    const sent = resourceOf(graph, 'route/default/r.00.http');
    expect(sent['trafficPolicies']).toEqual([{directResponse: {status: 500}}]);
    expect(sent['backends']).toBeUndefined();
    expect(sent['matches']).toEqual([{path: {pathPrefix: '/bad'}}]);
    expect(resourceOf(graph, 'route/default/r.01.http')['backends']).toEqual([{backend: webReference, weight: 1}]);
  });
});
