/** Which route takes a request: matches, precedence, hostnames (Gateway API v1, HTTPRouteMatch, HTTPRouteRule, Listener). */
import {beforeAll, describe, expect, it} from 'vitest';
import {echoBackend} from './harness/backends.ts';
import {testCases, when} from './harness/cases.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {freePort} from './harness/free-port.ts';
import {exact, gateway, http, prefix, prefixRule, ref, regex, route, service} from './harness/manifests.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';

describeWithEnvoy('which route takes a request', () => {
  let sluice: Sluice;
  let port = 0;
  let hostsPort = 0;

  beforeAll(async () => {
    [port, hostsPort] = [await freePort(), await freePort()];
    const backend = await echoBackend('echo');
    // The Service names tell where a request went: a header set by the rule says it.
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [
          gateway('gw', [http('http', port)]),
          gateway('hosts', [
            http('any', hostsPort),
            http('wildcard', hostsPort, {hostname: '*.example.com'}),
            http('shop', hostsPort, {hostname: 'shop.example.com'}),
            http('empty', hostsPort, {hostname: 'empty.example.com'}),
          ]),
        ],
        'services.yaml': service('echo', [backend.port]),
        'matches.yaml': [paths, headersAndQueries, methods],
        'precedence.yaml': precedence,
        'hosts.yaml': hosts,
      },
    });
  });

  describe('paths', () => {
    testCases(
      () => port,
      [
        when('exact', {host: 'paths.test', path: '/exact'}, {seen: {'x-rule': 'exact'}}),
        when('exact, with a query', {host: 'paths.test', path: '/exact?a=b'}, {seen: {'x-rule': 'exact'}}),
        when('exact is not a prefix', {host: 'paths.test', path: '/exact/more'}, {status: 404}),
        when('exact is exact to the slash', {host: 'paths.test', path: '/exact/'}, {status: 404}),
        when('exact minds the case', {host: 'paths.test', path: '/Exact'}, {status: 404}),
        when('prefix itself', {host: 'paths.test', path: '/prefix'}, {seen: {'x-rule': 'prefix'}}),
        when('prefix and a slash', {host: 'paths.test', path: '/prefix/'}, {seen: {'x-rule': 'prefix'}}),
        when('prefix and a segment', {host: 'paths.test', path: '/prefix/a/b'}, {seen: {'x-rule': 'prefix'}}),
        when('prefix and a query', {host: 'paths.test', path: '/prefix?a'}, {seen: {'x-rule': 'prefix'}}),
        when('prefix is made of whole segments', {host: 'paths.test', path: '/prefixed'}, {status: 404}),
        when('slash at the end: without it', {host: 'paths.test', path: '/slash'}, {seen: {'x-rule': 'slash'}}),
        when('slash at the end: with it', {host: 'paths.test', path: '/slash/x'}, {seen: {'x-rule': 'slash'}}),
        when('slash at the end: whole segments', {host: 'paths.test', path: '/slashes'}, {status: 404}),
        when('regex', {host: 'paths.test', path: '/r/42'}, {seen: {'x-rule': 'regex'}}),
        when('regex does not see the query', {host: 'paths.test', path: '/r/42?x=y'}, {seen: {'x-rule': 'regex'}}),
        when('regex takes the whole path', {host: 'paths.test', path: '/r/42/x'}, {status: 404}),
        when('second match of a rule', {host: 'paths.test', path: '/either-b'}, {seen: {'x-rule': 'either'}}),
        when('a rule without matches', {host: 'methods.test', path: '/any/thing'}, {seen: {'x-rule': 'rest'}}),
      ],
    );
  });

  describe('headers, queries, methods', () => {
    const at = (path: string, headers: Record<string, string> = {}) => ({host: 'values.test', path, headers});
    testCases(
      () => port,
      [
        when('header exact', at('/h', {'X-Color': 'red'}), {seen: {'x-rule': 'red'}}),
        when('header with another value', at('/h', {'X-Color': 'Red'}), {status: 404}),
        when('header regex', at('/h', {'X-Color': 'blue-12'}), {seen: {'x-rule': 'blue'}}),
        when('header regex takes the whole value', at('/h', {'X-Color': 'blue-12-'}), {status: 404}),
        when('no header', at('/h'), {status: 404}),
        when('several headers', at('/h', {'X-A': '1', 'X-B': '2'}), {seen: {'x-rule': 'both'}}),
        when('one of several headers', at('/h', {'X-A': '1'}), {status: 404}),
        when('a header named twice: the first counts', at('/twice', {'X-C': 'first'}), {seen: {'x-rule': 'twice'}}),
        when('query exact', at('/q?color=red'), {seen: {'x-rule': 'q-red'}}),
        when('query exact among others', at('/q?a=b&color=red&c'), {seen: {'x-rule': 'q-red'}}),
        when('query with another value', at('/q?color=redder'), {status: 404}),
        when('query names mind the case', at('/q?Color=red'), {status: 404}),
        when('query regex', at('/q?color=blue-7'), {seen: {'x-rule': 'q-blue'}}),
        when('several queries', at('/q?a=1&b=2'), {seen: {'x-rule': 'q-both'}}),
        when('one of several queries', at('/q?b=2'), {status: 404}),
        when('all kinds at once', {...at('/all/x?q=1', {'X-A': '1'}), method: 'PUT'}, {seen: {'x-rule': 'all'}}),
        when('all kinds but the method', at('/all/x?q=1', {'X-A': '1'}), {status: 404}),
        when('method', {host: 'methods.test', method: 'POST'}, {seen: {'x-rule': 'POST'}, method: 'POST'}),
        when('another method', {host: 'methods.test', method: 'PATCH'}, {seen: {'x-rule': 'PATCH'}}),
        when('a method without a match', {host: 'methods.test', method: 'GET'}, {seen: {'x-rule': 'rest'}}),
      ],
    );
  });

  describe('precedence', () => {
    const at = (path: string, headers: Record<string, string> = {}) => ({host: 'order.test', path, headers});
    testCases(
      () => port,
      [
        when('exact before prefix', at('/a/b/c'), {seen: {'x-rule': 'exact'}}),
        when('the longest prefix', at('/a/b/d'), {seen: {'x-rule': 'longest'}}),
        when('a shorter prefix', at('/a/c'), {seen: {'x-rule': 'shorter'}}),
        when('the shortest prefix', at('/z'), {seen: {'x-rule': 'root'}}),
        when('a longer prefix before a header', at('/a/b/x', {'x-a': '1'}), {seen: {'x-rule': 'longest'}}),
        when(
          'method before headers',
          {...at('/m', {'x-a': '1', 'x-b': '2'}), method: 'POST'},
          {seen: {'x-rule': 'method'}},
        ),
        when('more headers', at('/m', {'x-a': '1', 'x-b': '2'}), {seen: {'x-rule': 'two-headers'}}),
        when('fewer headers', at('/m?q=1', {'x-a': '1'}), {seen: {'x-rule': 'one-header'}}),
        when('queries before nothing', at('/m?q=1'), {seen: {'x-rule': 'query'}}),
        when('more queries', at('/m?q=1&r=2'), {seen: {'x-rule': 'two-queries'}}),
        when('the oldest route', at('/same'), {seen: {'x-rule': 'oldest'}}),
        when('then by name', at('/name'), {seen: {'x-rule': 'name-a'}}),
        when('then the first rule', at('/rule'), {seen: {'x-rule': 'first-rule'}}),
        when('a first rule that cannot be done answers 500, not its twin', at('/broken'), {status: 500}),
        when('the twin takes what is its own', at('/broken/not'), {seen: {'x-rule': 'twin'}}),
      ],
    );
  });

  describe('hostnames', () => {
    const at = (host: string, path = '/') => ({host, path});
    testCases(
      () => hostsPort,
      [
        when('exact', at('a.test'), {seen: {'x-rule': 'exact-host'}}),
        when('exact, whatever the case', at('A.Test'), {seen: {'x-rule': 'exact-host'}}),
        when('the port in Host is ignored', at('a.test:1234'), {seen: {'x-rule': 'exact-host'}}),
        when('a second hostname', at('b.test'), {seen: {'x-rule': 'exact-host'}}),
        when('wildcard', at('x.wild.test'), {seen: {'x-rule': 'wild-host'}}),
        when('wildcard over several labels', at('x.y.wild.test'), {seen: {'x-rule': 'wild-host'}}),
        when('wildcard is not for the parent', at('wild.test'), {status: 404}),
        when('exact before wildcard', at('one.wild.test'), {seen: {'x-rule': 'one-wild'}}),
        when('exact before wildcard, whatever the paths', at('one.wild.test', '/long/path'), {
          seen: {'x-rule': 'one-wild'},
        }),
        when('longer wildcard before shorter', at('x.deep.wild.test'), {seen: {'x-rule': 'deep-wild'}}),
        when('no such host', at('nobody.test'), {status: 404}),
        when('intersection: route wider than listener', at('shop.example.com', '/wide'), {seen: {'x-rule': 'wide'}}),
        when('intersection: listener wider than route', at('api.example.com', '/narrow'), {seen: {'x-rule': 'narrow'}}),
        when('intersection: outside of the route', at('web.example.com', '/narrow'), {status: 404}),
        when('isolation: routes of a less specific listener are not seen', at('shop.example.com', '/narrow'), {
          status: 404,
        }),
        when('isolation: the wildcard listener has it', at('x.example.com', '/all-wildcard'), {
          seen: {'x-rule': 'all-wildcard'},
        }),
        when('isolation: not where a listener has the host itself', at('shop.example.com', '/all-wildcard'), {
          status: 404,
        }),
        when('isolation: a listener without routes still owns its host', at('empty.example.com', '/all-wildcard'), {
          status: 404,
        }),
        when('isolation: nor those of the listener for all hosts', at('x.example.com', '/everywhere'), {status: 404}),
        when('the listener for all hosts', at('elsewhere.test', '/everywhere'), {seen: {'x-rule': 'everywhere'}}),
      ],
    );
  });

  it('had nothing that Envoy rejected', () => {
    expect(sluice.rejections()).toEqual([]);
  });
});

