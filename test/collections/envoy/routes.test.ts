/** What each feature of a rule becomes: one rule, decoded from the VirtualHost it ends up in. */
import {describe, expect, it} from 'vitest';
import type {Plain} from '../../lint/envoy-messages.ts';
import {gateway, makeWorld, plain, route, services, web} from './harness.ts';

const routesOf = (rules: string, listeners = plain): readonly Plain[] => {
  const world = makeWorld([services, listeners, route('a', rules, 'a.example.com')]);
  const name = world.names('VirtualHost').find((each) => each.endsWith('/a.example.com')) ?? '';
  return world.resource('VirtualHost', name)['routes'] as readonly Plain[]; // a VirtualHost of an attached route has routes
};

/** The only route of the only rule. */
const routeOf = (rule: string, listeners = plain): Plain => {
  const routes = routesOf(`[${rule}]`, listeners);
  expect(routes).toHaveLength(1);
  return routes[0] ?? {};
};

const target = 'default/web/80';

describe('matches', () => {
  const matchOf = (match: string): unknown => routeOf(`{matches: [${match}], backendRefs: [${web}]}`)['match'];

  it.each([
    ['no match', '', {prefix: '/'}],
    ['the root', '{path: {type: PathPrefix, value: /}}', {prefix: '/'}],
    ['a prefix of whole path elements', '{path: {type: PathPrefix, value: /a/b}}', {pathSeparatedPrefix: '/a/b'}],
    ['a prefix with a slash at the end', '{path: {type: PathPrefix, value: /a/}}', {pathSeparatedPrefix: '/a'}],
    ['an exact path', '{path: {type: Exact, value: /a/}}', {path: '/a/'}],
    ['an expression', '{path: {type: RegularExpression, value: "/a[0-9]+"}}', {safeRegex: {regex: '/a[0-9]+'}}],
    ['a method', '{method: POST}', {prefix: '/', headers: [{name: ':method', stringMatch: {exact: 'POST'}}]}],
    [
      'headers',
      '{headers: [{name: X-A, value: one}, {name: x-b, type: RegularExpression, value: "t.o"}]}',
      {
        prefix: '/',
        headers: [
          {name: 'x-a', stringMatch: {exact: 'one'}},
          {name: 'x-b', stringMatch: {safeRegex: {regex: 't.o'}}},
        ],
      },
    ],
    [
      'query parameters',
      '{queryParams: [{name: Q, value: v}, {name: r, type: RegularExpression, value: "v.*"}]}',
      {
        prefix: '/',
        queryParameters: [
          {name: 'Q', stringMatch: {exact: 'v'}},
          {name: 'r', stringMatch: {safeRegex: {regex: 'v.*'}}},
        ],
      },
    ],
  ])('%s', (_what, match, expected) => {
    expect(matchOf(match)).toEqual(expected);
  });

  it('makes a route of each match of a rule', () => {
    const rule = `{matches: [{path: {value: /b}}, {path: {value: /aa}}], backendRefs: [${web}]}`;
    expect(routesOf(`[${rule}]`).map(({match}) => match)).toEqual([
      {pathSeparatedPrefix: '/aa'},
      {pathSeparatedPrefix: '/b'},
    ]);
  });
});

