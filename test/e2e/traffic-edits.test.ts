/** What is written, changed and deleted in the manifests while everything runs, seen on the wire and in statuses. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {echoBackend, type Backend} from './harness/backends.ts';
import {www} from './harness/certificates.ts';
import {echoOf} from './harness/cases.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {
  gateway,
  grant,
  http,
  https,
  namespace,
  prefixRule,
  ref,
  route,
  service,
  servicesOf,
  slices,
  tlsSecret,
} from './harness/manifests.ts';
import {handshake, request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {conditionOf, listenerStatus, routeStatus, statusOf} from './harness/status.ts';

describeWithEnvoy('edits', () => {
  let port = 0;
  let web: Backend;
  let other: Backend;
  let sluice: Sluice;

  beforeAll(async () => {
    port = await freePort();
    [web, other] = [await echoBackend('web'), await echoBackend('other')];
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [gateway('gw', [http('http', port)])],
        'services.yaml': servicesOf([web, other]),
        'steady.yaml': [route('steady', [prefixRule('/', 'web')], {hostnames: ['steady.test']})],
      },
    });
  });

  /** Name of the backend that answers, or the status where none does. */
  const ask = async (host: string, path = '/', at = port): Promise<string | number> => {
    const response = await request({port: at, host, path});
    return echoOf(response)?.name ?? response.status;
  };
  const answers = (host: string, answer: string | number, path = '/', at = port): Promise<void> =>
    eventually(async () => expect(await ask(host, path, at)).toBe(answer));
  const refuses = (at: number): Promise<void> =>
    eventually(() => expect(request({port: at})).rejects.toThrow(/ECONNREFUSED/));

  describe('of routes', () => {
    it('adds one, changes its backend, its path and its host, and deletes it', async () => {
      expect(await ask('edited.test')).toBe(404);
      const write = (backend: string, path: string, host: string) =>
        sluice.write('edited.yaml', [route('edited', [prefixRule(path, backend)], {hostnames: [host]})]);
      write('web', '/', 'edited.test');
      await answers('edited.test', 'web');
      write('other', '/', 'edited.test');
      await answers('edited.test', 'other');
      write('other', '/path', 'edited.test');
      await answers('edited.test', 404);
      expect(await ask('edited.test', '/path')).toBe('other');
      write('other', '/path', 'moved.test');
      await answers('moved.test', 'other', '/path');
      expect(await ask('edited.test', '/path')).toBe(404);
      sluice.remove('edited.yaml');
      await answers('moved.test', 404, '/path');
      expect(await ask('steady.test')).toBe('web');
    });

    it('adds a rule to a host that another route has', async () => {
      sluice.write('shared.yaml', [route('shared', [prefixRule('/more', 'other')], {hostnames: ['steady.test']})]);
      await answers('steady.test', 'other', '/more/x');
      expect(await ask('steady.test', '/x')).toBe('web');
      sluice.remove('shared.yaml');
      await answers('steady.test', 'web', '/more/x');
    });

    it('gives a path to the older route, and to the next when that is gone', async () => {
      const aged = (name: string, backend: string, created: string) =>
        route(name, [prefixRule('/', backend)], {hostnames: ['aged.test'], created});
      sluice.write('younger.yaml', [aged('a-younger', 'web', '2024-02-01T00:00:00Z')]);
      await answers('aged.test', 'web');
      sluice.write('older.yaml', [aged('z-older', 'other', '2024-01-01T00:00:00Z')]);
      await answers('aged.test', 'other');
      sluice.remove('older.yaml');
      await answers('aged.test', 'web');
      sluice.remove('younger.yaml');
      await answers('aged.test', 404);
      expect(await ask('steady.test')).toBe('web');
    });

    it('keeps what was good of a file that is broken now', async () => {
      const file = join(sluice.folder, 'manifests', 'broken.yaml');
      sluice.write('broken.yaml', [route('broken', [prefixRule('/', 'web')], {hostnames: ['broken.test']})]);
      await answers('broken.test', 'web');
      writeFileSync(file, 'kind: [HTTPRoute\n');
      await eventually(async () => expect((await statusOf(sluice)).problems).toHaveLength(1));
      expect(await ask('broken.test')).toBe('web');
      sluice.write('broken.yaml', [route('broken', [prefixRule('/', 'other')], {hostnames: ['broken.test']})]);
      await answers('broken.test', 'other');
      expect((await statusOf(sluice)).problems).toEqual([]);
      sluice.remove('broken.yaml');
      await answers('broken.test', 404);
    });

    it('tells their status', async () => {
      sluice.write('told.yaml', [
        route('good', [prefixRule('/', 'web')], {hostnames: ['told.test']}),
        route('dangling', [prefixRule('/', 'nothing')], {hostnames: ['dangling.test']}),
        route('lost', [prefixRule('/', 'web')], {parents: [{name: 'gw', sectionName: 'nothing'}]}),
      ]);
      await answers('dangling.test', 500);
      await eventually(async () => {
        const status = await statusOf(sluice);
        expect(routeStatus(status, 'good')).toMatchObject({
          Accepted: 'True Accepted',
          ResolvedRefs: 'True ResolvedRefs',
        });
        expect(routeStatus(status, 'dangling')).toMatchObject({
          Accepted: 'True Accepted',
          ResolvedRefs: 'False BackendNotFound',
        });
        expect(routeStatus(status, 'lost')).toMatchObject({Accepted: 'False NoMatchingParent'});
        // `steady`, `good` and `dangling`.
        expect(listenerStatus(status, 'gw', 'http')).toMatchObject({attachedRoutes: 3, Programmed: 'True Programmed'});
      });
      sluice.remove('told.yaml');
      await eventually(async () =>
        expect(listenerStatus(await statusOf(sluice), 'gw', 'http')).toMatchObject({attachedRoutes: 1}),
      );
    });
  });

  describe('of backends', () => {
    it('moves endpoints, takes them away, and gives them back', async () => {
      sluice.write('route-moving.yaml', [route('moving', [prefixRule('/', 'moving')], {hostnames: ['moving.test']})]);
      await answers('moving.test', 500);
      const [made] = service('moving', []);
      expect(made?.kind).toBe('Service');
      sluice.write('moving.yaml', made === undefined ? [] : [made]);
      sluice.write('moving-slices.yaml', slices('moving', [web.port]));
      await answers('moving.test', 'web');
      sluice.write('moving-slices.yaml', slices('moving', [other.port]));
      await answers('moving.test', 'other');
      sluice.write('moving-slices.yaml', slices('moving', []));
      await answers('moving.test', 503);
      sluice.write('moving-slices.yaml', slices('moving', [other.port, web.port]));
      const met = new Set<string | number>();
      await eventually(async () => {
        met.add(await ask('moving.test'));
        expect([...met]).toEqual(expect.arrayContaining(['web', 'other']));
      });
      sluice.remove('moving.yaml');
      await answers('moving.test', 500);
      sluice.write('moving.yaml', made === undefined ? [] : [made]);
      await eventually(async () => expect(['web', 'other']).toContain(await ask('moving.test')));
    });

    it('obeys ReferenceGrants as they come and go', async () => {
      sluice.write('granted.yaml', [
        ...service('far', [web.port], {namespace: 'far'}),
        route('granted', [{backendRefs: [ref('far', {namespace: 'far'})]}], {hostnames: ['granted.test']}),
      ]);
      await answers('granted.test', 500);
      sluice.write('grant.yaml', [grant('far', 'default')]);
      await answers('granted.test', 'web');
      expect(routeStatus(await statusOf(sluice), 'granted')).toMatchObject({ResolvedRefs: 'True ResolvedRefs'});
      sluice.remove('grant.yaml');
      await answers('granted.test', 500);
    });
  });

  describe('of Gateways', () => {
    it('opens and closes ports, keeping the others', async () => {
      const [second, secure] = [await freePort(), await freePort()];
      const everything = [http('http', port), http('second', second), https('secure', secure, 'www')];
      sluice.write('gateway-routes.yaml', [route('any', [prefixRule('/', 'other')], {hostnames: ['any.test']})]);
      sluice.write('gateway.yaml', [gateway('gw', everything)]);
      await answers('any.test', 'other', '/', second);
      const [pid] = sluice.envoyPids();
      // There is no certificate yet.
      await eventually(async () =>
        expect(listenerStatus(await statusOf(sluice), 'gw', 'secure')).toMatchObject({
          ResolvedRefs: 'False InvalidCertificateRef',
          Programmed: 'False Invalid',
        }),
      );
      await refuses(secure);
      sluice.write('certificate.yaml', [tlsSecret('www', www)]);
      await eventually(async () => {
        const tls = {sni: 'www.example.org', ca: www.certificate};
        expect(echoOf(await request({port: secure, host: 'any.test', tls}))?.name).toBe('other');
      });
      expect(listenerStatus(await statusOf(sluice), 'gw', 'secure')).toMatchObject({Programmed: 'True Programmed'});
      sluice.remove('certificate.yaml');
      await refuses(secure);
      sluice.write('certificate.yaml', [tlsSecret('www', www)]);
      await eventually(() => handshake({port: secure}));
      sluice.write('gateway.yaml', [gateway('gw', [http('http', port)])]);
      await refuses(second);
      await refuses(secure);
      expect(await ask('any.test')).toBe('other');
      expect(sluice.envoyPids()).toEqual([pid]);
      sluice.remove('gateway-routes.yaml');
    });

    it('changes the hostname of a listener', async () => {
      const own = await freePort();
      const write = (hostname: string) =>
        sluice.write('named.yaml', [
          gateway('named', [http('http', own, {hostname})]),
          route('named', [prefixRule('/', 'web')], {parents: 'named'}),
        ]);
      write('one.test');
      await eventually(async () => expect(await ask('one.test', '/', own)).toBe('web'));
      expect(await ask('two.test', '/', own)).toBe(404);
      write('two.test');
      await answers('two.test', 'web', '/', own);
      expect(await ask('one.test', '/', own)).toBe(404);
      sluice.remove('named.yaml');
      await refuses(own);
    });

    it('runs an Envoy for each, and ends it with the Gateway', async () => {
      const own = await freePort();
      // Those of Gateways that other tests have deleted are on their way out.
      await eventually(() => expect(sluice.envoyPids()).toHaveLength(1));
      const before = sluice.envoyPids();
      sluice.write('own.yaml', [
        gateway('own', [http('http', own)]),
        route('own', [prefixRule('/', 'other')], {parents: 'own'}),
      ]);
      await eventually(async () => expect(await ask('whatever.test', '/', own)).toBe('other'));
      expect(sluice.envoyPids()).toHaveLength(before.length + 1);
      expect(conditionOf(await statusOf(sluice), 'Gateway', 'own')).toMatchObject({
        Accepted: 'True Accepted',
        Programmed: 'True Programmed',
      });
      // Its routes are not those of the other one.
      expect(await ask('whatever.test')).toBe(404);
      sluice.remove('own.yaml');
      await refuses(own);
      await eventually(() => expect(sluice.envoyPids()).toEqual(before));
      expect(await ask('steady.test')).toBe('web');
      expect(conditionOf(await statusOf(sluice), 'Gateway', 'own')).toBeUndefined();
    });
  });

  describe('of what may attach', () => {
    it('admits routes by namespace, label and name of the listener', async () => {
      const [same, selected, all] = [await freePort(), await freePort(), await freePort()];
      const from = (value: object) => ({allowedRoutes: {namespaces: value}});
      const selector = {matchLabels: {team: 'a'}};
      sluice.write('guarded.yaml', [
        gateway('guarded', [
          http('same', same, from({from: 'Same'})),
          http('selected', selected, from({from: 'Selector', selector})),
          http('all', all, from({from: 'All'})),
        ]),
        ...service('web', [web.port], {namespace: 'apps'}),
        route('guest', [prefixRule('/', 'web')], {
          namespace: 'apps',
          parents: [{name: 'guarded', namespace: 'default'}],
        }),
      ]);
      await eventually(async () => expect(await ask('x.test', '/', all)).toBe('web'));
      await answers('x.test', 404, '/', same);
      await answers('x.test', 404, '/', selected);
      sluice.write('namespaces.yaml', [namespace('apps', {team: 'a'})]);
      await answers('x.test', 'web', '/', selected);
      expect(await ask('x.test', '/', same)).toBe(404);
      sluice.write('namespaces.yaml', [namespace('apps', {team: 'b'})]);
      await answers('x.test', 404, '/', selected);
      expect(await ask('x.test', '/', all)).toBe('web');
      await eventually(async () => {
        const status = await statusOf(sluice);
        expect(listenerStatus(status, 'guarded', 'all')).toMatchObject({attachedRoutes: 1});
        expect(listenerStatus(status, 'guarded', 'selected')).toMatchObject({attachedRoutes: 0});
        expect(listenerStatus(status, 'guarded', 'same')).toMatchObject({attachedRoutes: 0});
      });
    });
  });

  it('had nothing that Envoy rejected', () => {
    expect(sluice.rejections()).toEqual([]);
  });
});