/** A header for the backend says which rule it was. */
const marked = (rule: string, more: object = {}) => ({
  filters: [{type: 'RequestHeaderModifier', requestHeaderModifier: {set: [{name: 'x-rule', value: rule}]}}],
  backendRefs: [ref('echo')],
  ...more,
});
const markedAt = (rule: string, ...matches: object[]) => marked(rule, {matches});
const header = (name: string, value: string, type = 'Exact') => ({name, value, type});

const paths = route(
  'paths',
  [
    markedAt('exact', exact('/exact')),
    markedAt('prefix', prefix('/prefix')),
    markedAt('slash', prefix('/slash/')),
    markedAt('regex', regex('/r/[0-9]+')),
    markedAt('either', exact('/either-a'), exact('/either-b')),
  ],
  {hostnames: ['paths.test']},
);

const headersAndQueries = route(
  'values',
  [
    markedAt('red', {...prefix('/h'), headers: [header('x-color', 'red')]}),
    markedAt('blue', {...prefix('/h'), headers: [header('x-color', 'blue-[0-9]+', 'RegularExpression')]}),
    markedAt('both', {...prefix('/h'), headers: [header('x-a', '1'), header('x-b', '2')]}),
    markedAt('twice', {...prefix('/twice'), headers: [header('X-C', 'first'), header('x-c', 'second')]}),
    markedAt('q-red', {...prefix('/q'), queryParams: [header('color', 'red')]}),
    markedAt('q-blue', {...prefix('/q'), queryParams: [header('color', 'blue-[0-9]', 'RegularExpression')]}),
    markedAt('q-both', {...prefix('/q'), queryParams: [header('a', '1'), header('b', '2')]}),
    markedAt('all', {
      ...prefix('/all'),
      method: 'PUT',
      headers: [header('x-a', '1')],
      queryParams: [header('q', '1')],
    }),
  ],
  {hostnames: ['values.test']},
);

