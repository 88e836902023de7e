import {describe, expect, it} from 'vitest';
import type {RouteRuleRow} from '../../../collections/gateway/ir.ts';
import {routeResolutions, routeRules} from '../../../collections/gateway/route-rules.ts';
import type {HTTPRoute} from '../../../src/gen/gateway-api.ts';
import {
  gatewayYaml,
  grantYaml,
  namespaceYaml,
  objectOf,
  routeYaml,
  serviceYaml,
  startWorld,
  type World,
} from './world.ts';

const base =
  gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]') +
  serviceYaml('s') +
  serviceYaml('t') +
  namespaceYaml('other') +
  serviceYaml('far', {namespace: 'other'});

const start = (rules: string, more = ''): World =>
  startWorld([routeRules, routeResolutions], `${base}${routeYaml(`parentRefs: [{name: gw}]\nrules: ${rules}`)}${more}`);

const rulesOf = (rules: string): readonly RouteRuleRow[] => start(rules).graph.list(routeRules);

/** A route changed in a way that validation refuses, which has to be survived all the same. */
function startUnchecked(change: (route: HTTPRoute) => HTTPRoute): World {
  const world = startWorld([routeRules, routeResolutions], base);
  const yaml = routeYaml('parentRefs: [{name: gw}]\nrules: [{backendRefs: [{name: s, port: 80}]}]');
  world.apply(change(objectOf(yaml, 'HTTPRoute')));
  return world;
}

const toS = {kind: 'backend', backend: 'default/s/80'};
const noFilters = {mirrors: []};

