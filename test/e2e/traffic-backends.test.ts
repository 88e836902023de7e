/** Where requests go, and what comes back where they cannot: backends, weights, timeouts, retries, protocols. */
import {beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {echoBackend, type Backend} from './harness/backends.ts';
import {echoOf, expectResponse, testCases, when} from './harness/cases.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {freePort} from './harness/free-port.ts';
import {
  gateway,
  grant,
  http,
  prefix,
  prefixRule,
  ref,
  regex,
  route,
  service,
  servicesOf,
  type Manifest,
} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {openWebSocket} from './harness/web-socket.ts';

const host = 'backends.test';
const hostnames = {hostnames: [host]};

describeWithEnvoy('where requests go', () => {
  let sluice: Sluice;
  let port = 0;
  let web: Backend;
  let other: Backend;

  beforeAll(async () => {
    port = await freePort();
    [web, other] = [await echoBackend('web'), await echoBackend('other')];
    const grpc = await echoBackend('h2c', {protocol: 'h2c'});
    const nobody = await freePort();
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [gateway('gw', [http('http', port)])],
        'services.yaml': [
          ...servicesOf([web, other]),
          ...service('empty', []),
          ...service('refusing', [nobody]),
          ...service('one-refuses', [nobody, web.port]),
          ...service('h2c', [grpc.port], {appProtocol: 'kubernetes.io/h2c'}),
          ...service('socket', [web.port], {appProtocol: 'kubernetes.io/ws'}),
          ...service('granted', [web.port], {namespace: 'open'}),
          ...service('closed', [web.port], {namespace: 'closed'}),
          dnsService('external', {type: 'ExternalName', externalName: 'localhost', ports: [{port: web.port}]}),
          dnsService('localhost', {ports: [{port: 80, targetPort: web.port}]}),
          grant('open', 'default'),
        ],
        'routes.yaml': [
          route('backends', backendRules(web.port), hostnames),
          route('weights', weightRules, hostnames),
          route('limits', limitRules, hostnames),
        ],
      },
    });
  });

  beforeEach(() => {
    for (const backend of [web, other]) {
      backend.fail(0, 500);
      backend.forget();
    }
  });

  const at = (path: string) => ({host, path});
  const get = (path: string) => request({port, ...at(path)});

  describe('references', () => {
    testCases(
      () => port,
      [
        when('a Service', at('/service'), {backend: 'web'}),
        when('of another namespace, with a ReferenceGrant', at('/granted'), {backend: 'web'}),
        when('of another namespace, without one', at('/not-granted'), {status: 500}),
        when('that does not exist', at('/missing'), {status: 500}),
        when('a port that the Service has not', at('/no-port'), {status: 500}),
        when('a kind that is not known', at('/kind'), {status: 500}),
        when('none at all', at('/none'), {status: 500}),
        when('a Service without endpoints', at('/empty'), {status: 503}),
        when('a Service whose endpoint refuses connections', at('/refusing'), {status: 503}),
        when('a path without a route', at('/nothing-here'), {status: 404}),
        when('a host without a route', {host: 'nobody.test', path: '/service'}, {status: 404}),
        when('a rule with an expression that is none', at('/bad-regex'), {status: 500}),
        when('its neighbour', at('/service'), {backend: 'web'}),
        when('ExternalName', at('/external'), {backend: 'web'}),
        when('found by DNS, without EndpointSlices', at('/dns'), {backend: 'web'}),
        when('HTTP/2 without TLS', at('/h2c'), {backend: 'h2c', path: '/h2c'}),
      ],
    );

    it('speaks HTTP/2 to a backend of appProtocol kubernetes.io/h2c, HTTP/1.1 to others', async () => {
      expect(echoOf(await get('/h2c'))?.httpVersion).toBe('2.0');
      expect(echoOf(await get('/service'))?.httpVersion).toBe('1.1');
    });

    it.each(['/socket', '/service'])('opens WebSockets (%s)', async (path) => {
      const socket = await openWebSocket({port, host, path});
      expect(socket.status).toBe(101);
      expect(socket.headers['x-backend']).toBe('web');
      expect(await socket.roundTrip('hello')).toBe('hello');
      expect(await socket.roundTrip('again')).toBe('again');
      socket.close();
    });
  });

  describe('weights', () => {
    /** How many requests of 400 ended where: name of the backend, or the status. */
    const shares = async (path: string): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      const one = async (): Promise<void> => {
        const response = await get(path);
        const who = echoOf(response)?.name ?? String(response.status);
        counts[who] = (counts[who] ?? 0) + 1;
      };
      for (let i = 0; i < 20; i++) await Promise.all(Array.from({length: 20}, one));
      return counts;
    };
    /** More than five standard deviations wide for 400 requests. */
    const expectShare = (counts: Record<string, number>, who: string, share: number): void => {
      expect(Math.abs((counts[who] ?? 0) / 400 - share), `${who} of ${JSON.stringify(counts)}`).toBeLessThan(0.13);
    };

    it('divides requests', async () => {
      const counts = await shares('/weights');
      expect(Object.keys(counts).toSorted()).toEqual(['other', 'web']);
      expectShare(counts, 'web', 0.75);
      expectShare(counts, 'other', 0.25);
    });

    it('gives nothing to weight 0', async () => {
      expect(await shares('/weight-zero')).toEqual({web: 400});
    });

    it('answers 500 for the share of a backend that is not there', async () => {
      const counts = await shares('/half');
      expect(Object.keys(counts).toSorted()).toEqual(['500', 'web']);
      expectShare(counts, '500', 0.5);
    });

    it('answers 503 for the share of a backend without endpoints', async () => {
      const counts = await shares('/half-empty');
      expect(Object.keys(counts).toSorted()).toEqual(['503', 'web']);
      expectShare(counts, '503', 0.5);
    });

    it('answers 500 where all weights are 0', async () => {
      expectResponse(await get('/all-zero'), {status: 500});
      expectResponse(await get('/one-zero'), {status: 500});
      expect(web.seen).toEqual([]);
    });
  });

  describe('timeouts', () => {
    testCases(
      () => port,
      [
        when('of the request', at('/request-timeout?delay=3000'), {status: 504}),
        when('of the request, met', at('/request-timeout'), {backend: 'web'}),
        when('of the backend', at('/backend-timeout?delay=3000'), {status: 504}),
        when('the shorter of both', at('/both-timeouts?delay=3000'), {status: 504}),
        when('zero is none', at('/zero-timeout?delay=600'), {backend: 'web'}),
        when('none', at('/service?delay=600'), {backend: 'web'}),
      ],
    );
  });

  describe('retries', () => {
    it.each([
      {what: 'after a code of the list', path: '/retry', fail: 2, how: 503, status: 200, tries: 3},
      {what: 'no more than attempts', path: '/retry', fail: 9, how: 503, status: 503, tries: 3},
      {what: 'not after other codes', path: '/retry', fail: 1, how: 500, status: 500, tries: 1},
      {what: 'not with 0 attempts', path: '/retry-none', fail: 1, how: 503, status: 503, tries: 1},
      {what: 'not where nothing is said', path: '/service', fail: 1, how: 503, status: 503, tries: 1},
      {what: 'with a pause between tries', path: '/retry-backoff', fail: 2, how: 503, status: 200, tries: 3},
      {what: 'after a try that took too long', path: '/retry-slow', fail: 1, how: 'hang', status: 200, tries: 2},
      {what: 'within the timeout of the request', path: '/retry-limit', fail: 9, how: 'hang', status: 504, tries: 2},
    ] as const)('$what', async ({path, fail, how, status, tries}) => {
      web.fail(fail, how);
      const response = await get(path);
      expect({status: response.status, tries: web.seen.length}).toEqual({status, tries});
    });

    it.each(['/one-refuses', '/one-refuses-retry'])(
      'goes elsewhere where a connection is refused (%s)',
      async (path) => {
        // Many at once: an endpoint that refuses looks idle, and is drawn again and again. With few draws a try, 2 % failed.
        for (let i = 0; i < 20; i++) {
          const all = await Promise.all(Array.from({length: 20}, () => get(path)));
          expect(new Set(all.map((response) => echoOf(response)?.name))).toEqual(new Set(['web']));
        }
      },
    );

    it('does not where attempts are 0', async () => {
      const statuses = new Set<number>();
      for (let i = 0; i < 40; i++) statuses.add((await get('/one-refuses-none')).status);
      expect(statuses).toEqual(new Set([200, 503]));
    });
  });

  it('had nothing that Envoy rejected', () => {
    expect(sluice.rejections()).toEqual([]);
  });
});

