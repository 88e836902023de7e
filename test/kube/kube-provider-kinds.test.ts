import {afterEach, describe, expect, it} from 'vitest';
import {formatProblem} from '../../src/api/problem.ts';
import {DEFINITIONS, pathOf, ProviderRig, route, service} from './provider-rig.ts';
import {eventually, sleep} from './eventually.ts';

const SERVICES = pathOf('Service');
const ROUTES = pathOf('HTTPRoute');
const NAMESPACES = pathOf('Namespace');
const ROUTE_DEFINITION = {name: 'httproutes.gateway.networking.k8s.io'};

describe('the Kubernetes provider: which kinds it reads, and where', () => {
  const open: ProviderRig[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
  });
  const start = async (kinds?: readonly string[]): Promise<ProviderRig> => {
    const rig = await ProviderRig.start(kinds);
    open.push(rig);
    return rig;
  };
  const put = (rig: ProviderRig, path: string, name: string, fields: object = {}): void => {
    rig.server.store.put(path, {name, namespace: 'default', fields: {...fields}});
  };

  describe('of a kind that the server may not have', () => {
    const settle = (rig: ProviderRig, is: string): Promise<void> =>
      eventually(() => expect(rig.logged.join()).toContain(is));

    it('takes it for empty, and reads it when its definition comes', async () => {
      const rig = await start(['Namespace', 'Service']);
      put(rig, ROUTES, 'r', route);
      const provider = rig.provide({speed: 1});
      await provider.start();
      expect(rig.changes()).toEqual([]);
      expect(provider.states().get('gateway.networking.k8s.io/HTTPRoute')).toEqual({is: 'not served'});
      expect(rig.logged).toEqual(['info the API server has no such kind; it is looked for']);

      const before = performance.now();
      rig.server.store.put(DEFINITIONS, ROUTE_DEFINITION);
      setTimeout(() => rig.server.serve(ROUTES), 250);
      await rig.says('+HTTPRoute default/r');
      // Real time. It is looked for once a minute, were it not for the definition.
      expect(performance.now() - before).toBeLessThan(8_000);
      await settle(rig, 'info objects of this kind are read');
    });

    it('does not wait for its turn when the definition was changed', async () => {
      const rig = await start();
      put(rig, ROUTES, 'r', route);
      rig.server.fault = ({path}) => (path === ROUTES ? {is: 'status', status: 404, body: 'not found'} : undefined);
      // A second of the provider's time is 20 of ours: it would try again after 16 s at the earliest.
      const provider = rig.provide({speed: 1 / 20});
      const started = provider.start();
      await eventually(() => {
        expect(provider.states().get('gateway.networking.k8s.io/HTTPRoute')?.is).toBe('missing');
      });
      await sleep(50);
      rig.server.fault = () => undefined;
      rig.server.store.put(DEFINITIONS, ROUTE_DEFINITION);
      await eventually(() => expect(rig.objects.size).toBe(1), 10_000);
      await started;
    });

    it('finds it also where it may not watch definitions', async () => {
      const rig = await start(['Namespace', 'Service']);
      put(rig, ROUTES, 'r', route);
      rig.server.fault = ({path}) => (path === DEFINITIONS ? {is: 'status', status: 403} : undefined);
      await rig.provide().start();
      const requests = rig.server.requests.length;
      await sleep(9_000 / 20);
      // Three seconds apart, two requests each: of the version and of the groups. And some for definitions.
      expect(rig.server.requests.length - requests).toBeLessThan(20);
      rig.server.serve(ROUTES);
      await eventually(() => expect(rig.objects.size).toBe(1));
    });

    it('is emptied when its definition goes, and filled when it comes back', async () => {
      const rig = await start();
      rig.server.store.put(DEFINITIONS, ROUTE_DEFINITION);
      put(rig, ROUTES, 'r', route);
      put(rig, ROUTES, 'q', route);
      const provider = rig.provide();
      await provider.start();
      rig.changes();
      rig.server.store.remove(DEFINITIONS, ROUTE_DEFINITION.name);
      rig.server.withdraw(ROUTES);
      await rig.says('-HTTPRoute default/q', '-HTTPRoute default/r');
      expect([...provider.live.names()]).toEqual([]);
      rig.server.serve(ROUTES);
      rig.server.store.put(DEFINITIONS, ROUTE_DEFINITION);
      await rig.says('+HTTPRoute default/q', '+HTTPRoute default/r');
    });

    it('is not emptied by a 404 that is not of the server', async () => {
      const rig = await start();
      put(rig, ROUTES, 'r', route);
      const provider = rig.provide();
      await provider.start();
      rig.changes();
      for (const body of ['404 page not found', '{"kind":"Odd"}', '']) {
        rig.server.fault = () => ({is: 'status', status: 404, body});
        rig.server.disconnect();
        await sleep(20_000 / 20);
      }
      expect(rig.changes()).toEqual([]);
      rig.server.fault = () => undefined;
      put(rig, ROUTES, 'q', route);
      await rig.says('+HTTPRoute default/q');
      await eventually(() =>
        expect(new Set([...provider.states().values()].map(({is}) => is))).toEqual(new Set(['following'])),
      );
    });

    it('is read in the version there is, and in a better one when that comes, with nothing gone meanwhile', async () => {
      const rig = await start([]);
      const old = pathOf('TLSRoute', 'v1alpha2');
      const best = pathOf('TLSRoute');
      rig.server.serve(old);
      const fields = {spec: {rules: [{backendRefs: [{name: 'web', port: 443}]}]}};
      put(rig, old, 'r', fields);
      const provider = rig.provide({names: ['TLSRoute']});
      await provider.start();
      expect(rig.changes()).toEqual(['+TLSRoute default/r']);
      const key = 'gateway.networking.k8s.io/TLSRoute default/r';
      expect(rig.objects.get(key)).toMatchObject({
        apiVersion: 'gateway.networking.k8s.io/v1alpha2',
        // That version does not demand them, the types do.
        spec: {hostnames: []},
      });

      rig.server.serve(best);
      put(rig, best, 'r', {spec: {...fields.spec, hostnames: ['a.example.com']}});
      rig.server.store.put(DEFINITIONS, {name: 'tlsroutes.gateway.networking.k8s.io'});
      await eventually(() => expect(rig.objects.get(key)?.apiVersion).toBe('gateway.networking.k8s.io/v1'));
      rig.server.withdraw(old);
      await sleep(100);
      // In this server the versions are different objects, so there is another uid.
      expect(rig.batches).toHaveLength(1);
      expect(provider.live.get({groupKind: 'gateway.networking.k8s.io/TLSRoute', key: 'default/r'})?.apiVersion).toBe(
        'gateway.networking.k8s.io/v1',
      );
    });
  });

  describe('of a kind that it may not read', () => {
    it('waits for a while, then goes on without', async () => {
      const rig = await start();
      put(rig, SERVICES, 's', service);
      put(rig, ROUTES, 'r', route);
      const times = [performance.now()];
      rig.server.fault = ({path}) => (path === SERVICES ? {is: 'status', status: 403, reason: 'Forbidden'} : undefined);
      const provider = rig.provide();
      await provider.start();
      times.push(performance.now());
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(9_000 / 20);
      expect(rig.changes()).toEqual(['+HTTPRoute default/r']);
      expect(rig.logged).toEqual(['error objects of this kind may not be read: grant list and watch']);
      expect(provider.problems().map(formatProblem)).toEqual([
        expect.stringMatching(/^the server \(Service\): GET .*: 403 Forbidden: the server says 403$/),
      ]);
      rig.server.fault = () => undefined;
      await rig.says('+Service default/s');
    });

    it('keeps what it knew when the permission is gone', async () => {
      const rig = await start();
      put(rig, SERVICES, 's', service);
      const provider = rig.provide();
      await provider.start();
      rig.changes();
      rig.server.fault = ({path}) => (path === SERVICES ? {is: 'status', status: 403} : undefined);
      rig.server.disconnect();
      await eventually(() => expect(provider.states().get('/Service')?.is).toBe('forbidden'));
      await sleep(15_000 / 20);
      expect(rig.changes()).toEqual([]);
    });
  });

  describe('reads only the namespaces', () => {
    const fill = (rig: ProviderRig): void => {
      for (const namespace of ['one', 'two', 'three']) {
        rig.server.store.put(NAMESPACES, {name: namespace, labels: {team: namespace === 'three' ? 'b' : 'a'}});
        rig.server.store.put(SERVICES, {name: 's', namespace, fields: service});
      }
    };

    it('that are named', async () => {
      const rig = await start();
      fill(rig);
      await rig.provide({namespaces: {is: 'named', names: ['one', 'two', 'missing', 'one']}}).start();
      expect(rig.changes()).toEqual(['+Namespace one', '+Namespace two', '+Service one/s', '+Service two/s']);
      for (const namespace of ['three', 'two']) rig.server.store.put(SERVICES, {name: 't', namespace, fields: service});
      await rig.says('+Service two/t');
      const paths = new Set(rig.server.requests.map(({path}) => path));
      expect(paths).toContain('/api/v1/namespaces/one/services');
      expect(paths).not.toContain(SERVICES);
    });

    it('that have the labels now', async () => {
      const rig = await start();
      fill(rig);
      await rig.provide({namespaces: {is: 'labelled', selector: 'team=a'}}).start();
      expect(rig.changes().sort()).toEqual([
        '+Namespace one',
        '+Namespace three',
        '+Namespace two',
        '+Service one/s',
        '+Service two/s',
      ]);
      rig.server.store.put(NAMESPACES, {name: 'three', labels: {team: 'a'}});
      await eventually(() => expect([...rig.objects.keys()]).toContain('/Service three/s'));
      // A watch with a selector tells what no longer fits as gone, as this store does when asked to.
      rig.server.store.remove(NAMESPACES, 'one');
      await eventually(() => expect([...rig.objects.keys()]).not.toContain('/Service one/s'));
      rig.changes();
      for (const namespace of ['one', 'two', 'three']) {
        rig.server.store.put(SERVICES, {name: 't', namespace, fields: service});
      }
      await eventually(() =>
        expect([...rig.objects.keys()]).toEqual(expect.arrayContaining(['/Service two/t', '/Service three/t'])),
      );
      expect([...rig.objects.keys()]).not.toContain('/Service one/t');
    });
  });
});