describe('route-rules', () => {
  it('describes the plainest rule', () => {
    expect(rulesOf('[{backendRefs: [{name: s, port: 80}]}]')).toEqual([
      {
        key: 'HTTPRoute/default/web/00',
        route: 'HTTPRoute/default/web',
        kind: 'HTTPRoute',
        namespace: 'default',
        routeName: 'web',
        ruleIndex: 0,
        created: '',
        hostnames: [],
        matches: [{path: {type: 'PathPrefix', value: '/'}, headers: [], queryParams: []}],
        filters: noFilters,
        backends: [{weight: 1, target: toS, filters: noFilters}],
      },
    ]);
  });

  it('knows name, age and hostnames', () => {
    const yaml = routeYaml('parentRefs: [{name: gw}]\nhostnames: [a.com, "*.b.com"]\nrules: [{}, {name: second}]', {
      created: '2026-01-02T03:04:05Z',
    });
    const {graph} = startWorld([routeRules], base + yaml);
    expect(graph.list(routeRules)).toMatchObject([
      {ruleIndex: 0, created: '2026-01-02T03:04:05Z', hostnames: ['a.com', '*.b.com'], backends: []},
      {ruleIndex: 1, ruleName: 'second', key: 'HTTPRoute/default/web/01'},
    ]);
  });

  it('has no rules of routes that are attached nowhere, but knows their references', () => {
    const yaml = routeYaml(
      'parentRefs: [{name: gw, sectionName: x}]\nrules: [{backendRefs: [{name: none, port: 80}]}]',
    );
    const {graph} = startWorld([routeRules, routeResolutions], base + yaml);
    expect(graph.list(routeRules)).toEqual([]);
    expect(graph.list(routeResolutions)).toMatchObject([
      {resolvedRefs: {status: 'False', reason: 'BackendNotFound'}, backends: []},
    ]);
  });

  it('takes no notice of routes that name no Gateway of ours', () => {
    const {graph} = startWorld([routeRules, routeResolutions], base + routeYaml('parentRefs: [{name: none}]'));
    expect(graph.list(routeResolutions)).toEqual([]);
  });

  describe('matches', () => {
    it('normalises them', () => {
      const rules = `
- matches:
  - path: {type: PathPrefix, value: /a/}
    method: GET
    headers: [{name: Version, value: one}, {name: X, type: RegularExpression, value: "[a-z]+"}]
    queryParams: [{name: Q, value: v}]
  - path: {type: Exact, value: /a/}
  - path: {type: RegularExpression, value: "/a/.*"}`;
      expect(rulesOf(rules)[0]?.matches).toEqual([
        {
          path: {type: 'PathPrefix', value: '/a'},
          method: 'GET',
          headers: [
            {name: 'version', type: 'Exact', value: 'one'},
            {name: 'x', type: 'RegularExpression', value: '[a-z]+'},
          ],
          queryParams: [{name: 'Q', type: 'Exact', value: 'v'}],
        },
        {path: {type: 'Exact', value: '/a/'}, headers: [], queryParams: []},
        {path: {type: 'RegularExpression', value: '/a/.*'}, headers: [], queryParams: []},
      ]);
    });

    it('lets the first of equivalent header names count', () => {
      const rules = '[{matches: [{headers: [{name: A, value: "1"}, {name: a, value: "2"}]}]}]';
      expect(rulesOf(rules)[0]?.matches[0]?.headers).toEqual([{name: 'a', type: 'Exact', value: '1'}]);
    });

    it('gives a rule without matches one that matches everything', () => {
      const {graph} = startUnchecked((route) => ({
        ...route,
        spec: {...route.spec, rules: [{matches: []}]},
      }));
      expect(graph.list(routeRules)[0]?.matches).toEqual([
        {path: {type: 'PathPrefix', value: '/'}, headers: [], queryParams: []},
      ]);
    });
  });

  describe('rules that cannot be done', () => {
    it.each([
      ['path', '{path: {type: RegularExpression, value: "(a"}}'],
      ['header', '{headers: [{name: h, type: RegularExpression, value: "(?=a)"}]}'],
      ['query parameter', '{queryParams: [{name: q, type: RegularExpression, value: "(a)\\\\1"}]}'],
    ])('answers 500 where a regex of a %s is invalid, for the matches that can be told', (what, match) => {
      const world = start(`[{matches: [${match}, {path: {value: /ok}}], backendRefs: [{name: s, port: 80}]}, {}]`);
      const [first, second] = world.graph.list(routeRules);
      expect(first).toMatchObject({
        matches: [{path: {value: '/ok'}}],
        backends: [],
        invalid: {reason: 'UnsupportedValue', message: expect.stringContaining(what)},
      });
      expect(second?.invalid).toBeUndefined();
      expect(world.graph.list(routeResolutions)).toMatchObject([
        {rules: 2, invalidRules: [{ruleIndex: 0, reason: 'UnsupportedValue'}], backends: []},
      ]);
    });

    it('leaves out a rule without any match that can be told', () => {
      const rules = rulesOf('[{matches: [{path: {type: RegularExpression, value: "("}}]}, {}]');
      expect(rules.map(({ruleIndex}) => ruleIndex)).toEqual([1]);
    });

    it.each([
      ['ExtensionRef', 'extensionRef: {group: x.io, kind: X, name: x}'],
      ['ExternalAuth', 'externalAuth: {protocol: HTTP, http: {}, backendRef: {name: s, port: 80}}'],
    ])('never skips a filter it does not know: %s', (type, text) => {
      const rules = rulesOf(`[{filters: [{type: ${type}, ${text}}], backendRefs: [{name: s, port: 80}]}]`);
      expect(rules).toMatchObject([
        {
          invalid: {reason: 'UnsupportedValue', message: expect.stringContaining(type)},
          backends: [],
          filters: noFilters,
        },
      ]);
    });

    it.each<[string, Partial<HTTPRoute['spec']['rules'][number]>, string]>([
      [
        'redirect with rewrite',
        {
          filters: [
            {type: 'RequestRedirect', requestRedirect: {statusCode: 302}},
            {type: 'URLRewrite', urlRewrite: {hostname: 'x.com'}},
          ],
        },
        'IncompatibleFilters',
      ],
      [
        'a prefix replaced where an exact path matched',
        {
          matches: [{path: {type: 'Exact', value: '/a'}}],
          filters: [{type: 'URLRewrite', urlRewrite: {path: {type: 'ReplacePrefixMatch', replacePrefixMatch: '/b'}}}],
        },
        'UnsupportedValue',
      ],
      ['a duration that is none', {timeouts: {request: '1 day'}}, 'UnsupportedValue'],
    ])('refuses %s', (_, rule, reason) => {
      const {graph} = startUnchecked((route) => ({
        ...route,
        spec: {...route.spec, rules: route.spec.rules.map((own) => ({...own, ...rule}))},
      }));
      expect(graph.list(routeRules)).toMatchObject([{invalid: {reason}}]);
    });
  });

  describe('backends', () => {
    const targets = (ref: string, more = ''): unknown =>
      start(`[{backendRefs: [${ref}]}]`, more)
        .graph.list(routeRules)[0]
        ?.backends.map(({target}) => target);
    const fromRoute = '{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}';

    it.each([
      ['{kind: ConfigMap, name: s}', 'InvalidKind', /ConfigMap of group ""/],
      ['{group: x.io, kind: Service, name: s}', 'InvalidKind', /group "x.io"/],
      ['{group: x.io, kind: Other, name: s, namespace: other}', 'InvalidKind', /Other/],
      ['{name: far, namespace: other, port: 80}', 'RefNotPermitted', /no ReferenceGrant allows Service other\/far/],
      ['{name: none, namespace: other, port: 80}', 'RefNotPermitted', /other\/none/],
      ['{name: none, port: 80}', 'BackendNotFound', /Service default\/none does not exist/],
      ['{name: s, port: 81}', 'BackendNotFound', /no TCP port 81/],
      ['{name: wss, port: 80}', 'UnsupportedProtocol', /kubernetes.io\/wss/],
    ])('of %s are invalid: %s', (ref, reason, message) => {
      const more = serviceYaml('wss', {ports: '[{port: 80, appProtocol: kubernetes.io/wss}]'});
      expect(targets(ref, more)).toMatchObject([{kind: 'invalid', reason, message: expect.stringMatching(message)}]);
    });

    it('needs a port', () => {
      const {graph} = startUnchecked((route) => ({
        ...route,
        spec: {
          ...route.spec,
          rules: [{matches: [], backendRefs: [{group: '', kind: 'Service', name: 's', weight: 1}]}],
        },
      }));
      expect(graph.list(routeRules)[0]?.backends[0]?.target).toMatchObject({
        kind: 'invalid',
        reason: 'BackendNotFound',
      });
    });

    it.each(['{group: "", kind: Service}', '{group: "", kind: Service, name: far}'])(
      'is content with a grant to %s',
      (to) => {
        const world = start('[{backendRefs: [{name: far, namespace: other, port: 80}]}]');
        const target = (): unknown => world.graph.list(routeRules)[0]?.backends[0]?.target.kind;
        expect(target()).toBe('invalid');
        world.apply(grantYaml(fromRoute, to, {namespace: 'other'}));
        expect(target()).toBe('backend');
        world.remove('gateway.networking.k8s.io/ReferenceGrant', 'other/grant');
        expect(target()).toBe('invalid');
      },
    );

    it('keeps an invalid one among its siblings, with its weight', () => {
      const rules =
        '[{backendRefs: [{name: s, port: 80, weight: 3}, {name: none, port: 80}, {name: t, port: 80, weight: 0}]}]';
      const {graph} = start(rules);
      expect(graph.list(routeRules)[0]?.backends).toMatchObject([
        {weight: 3, target: toS},
        {weight: 1, target: {kind: 'invalid'}},
        {weight: 0, target: {kind: 'backend', backend: 'default/t/80'}},
      ]);
      expect(graph.list(routeResolutions)).toMatchObject([
        {
          backends: ['default/s/80', 'default/t/80'],
          resolvedRefs: {
            status: 'False',
            reason: 'BackendNotFound',
            message: 'rules[0]: Service default/none does not exist',
          },
        },
      ]);
    });

    it('has filters of its own', () => {
      const filters = `
        - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}
        - {type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /x}}}`;
      const [rule] = rulesOf(`
- backendRefs:
  - name: s
    port: 80
    filters:${filters}`);
      expect(rule?.backends[0]?.filters).toEqual({
        requestHeaders: {set: [{name: 'a', value: 'b'}], add: [], remove: []},
        rewrite: {path: {type: 'ReplaceFullPath', value: '/x'}},
        mirrors: [],
      });
    });

    it('costs its own share where its filters cannot be done', () => {
      const refs =
        '[{name: s, port: 80, filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: X, name: x}}]}, {name: t, port: 80}]';
      const world = start(`[{backendRefs: ${refs}}]`);
      expect(world.graph.list(routeRules)).toMatchObject([
        {backends: [{target: {kind: 'invalid', reason: 'InvalidKind'}}, {target: {kind: 'backend'}}]},
      ]);
      expect(world.graph.list(routeResolutions)).toMatchObject([
        {invalidRules: [], resolvedRefs: {status: 'False', reason: 'InvalidKind'}},
      ]);
    });

    it('sees a Service come, change its port and go', () => {
      const world = start('[{backendRefs: [{name: new, port: 80}]}]');
      const target = (): unknown => world.graph.list(routeRules)[0]?.backends[0]?.target.kind;
      expect(target()).toBe('invalid');
      world.apply(serviceYaml('new'));
      expect(target()).toBe('backend');
      world.graph.resetCounters();
      world.apply(
        serviceYaml('new', {
          ports: '[{port: 80, targetPort: 9090}, {name: more, port: 81}]'.replace('{port: 80', '{name: http, port: 80'),
        }),
      );
      expect(world.graph.counters().get('route-rules')?.runs).toBe(0);
      world.apply(serviceYaml('new', {ports: '[{port: 81}]'}));
      expect(target()).toBe('invalid');
      world.apply(serviceYaml('new'));
      world.remove('/Service', 'default/new');
      expect(target()).toBe('invalid');
    });
  });

  describe('filters', () => {
    it('are merged per kind', () => {
      const [rule] = rulesOf(`
- matches: [{path: {value: /a}}]
  filters:
  - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "1"}], add: [{name: b, value: "2"}], remove: [c]}}
  - {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [x]}}
  - {type: URLRewrite, urlRewrite: {hostname: h.com, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}
  - {type: RequestMirror, requestMirror: {backendRef: {name: t, port: 80}, percent: 20}}
  - {type: RequestMirror, requestMirror: {backendRef: {name: none, port: 80}, fraction: {numerator: 1, denominator: 3}}}
  - {type: RequestMirror, requestMirror: {backendRef: {name: t, port: 80}}}
  - {type: CORS, cors: {allowOrigins: ["https://a.com"], allowCredentials: true}}
  backendRefs: [{name: s, port: 80}]`);
      expect(rule?.filters).toEqual({
        requestHeaders: {set: [{name: 'a', value: '1'}], add: [{name: 'b', value: '2'}], remove: ['c']},
        responseHeaders: {set: [], add: [], remove: ['x']},
        rewrite: {hostname: 'h.com', path: {type: 'ReplacePrefixMatch', value: '/'}},
        mirrors: [
          {target: {kind: 'backend', backend: 'default/t/80'}, numerator: 20, denominator: 100},
          {target: expect.objectContaining({kind: 'invalid', reason: 'BackendNotFound'}), numerator: 1, denominator: 3},
          {target: {kind: 'backend', backend: 'default/t/80'}, numerator: 100, denominator: 100},
        ],
        cors: {
          allowOrigins: ['https://a.com'],
          allowMethods: [],
          allowHeaders: [],
          exposeHeaders: [],
          allowCredentials: true,
          maxAge: 5,
        },
      });
    });

    it('let mirrors be backends too', () => {
      const rule =
        '{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: t, port: 80}}}], backendRefs: [{name: s, port: 80}]}';
      expect(start(`[${rule}]`).graph.list(routeResolutions)).toMatchObject([
        {backends: ['default/s/80', 'default/t/80']},
      ]);
    });

    it('redirect', () => {
      const path = 'path: {type: ReplaceFullPath, replaceFullPath: /new}';
      const [rule] = rulesOf(
        `[{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: h.com, ${path}, port: 8443, statusCode: 301}}]}]`,
      );
      expect(rule?.filters).toEqual({
        redirect: {
          scheme: 'https',
          hostname: 'h.com',
          path: {type: 'ReplaceFullPath', value: '/new'},
          port: 8443,
          statusCode: 301,
        },
        mirrors: [],
      });
    });

    it('redirect with 302 unless told otherwise', () => {
      const [rule] = rulesOf('[{filters: [{type: RequestRedirect, requestRedirect: {port: 8080}}]}]');
      expect(rule?.filters.redirect).toEqual({port: 8080, statusCode: 302});
    });
  });

  it.each<[string, Partial<RouteRuleRow>]>([
    ['timeouts: {request: 10s, backendRequest: 500ms}', {timeouts: {requestMs: 10_000, backendRequestMs: 500}}],
    ['timeouts: {request: 0s}', {timeouts: {requestMs: 0}}],
    ['retry: {}', {retry: {attempts: 1, codes: []}}],
    ['retry: {attempts: 0}', {retry: {attempts: 0, codes: []}}],
    [
      'retry: {attempts: 3, codes: [503, 500], backoff: 100ms}',
      {retry: {attempts: 3, codes: [500, 503], backoffMs: 100}},
    ],
  ])('reads %s', (text, expected) => {
    const [rule] = rulesOf(`[{${text}, backendRefs: [{name: s, port: 80}]}]`);
    expect({timeouts: rule?.timeouts, retry: rule?.retry}).toEqual({
      timeouts: undefined,
      retry: undefined,
      ...expected,
    });
  });
});
