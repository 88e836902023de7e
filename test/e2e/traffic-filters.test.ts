/** What routes do to requests and answers: every filter of an HTTPRoute (Gateway API v1, HTTPRouteFilter). */
import {beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {echoBackend, type Backend} from './harness/backends.ts';
import {expectResponse, testCases, when, type Case} from './harness/cases.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {exact, gateway, http, prefix, ref, route, servicesOf} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';

const host = 'filters.test';

describeWithEnvoy('what routes do to requests and answers', () => {
  let sluice: Sluice;
  let port = 0;
  let second: Backend;
  let third: Backend;

  beforeAll(async () => {
    port = await freePort();
    const web = await echoBackend('web', {headers: {'x-from': 'backend', 'x-drop': 'backend', 'x-two': ['a', 'b']}});
    [second, third] = [await echoBackend('second'), await echoBackend('third')];
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [gateway('gw', [http('http', port)])],
        'services.yaml': servicesOf([web, second, third]),
        'routes.yaml': [
          route('headers', headerRules, {hostnames: [host]}),
          route('redirects', redirectRules, {hostnames: [host]}),
          route('any-host', [redirect('/any-host', {path: fullPath('/there')})]),
          route('rewrites', rewriteRules, {hostnames: [host]}),
          route('root', [filtered('/', rewrite({path: prefixMatch('/under')}))], {hostnames: ['root.test']}),
          route('mirrors', mirrorRules, {hostnames: [host]}),
          route('cors', corsRules, {hostnames: [host]}),
          route('backend-filters', backendFilterRules, {hostnames: [host]}),
        ],
      },
    });
  });

  const at = (path: string, headers: Record<string, string> = {}) => ({host, path, headers});

  describe('header modifiers', () => {
    testCases(
      () => port,
      [
        when('request: set', at('/request', {'X-Set': 'client'}), {backend: 'web', seen: {'x-set': 'rule'}}),
        when('request: add to nothing', at('/request'), {seen: {'x-add': 'rule'}}),
        when('request: add to what is there', at('/request', {'X-Add': 'client'}), {seen: {'x-add': 'client, rule'}}),
        when('request: remove', at('/request', {'X-Gone': 'client', 'X-Kept': 'client'}), {
          seen: {'x-gone': undefined, 'x-kept': 'client'},
        }),
        when('request: a percent sign is no operator', at('/request'), {seen: {'x-percent': '100%'}}),
        when('request: set Host', at('/request-host'), {seen: {host: 'set.test'}}),
        when('request: nothing asked, nothing changed', at('/plain', {'X-Set': 'client'}), {
          path: '/plain',
          seen: {'x-set': 'client', host, 'x-envoy-expected-rq-timeout-ms': undefined},
        }),
        when('response: set', at('/response'), {headers: {'x-from': 'rule'}}),
        when('response: add', at('/response'), {headers: {'x-two': 'a, b, c', 'x-new': 'rule'}}),
        when('response: remove', at('/response'), {headers: {'x-drop': undefined}}),
        when('response: nothing asked, nothing changed', at('/plain'), {
          headers: {'x-from': 'backend', 'x-drop': 'backend', 'x-two': 'a, b'},
        }),
        when('both, and of a direct answer too', at('/response-redirect'), {status: 302, headers: {'x-from': 'rule'}}),
      ],
    );
  });

  describe('redirects', () => {
    /** `PORT` in a location stands for the port of the listener. */
    it.each([
      ['scheme: its well-known port', '/scheme/x?q=1', `https://${host}/scheme/x?q=1`],
      ['host: the port of the listener', '/host/x', 'http://other.test:PORT/host/x'],
      ['port', '/port/x', `http://${host}:8443/port/x`],
      ['port: not spelled out where it is the well-known one', '/port-80/x', `http://${host}/port-80/x`],
      ['scheme and port', '/scheme-port/x', `https://${host}:9443/scheme-port/x`],
      ['scheme, host and port', '/all/x', 'https://other.test:9443/all/x'],
      ['path: full, the query stays', '/full/x?q=1', `http://${host}:PORT/there?q=1`],
      ['path: prefix', '/prefix/x?q=1', `http://${host}:PORT/other/x?q=1`],
      ['path: prefix alone', '/prefix', `http://${host}:PORT/other`],
      ['path: prefix to the root', '/to-root/x', `http://${host}:PORT/x`],
      ['path: prefix alone to the root', '/to-root', `http://${host}:PORT/`],
      ['the port a client named gives way to that of the listener', '/full', `http://${host}:PORT/there`, `${host}:1`],
      ['the host of the request, where routes name none', '/any-host', 'http://no.test:PORT/there', 'no.test'],
    ])('%s', async (_what, path, location, from = host) => {
      const response = await request({port, path, host: from});
      expect(response.status).toBe(302);
      expect(response.headers['location']).toBe(location.replace('PORT', String(port)));
    });

    it.each([301, 302, 303, 307, 308])('status %i', async (status) => {
      const response = await request({port, ...at(`/status-${status}`)});
      expect(response.status).toBe(status);
      expect(response.headers['location']).toBe(`https://${host}/status-${status}`);
    });
  });

  describe('rewrites', () => {
    testCases(
      () => port,
      [
        when('host', at('/rewrite-host/x'), {path: '/rewrite-host/x', seen: {host: 'rewritten.test'}}),
        when('full path, the query stays', at('/rewrite-full/x?q=1'), {path: '/whole?q=1', seen: {host}}),
        when('prefix', at('/rewrite-prefix/x?q=1'), {path: '/new/x?q=1'}),
        when('prefix alone', at('/rewrite-prefix'), {path: '/new'}),
        when('prefix and a slash', at('/rewrite-prefix/'), {path: '/new/'}),
        when('prefix to the root', at('/rewrite-root/x?q=1'), {path: '/x?q=1'}),
        when('prefix alone to the root', at('/rewrite-root'), {path: '/'}),
        when('prefix alone to the root, with a query', at('/rewrite-root?q=1'), {path: '/?q=1'}),
        when('prefix and a slash to the root', at('/rewrite-root/'), {path: '/'}),
        when('slashes at the ends make no difference', at('/rewrite-slashes/x'), {path: '/new/x'}),
        when('characters of expressions stand for themselves', at('/rewrite.dot/x'), {path: '/x'}),
        when('root to a prefix', {host: 'root.test', path: '/x?q=1'}, {path: '/under/x?q=1'}),
        when('root alone to a prefix', {host: 'root.test', path: '/'}, {path: '/under/'}),
        when('host and path, and headers', at('/rewrite-all/x'), {
          path: '/new/x',
          seen: {host: 'rewritten.test', 'x-rule': 'all'},
        }),
      ],
    );
  });

  describe('mirrors', () => {
    beforeEach(() => {
      second.forget();
      third.forget();
    });
    const send = async (path: string, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        expectResponse(await request({port, ...at(`${path}?n=${i}`)}), {backend: 'web'});
      }
    };
    const paths = (backend: Backend) => backend.seen.map(({path}) => path);

    it('copies every request, to one', async () => {
      await send('/mirror', 3);
      await eventually(() => expect(paths(second)).toEqual(['/mirror?n=0', '/mirror?n=1', '/mirror?n=2']));
      expect(second.seen[0]?.headers.host).toBe(host);
      expect(third.seen).toEqual([]);
    });

    it('copies to several', async () => {
      await send('/mirror-both', 2);
      await eventually(() => expect([second.seen.length, third.seen.length]).toEqual([2, 2]));
    });

    it('copies a share: none and all', async () => {
      await send('/mirror-share', 20);
      await eventually(() => expect(third.seen.length).toBe(20));
      expect(second.seen).toEqual([]);
    });

    it('copies a fraction of one half', async () => {
      await send('/mirror-half', 60);
      await eventually(() => expect(second.seen.length).toBeGreaterThan(10));
      expect(second.seen.length).toBeLessThan(50);
    });

    it('answers although the mirrored Service does not exist', async () => {
      await send('/mirror-missing', 1);
      expect([...second.seen, ...third.seen]).toEqual([]);
    });
  });

  describe('CORS', () => {
    const allowed = 'https://app.allowed.test';
    const preflight = (path: string, origin: string, method = 'PUT'): Case['send'] => ({
      ...at(path, {origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-token'}),
      method: 'OPTIONS',
    });
    testCases(
      () => port,
      [
        when('preflight of an allowed origin', preflight('/cors', allowed), {
          headers: {
            'access-control-allow-origin': allowed,
            'access-control-allow-methods': 'GET, PUT',
            'access-control-allow-headers': 'x-token, x-other',
            'access-control-max-age': '60',
            'access-control-allow-credentials': 'true',
          },
        }),
        when('preflight of an exact origin', preflight('/cors', 'https://one.test'), {
          headers: {'access-control-allow-origin': 'https://one.test'},
        }),
        when('preflight of another origin', preflight('/cors', 'https://evil.test'), {
          headers: {'access-control-allow-origin': undefined},
        }),
        when('an origin that only ends like an allowed one', preflight('/cors', 'https://evilallowed.test'), {
          headers: {'access-control-allow-origin': undefined},
        }),
        when('simple request', at('/cors', {origin: allowed}), {
          backend: 'web',
          headers: {
            'access-control-allow-origin': allowed,
            'access-control-allow-credentials': 'true',
            'access-control-expose-headers': 'x-from',
          },
        }),
        when('simple request of another origin', at('/cors', {origin: 'https://evil.test'}), {
          backend: 'web',
          headers: {'access-control-allow-origin': undefined},
        }),
        when('request without an origin', at('/cors'), {
          backend: 'web',
          headers: {'access-control-allow-origin': undefined},
        }),
        when('everything allowed', preflight('/cors-all', 'https://any.test:81', 'DELETE'), {
          headers: {
            'access-control-allow-origin': expect.stringMatching(/^(\*|https:\/\/any\.test:81)$/),
            'access-control-allow-methods': expect.stringMatching(/^(\*|DELETE)$/),
            'access-control-allow-headers': expect.stringMatching(/^(\*|x-token)$/),
            'access-control-allow-credentials': undefined,
          },
        }),
        when('everything allowed, with credentials', preflight('/cors-any-user', 'https://any.test', 'DELETE'), {
          headers: {
            'access-control-allow-origin': 'https://any.test',
            'access-control-allow-methods': 'DELETE',
            'access-control-allow-headers': 'x-token',
            'access-control-allow-credentials': 'true',
          },
        }),
        when('OPTIONS without CORS goes to the backend', preflight('/plain', allowed), {
          backend: 'web',
          method: 'OPTIONS',
        }),
      ],
    );
  });

  describe('filters of a backendRef', () => {
    it.each([
      ['the only one', '/only', ['second']],
      ['each of several, with headers', '/each-headers', ['second', 'third']],
      ['each of several, with rewrites', '/each-rewrite', ['second', 'third']],
    ])('%s', async (_what, path, names) => {
      const met = new Set<string>();
      for (let i = 0; i < 40; i++) {
        const response = await request({port, ...at(path)});
        const {name, seen}: {name: string; seen: string} = described(response.body);
        expect(seen).toBe(`${name} rule ${path === '/each-rewrite' ? `/of-${name}` : path}`);
        expect(response.headers['x-backend']).toBe(name);
        met.add(name);
      }
      expect([...met].toSorted()).toEqual(names);
    });
  });

  it('had nothing that Envoy rejected', () => {
    expect(sluice.rejections()).toEqual([]);
  });
});