const methods = route(
  'methods',
  [markedAt('POST', {method: 'POST'}), markedAt('PATCH', {method: 'PATCH'}), marked('rest')],
  {hostnames: ['methods.test']},
);

const order = {hostnames: ['order.test']};
const unknownFilter = {
  type: 'ExtensionRef',
  extensionRef: {group: 'example.com', kind: 'Thing', name: 'thing'},
};
const precedence = [
  route(
    'order',
    [
      markedAt('root', prefix('/')),
      markedAt('shorter', prefix('/a')),
      markedAt('one-header-short', {...prefix('/a'), headers: [header('x-a', '1')]}),
      markedAt('longest', prefix('/a/b')),
      markedAt('exact', exact('/a/b/c')),
      markedAt('query', {...prefix('/m'), queryParams: [header('q', '1')]}),
      markedAt('two-queries', {...prefix('/m'), queryParams: [header('q', '1'), header('r', '2')]}),
      markedAt('one-header', {...prefix('/m'), headers: [header('x-a', '1')]}),
      markedAt('two-headers', {...prefix('/m'), headers: [header('x-a', '1'), header('x-b', '2')]}),
      markedAt('method', {...prefix('/m'), method: 'POST'}),
      markedAt('first-rule', prefix('/rule')),
      markedAt('second-rule', prefix('/rule')),
      {matches: [prefix('/broken')], filters: [unknownFilter], backendRefs: [ref('echo')]},
      markedAt('twin', prefix('/broken'), prefix('/broken/not')),
    ],
    order,
  ),
  route('age-a', [markedAt('younger', prefix('/same'))], {...order, created: '2024-02-01T00:00:00Z'}),
  route('age-z', [markedAt('oldest', prefix('/same'))], {...order, created: '2024-01-01T00:00:00Z'}),
  route('name-b', [markedAt('name-b', prefix('/name'))], order),
  route('name-a', [markedAt('name-a', prefix('/name'))], order),
];

const on = (sectionName: string) => ({parents: [{name: 'hosts', sectionName}]});
const hosts = [
  route('exact-host', [marked('exact-host')], {...on('any'), hostnames: ['a.test', 'b.test']}),
  route('wild-host', [markedAt('wild-host', prefix('/'), exact('/long/path'))], {
    ...on('any'),
    hostnames: ['*.wild.test'],
  }),
  route('one-wild', [marked('one-wild')], {...on('any'), hostnames: ['one.wild.test']}),
  route('deep-wild', [marked('deep-wild')], {...on('any'), hostnames: ['*.deep.wild.test']}),
  route('wide', [markedAt('wide', prefix('/wide'))], {...on('shop'), hostnames: ['*.example.com']}),
  route('narrow', [markedAt('narrow', prefix('/narrow'))], {
    ...on('wildcard'),
    hostnames: ['api.example.com', 'shop.example.com'],
  }),
  route('all-wildcard', [markedAt('all-wildcard', prefix('/all-wildcard'))], on('wildcard')),
  route(
    'everywhere',
    [prefixRule('/everywhere', 'echo', marked('everywhere', {matches: [prefix('/everywhere')]}))],
    on('any'),
  ),
];