const dnsService = (name: string, spec: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {name, namespace: 'default'},
  spec,
});

const backendRules = (externalPort: number) => [
  prefixRule('/service', 'web'),
  ...['empty', 'refusing', 'h2c', 'socket', 'missing', 'one-refuses'].map((name) => prefixRule(`/${name}`, name)),
  {matches: [prefix('/granted')], backendRefs: [ref('granted', {namespace: 'open'})]},
  {matches: [prefix('/not-granted')], backendRefs: [ref('closed', {namespace: 'closed'})]},
  {matches: [prefix('/no-port')], backendRefs: [{name: 'web', port: 81}]},
  {matches: [prefix('/kind')], backendRefs: [ref('web', {group: 'example.com', kind: 'Thing'})]},
  {matches: [prefix('/none')]},
  {matches: [prefix('/bad-regex'), regex('/bad-(')], backendRefs: [ref('web')]},
  {matches: [prefix('/external')], backendRefs: [{name: 'external', port: externalPort}]},
  prefixRule('/dns', 'localhost'),
];

const weighted = (path: string, ...weights: (readonly [string, number])[]) => ({
  matches: [prefix(path)],
  backendRefs: weights.map(([name, weight]) => ref(name, {weight})),
});
const weightRules = [
  weighted('/weights', ['web', 3], ['other', 1]),
  weighted('/weight-zero', ['web', 1], ['other', 0], ['missing', 0]),
  weighted('/half', ['web', 10], ['missing', 10]),
  weighted('/half-empty', ['web', 1], ['empty', 1]),
  weighted('/all-zero', ['web', 0], ['other', 0]),
  weighted('/one-zero', ['web', 0]),
];

const retried = (path: string, retry: object, timeouts: object = {}) =>
  prefixRule(path, 'web', {retry, ...(Object.keys(timeouts).length > 0 && {timeouts})});
const limitRules = [
  prefixRule('/request-timeout', 'web', {timeouts: {request: '300ms'}}),
  prefixRule('/backend-timeout', 'web', {timeouts: {backendRequest: '300ms'}}),
  prefixRule('/both-timeouts', 'web', {timeouts: {request: '10s', backendRequest: '300ms'}}),
  prefixRule('/zero-timeout', 'web', {timeouts: {request: '0s'}}),
  retried('/retry', {attempts: 2, codes: [503]}),
  retried('/retry-none', {attempts: 0, codes: [503]}),
  retried('/retry-slow', {attempts: 1, codes: [503]}, {request: '10s', backendRequest: '300ms'}),
  retried('/retry-limit', {attempts: 5, codes: [503]}, {request: '500ms', backendRequest: '300ms'}),
  retried('/retry-backoff', {attempts: 2, codes: [503], backoff: '100ms'}),
  prefixRule('/one-refuses-retry', 'one-refuses', {retry: {attempts: 3}}),
  prefixRule('/one-refuses-none', 'one-refuses', {retry: {attempts: 0}}),
];