/** What the rules under test have to do with a request for the backend `name`, in one line. */
function described(body: string): {name: string; seen: string} {
  const {name, path, headers} = JSON.parse(body);
  return {name, seen: `${headers['x-backend']} ${headers['x-rule']} ${path}`};
}

type Pair = readonly [name: string, value: string];
const pairs = (list: readonly Pair[]) => list.map(([name, value]) => ({name, value}));
const modifier = ({set = [], add = [], remove = []}: {set?: Pair[]; add?: Pair[]; remove?: string[]}) => ({
  ...(set.length > 0 && {set: pairs(set)}),
  ...(add.length > 0 && {add: pairs(add)}),
  ...(remove.length > 0 && {remove}),
});
const requestHeaders = (changes: Parameters<typeof modifier>[0]) => ({
  type: 'RequestHeaderModifier',
  requestHeaderModifier: modifier(changes),
});
const responseHeaders = (changes: Parameters<typeof modifier>[0]) => ({
  type: 'ResponseHeaderModifier',
  responseHeaderModifier: modifier(changes),
});
const fullPath = (replaceFullPath: string) => ({type: 'ReplaceFullPath', replaceFullPath});
const prefixMatch = (replacePrefixMatch: string) => ({type: 'ReplacePrefixMatch', replacePrefixMatch});
const redirect = (path: string, requestRedirect: object) => ({
  matches: [prefix(path)],
  filters: [{type: 'RequestRedirect', requestRedirect}],
});
const filtered = (path: string, ...filters: object[]) => ({
  matches: [prefix(path)],
  filters,
  backendRefs: [ref('web')],
});
const rewrite = (urlRewrite: object) => ({type: 'URLRewrite', urlRewrite});
const mirror = (name: string, share: object = {}) => ({
  type: 'RequestMirror',
  requestMirror: {backendRef: ref(name), ...share},
});