describe('header modifiers', () => {
  const modifier = (type: string, body: string): string =>
    `{type: ${type}HeaderModifier, ${type.toLowerCase()}HeaderModifier: ${body}}`;

  it('sets, adds and removes on both ways', () => {
    const body = '{set: [{name: X-S, value: "50%"}], add: [{name: X-A, value: "1"}], remove: [X-R]}';
    const filters = `[${modifier('Request', body)}, ${modifier('Response', body)}]`;
    const additions = [
      {header: {key: 'X-S', value: '50%%'}, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD', keepEmptyValue: true},
      {header: {key: 'X-A', value: '1'}, keepEmptyValue: true},
    ];
    expect(routeOf(`{filters: ${filters}, backendRefs: [${web}]}`)).toMatchObject({
      requestHeadersToAdd: additions,
      requestHeadersToRemove: ['X-R'],
      responseHeadersToAdd: additions,
      responseHeadersToRemove: ['X-R'],
    });
  });

  it('takes a Host that is set for a rewrite, which Envoy demands', () => {
    const filters = `[${modifier('Request', '{set: [{name: Host, value: other.org}], remove: [host]}')}]`;
    const made = routeOf(`{filters: ${filters}, backendRefs: [${web}]}`);
    expect(made['route']).toMatchObject({hostRewriteLiteral: 'other.org'});
    expect(made['requestHeadersToAdd'] ?? []).toEqual([]);
    expect(made['requestHeadersToRemove'] ?? []).toEqual([]);
  });

  it('gives a backend the last word over its rule', () => {
    const own = modifier('Request', '{set: [{name: x-a, value: backend}], remove: [X-C]}');
    const rule = modifier(
      'Request',
      '{set: [{name: X-A, value: rule}, {name: x-c, value: rule}], add: [{name: x-b, value: rule}]}',
    );
    const one = `{name: web, port: 80, filters: [${own}]}`;
    const both = [
      {header: {key: 'x-b', value: 'rule'}, keepEmptyValue: true},
      {header: {key: 'x-a', value: 'backend'}, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD', keepEmptyValue: true},
    ];
    expect(routeOf(`{filters: [${rule}], backendRefs: [${one}]}`)).toMatchObject({
      requestHeadersToAdd: both,
      requestHeadersToRemove: ['X-C'],
      route: {cluster: target},
    });
    const several = routeOf(`{filters: [${rule}], backendRefs: [${one}, {name: api, port: 80}]}`);
    expect(several['requestHeadersToAdd']).toBeUndefined();
    expect(several).toMatchObject({
      route: {
        weightedClusters: {
          clusters: [
            {name: target, requestHeadersToAdd: both, requestHeadersToRemove: ['X-C']},
            {
              name: 'default/api/80',
              requestHeadersToAdd: [{header: {value: 'rule'}}, {header: {value: 'rule'}}, {header: {value: 'rule'}}],
            },
          ],
        },
      },
    });
  });
});

describe('redirects', () => {
  const tls = gateway('[{name: http, port: 80, protocol: HTTP}]');
  const redirect = (body: string, listeners: string, path = '/old'): unknown =>
    routeOf(
      `{matches: [{path: {value: ${path}}}], filters: [{type: RequestRedirect, requestRedirect: ${body}}]}`,
      listeners,
    )['redirect'];

  it.each([
    ['scheme', '{scheme: https}', {schemeRedirect: 'https', responseCode: 'FOUND'}],
    ['scheme and port 443', '{scheme: https, port: 443}', {schemeRedirect: 'https', responseCode: 'FOUND'}],
    [
      'scheme and another port',
      '{scheme: https, port: 8443}',
      {schemeRedirect: 'https', portRedirect: 8443, responseCode: 'FOUND'},
    ],
    ['hostname', '{hostname: b.org}', {hostRedirect: 'b.org', responseCode: 'FOUND'}],
    ['port 80', '{port: 80}', {responseCode: 'FOUND'}],
    ['port', '{port: 81}', {portRedirect: 81, responseCode: 'FOUND'}],
    [
      'whole path',
      '{path: {type: ReplaceFullPath, replaceFullPath: /new}}',
      {pathRedirect: '/new', responseCode: 'FOUND'},
    ],
    [
      'prefix',
      '{path: {type: ReplacePrefixMatch, replacePrefixMatch: /new/}}',
      {prefixRewrite: '/new', responseCode: 'FOUND'},
    ],
    [
      'prefix to the root',
      '{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}',
      {regexRewrite: {pattern: {regex: '^/old/*'}, substitution: '/'}, responseCode: 'FOUND'},
    ],
    ['301', '{hostname: b.org, statusCode: 301}', {hostRedirect: 'b.org'}],
    ['303', '{hostname: b.org, statusCode: 303}', {hostRedirect: 'b.org', responseCode: 'SEE_OTHER'}],
    ['307', '{hostname: b.org, statusCode: 307}', {hostRedirect: 'b.org', responseCode: 'TEMPORARY_REDIRECT'}],
    ['308', '{hostname: b.org, statusCode: 308}', {hostRedirect: 'b.org', responseCode: 'PERMANENT_REDIRECT'}],
  ])('%s, from port 80', (_what, body, expected) => {
    expect(redirect(body, tls)).toEqual(expected);
  });

  it.each([
    // Neither scheme nor port: the listener's.
    ['{hostname: b.org}', {hostRedirect: 'b.org', portRedirect: 8080, responseCode: 'FOUND'}],
    // The client's Host says 8080, which Envoy would keep.
    ['{scheme: https}', {schemeRedirect: 'https', hostRedirect: 'a.example.com', responseCode: 'FOUND'}],
    ['{port: 80}', {hostRedirect: 'a.example.com', responseCode: 'FOUND'}],
  ])('%s, from port 8080', (body, expected) => {
    expect(redirect(body, plain)).toEqual(expected);
  });

  it('spells the well-known port out where the host is not known', () => {
    const rules = '[{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]';
    const world = makeWorld([services, plain, route('a', rules)]);
    expect(world.resource('VirtualHost', 'http-8080/*')).toMatchObject({
      routes: [{redirect: {schemeRedirect: 'https', portRedirect: 443}}],
    });
  });
});

describe('rewrites', () => {
  const rewrite = (body: string, path = '/old'): unknown => {
    const rule = `{matches: [{path: {value: ${path}}}], filters: [{type: URLRewrite, urlRewrite: ${body}}], backendRefs: [${web}]}`;
    return routeOf(rule)['route'];
  };
  const prefix = (value: string): string => `{path: {type: ReplacePrefixMatch, replacePrefixMatch: ${value}}}`;

  it.each([
    ['host', '{hostname: b.org}', '/old', {hostRewriteLiteral: 'b.org'}],
    ['prefix', prefix('/new'), '/old', {prefixRewrite: '/new'}],
    ['prefix and slashes', prefix('/new/'), '/old/', {prefixRewrite: '/new'}],
    [
      'prefix to the root',
      prefix('/'),
      '/o.d',
      {regexRewrite: {pattern: {regex: String.raw`^/o\.d/*`}, substitution: '/'}},
    ],
    ['root to a prefix', prefix('/new'), '/', {prefixRewrite: '/new/'}],
    [
      'whole path',
      '{path: {type: ReplaceFullPath, replaceFullPath: /new}}',
      '/old',
      {regexRewrite: {pattern: {regex: '^/.*$'}, substitution: '/new'}},
    ],
  ])('%s', (_what, body, path, expected) => {
    expect(rewrite(body, path)).toEqual({cluster: target, timeout: {}, ...expected});
  });

  it('leaves the path alone where root replaces root', () => {
    expect(rewrite(prefix('/'), '/')).toEqual({cluster: target, timeout: {}});
  });
});

describe('mirrors', () => {
  const mirror = (share: string): unknown => {
    const filter = `{type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 80}${share}}}`;
    const made = routeOf(`{filters: [${filter}], backendRefs: [${web}]}`)['route'] as Plain; // a rule with a backend has an action
    return made['requestMirrorPolicies'];
  };
  const base = {cluster: 'default/copy/80', disableShadowHostSuffixAppend: true};

  it.each([
    ['', {}],
    [', percent: 100', {}],
    [', percent: 25', {runtimeFraction: {defaultValue: {numerator: 25}}}],
    [
      ', fraction: {numerator: 1, denominator: 3}',
      {runtimeFraction: {defaultValue: {numerator: 333_333, denominator: 'MILLION'}}},
    ],
  ])('mirrors "%s"', (share, expected) => {
    expect(mirror(share)).toEqual([{...base, ...expected}]);
  });

  it('leaves out a mirror that leads nowhere', () => {
    const filter = '{type: RequestMirror, requestMirror: {backendRef: {name: nothing, port: 80}}}';
    expect(routeOf(`{filters: [${filter}], backendRefs: [${web}]}`)['route']).toEqual({cluster: target, timeout: {}});
  });
});

describe('timeouts and retries', () => {
  const action = (fields: string): unknown => routeOf(`{${fields}, backendRefs: [${web}]}`)['route'];
  const retry = (fields: object): object => ({
    retryOn: 'connect-failure,refused-stream,reset-before-request',
    hostSelectionRetryMaxAttempts: 50,
    retryHostPredicate: expect.any(Array),
    ...fields,
  });

  it.each([
    ['timeouts: {request: 1500ms}', {timeout: {seconds: 1, nanos: 500_000_000}}],
    ['timeouts: {request: 0s}', {timeout: {}, idleTimeout: {}}],
    ['timeouts: {request: 10m}', {timeout: {seconds: 600}, idleTimeout: {seconds: 600}}],
    ['timeouts: {backendRequest: 2s}', {timeout: {seconds: 2}}],
    ['timeouts: {request: 3s, backendRequest: 2s}', {timeout: {seconds: 2}}],
    ['timeouts: {request: 3s, backendRequest: 0s}', {timeout: {seconds: 3}}],
    ['retry: {attempts: 0}', {timeout: {}, retryPolicy: {numRetries: {}}}],
    ['retry: {attempts: 4}', {timeout: {}, retryPolicy: retry({numRetries: {value: 4}})}],
    [
      'retry: {codes: [503, 500], backoff: 50ms}',
      {
        timeout: {},
        retryPolicy: retry({
          retryOn: 'connect-failure,refused-stream,reset-before-request,retriable-status-codes',
          retriableStatusCodes: [500, 503],
          numRetries: {value: 1},
          retryBackOff: {baseInterval: {nanos: 50_000_000}},
        }),
      },
    ],
    [
      'retry: {attempts: 1}, timeouts: {request: 5s, backendRequest: 1s}',
      {
        timeout: {seconds: 5},
        retryPolicy: retry({
          retryOn: 'connect-failure,refused-stream,reset-before-request,reset',
          numRetries: {value: 1},
          perTryTimeout: {seconds: 1},
        }),
      },
    ],
  ])('%s', (fields, expected) => {
    expect(action(fields)).toEqual({cluster: target, ...expected});
  });
});

describe('CORS', () => {
  const policy = (body: string): unknown => {
    const made = routeOf(`{filters: [{type: CORS, cors: ${body}}], backendRefs: [${web}]}`);
    return (made['typedPerFilterConfig'] as Plain)['envoy.filters.http.cors']; // asserted on by every case
  };
  const base = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy',
    maxAge: '5',
    forwardNotMatchingPreflights: {},
    allowCredentials: {},
  };

  it.each([
    [
      '{allowOrigins: ["https://a.org", "https://*.b.org:8080"], allowMethods: [GET, PUT], allowHeaders: [x-a, x-b], exposeHeaders: ["*"], maxAge: 9}',
      {
        allowOriginStringMatch: [{exact: 'https://a.org'}, {safeRegex: {regex: String.raw`https://.*\.b\.org:8080`}}],
        allowMethods: 'GET, PUT',
        allowHeaders: 'x-a, x-b',
        exposeHeaders: '*',
        maxAge: '9',
      },
    ],
    [
      '{allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"], allowCredentials: true}',
      {
        allowOriginStringMatch: [{safeRegex: {regex: '.*'}}],
        allowMethods: '*',
        allowHeaders: '*',
        allowCredentials: {value: true},
      },
    ],
  ])('%s', (body, expected) => {
    expect(policy(body)).toEqual({...base, ...expected});
  });
});

describe('backends', () => {
  it.each([
    ['a backend that does not exist', '{backendRefs: [{name: nothing, port: 80}]}'],
    ['no backend', '{matches: [{path: {value: /}}]}'],
    ['weights of 0 only', '{backendRefs: [{name: web, port: 80, weight: 0}]}'],
    [
      'a filter that is not known',
      `{filters: [{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}], backendRefs: [${web}]}`,
    ],
    [
      'an expression that RE2 refuses',
      `{matches: [{path: {type: RegularExpression, value: "/(?=a)"}}, {path: {value: /}}], backendRefs: [${web}]}`,
    ],
  ])('answers 500 for %s', (_what, rule) => {
    expect(routeOf(rule)).toEqual({name: 'default/a/0', match: {prefix: '/'}, directResponse: {status: 500}});
  });

  it('shares by weight, 500 for the share of an invalid one, nothing for weight 0', () => {
    const backends =
      '[{name: web, port: 80, weight: 3}, {name: nothing, port: 80, weight: 1}, {name: api, port: 80, weight: 0}]';
    expect(routeOf(`{backendRefs: ${backends}}`)['route']).toEqual({
      weightedClusters: {
        clusters: [
          {name: target, weight: {value: 3}},
          {name: 'invalid-backend', weight: {value: 1}},
        ],
      },
      clusterNotFoundResponseCode: 'INTERNAL_SERVER_ERROR',
      timeout: {},
    });
  });

  it('rewrites the path of a single backend on the route', () => {
    const rewrite =
      '{type: URLRewrite, urlRewrite: {hostname: b.org, path: {type: ReplaceFullPath, replaceFullPath: /new}}}';
    expect(routeOf(`{backendRefs: [{name: web, port: 80, filters: [${rewrite}]}]}`)['route']).toMatchObject({
      cluster: target,
      hostRewriteLiteral: 'b.org',
      regexRewrite: {substitution: '/new'},
    });
  });

  it('splits the route where several backends have filters of their own', () => {
    const rewrite = '{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}';
    const backends = `[{name: web, port: 80, weight: 1, filters: [${rewrite}]}, {name: api, port: 80, weight: 2}, {name: nothing, port: 80, weight: 1}]`;
    expect(routesOf(`[{backendRefs: ${backends}}]`)).toMatchObject([
      {match: {runtimeFraction: {defaultValue: {numerator: 250_000}}}, route: {cluster: target, regexRewrite: {}}},
      {match: {runtimeFraction: {defaultValue: {numerator: 750_000}}}, route: {cluster: 'default/api/80'}},
      {match: {prefix: '/'}, directResponse: {status: 500}},
    ]);
  });
});