const headerRules = [
  filtered('/plain'),
  filtered(
    '/request',
    requestHeaders({
      set: [
        ['x-set', 'rule'],
        ['x-percent', '100%'],
      ],
      add: [['x-add', 'rule']],
      remove: ['x-gone'],
    }),
  ),
  filtered('/request-host', requestHeaders({set: [['Host', 'set.test']]})),
  filtered(
    '/response',
    responseHeaders({
      set: [['x-from', 'rule']],
      add: [
        ['x-two', 'c'],
        ['x-new', 'rule'],
      ],
      remove: ['x-drop'],
    }),
  ),
  {
    matches: [exact('/response-redirect')],
    filters: [
      responseHeaders({set: [['x-from', 'rule']]}),
      {type: 'RequestRedirect', requestRedirect: {hostname: 'other.test'}},
    ],
  },
];

const redirectRules = [
  redirect('/scheme', {scheme: 'https'}),
  redirect('/host', {hostname: 'other.test'}),
  redirect('/port', {port: 8443}),
  redirect('/port-80', {port: 80}),
  redirect('/scheme-port', {scheme: 'https', port: 9443}),
  redirect('/all', {scheme: 'https', hostname: 'other.test', port: 9443}),
  redirect('/full', {path: fullPath('/there')}),
  redirect('/prefix', {path: prefixMatch('/other')}),
  redirect('/to-root', {path: prefixMatch('/')}),
  ...[301, 302, 303, 307, 308].map((statusCode) => redirect(`/status-${statusCode}`, {scheme: 'https', statusCode})),
];

const rewriteRules = [
  filtered('/rewrite-host', rewrite({hostname: 'rewritten.test'})),
  filtered('/rewrite-full', rewrite({path: fullPath('/whole')})),
  filtered('/rewrite-prefix', rewrite({path: prefixMatch('/new')})),
  filtered('/rewrite-root', rewrite({path: prefixMatch('/')})),
  filtered('/rewrite-slashes/', rewrite({path: prefixMatch('/new/')})),
  filtered('/rewrite.dot', rewrite({path: prefixMatch('/')})),
  filtered(
    '/rewrite-all',
    rewrite({hostname: 'rewritten.test', path: prefixMatch('/new')}),
    requestHeaders({set: [['x-rule', 'all']]}),
  ),
];

const mirrorRules = [
  filtered('/mirror', mirror('second')),
  filtered('/mirror-both', mirror('second'), mirror('third')),
  filtered('/mirror-share', mirror('second', {percent: 0}), mirror('third', {percent: 100})),
  filtered('/mirror-half', mirror('second', {fraction: {numerator: 1, denominator: 2}})),
  filtered('/mirror-missing', mirror('missing')),
];

const anything = {allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*']};
const corsRules = [
  filtered('/cors', {
    type: 'CORS',
    cors: {
      allowOrigins: ['https://*.allowed.test', 'https://one.test'],
      allowMethods: ['GET', 'PUT'],
      allowHeaders: ['x-token', 'x-other'],
      exposeHeaders: ['x-from'],
      allowCredentials: true,
      maxAge: 60,
    },
  }),
  filtered('/cors-all', {type: 'CORS', cors: anything}),
  filtered('/cors-any-user', {type: 'CORS', cors: {...anything, allowCredentials: true}}),
];

const ofBackend = (name: string, ...more: object[]) =>
  ref(name, {
    weight: 1,
    filters: [requestHeaders({set: [['x-backend', name]]}), responseHeaders({set: [['x-backend', name]]}), ...more],
  });
const ofRule = {filters: [requestHeaders({set: [['x-rule', 'rule']]})]};
const backendFilterRules = [
  {matches: [prefix('/only')], ...ofRule, backendRefs: [ofBackend('second')]},
  {matches: [prefix('/each-headers')], ...ofRule, backendRefs: [ofBackend('second'), ofBackend('third')]},
  {
    matches: [prefix('/each-rewrite')],
    ...ofRule,
    backendRefs: [
      ofBackend('second', rewrite({path: fullPath('/of-second')})),
      ofBackend('third', rewrite({path: fullPath('/of-third')})),
    ],
  },
];
