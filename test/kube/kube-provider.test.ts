import {afterEach, describe, expect, it} from 'vitest';
import type {KubeObject} from '../../src/api/object.ts';
import {formatProblem} from '../../src/api/problem.ts';
import {kubeKinds} from '../../src/kube/kinds.ts';
import type {LiveName} from '../../src/kube/live-objects.ts';
import {pathOf, ProviderRig, route, service} from './provider-rig.ts';
import {eventually, sleep} from './eventually.ts';

const SERVICES = pathOf('Service');
const ROUTES = pathOf('HTTPRoute');
const NAMESPACES = pathOf('Namespace');

describe('the Kubernetes provider', () => {
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

  describe('at its start', () => {
    it('delivers everything in one batch, what is referred to first, before start() resolves', async () => {
      const rig = await start();
      put(rig, ROUTES, 'r', route);
      put(rig, SERVICES, 's', service);
      rig.server.store.put(NAMESPACES, {name: 'default'});
      rig.server.fault = ({path}) => (path === SERVICES ? {is: 'slow', ms: 100} : undefined);
      const provider = rig.provide();
      const started = provider.start();
      await sleep(60);
      expect(rig.batches).toEqual([]);
      await started;
      expect(rig.batches).toHaveLength(1);
      expect(rig.changes()).toEqual(['+Namespace default', '+Service default/s', '+HTTPRoute default/r']);
      expect(new Set([...provider.states().values()].map(({is}) => is))).toEqual(new Set(['following']));
    });

    it('delivers an empty batch where there is nothing', async () => {
      const rig = await start();
      await rig.provide().start();
      expect(rig.batches).toEqual([{set: [], removed: []}]);
    });

    it('waits for a server that cannot be reached, and says so once', async () => {
      const rig = await start();
      put(rig, SERVICES, 's', service);
      rig.server.fault = () => ({is: 'disconnect'});
      const provider = rig.provide();
      const started = provider.start();
      await eventually(() => expect(rig.logged).toHaveLength(1));
      expect(provider.problems().map(formatProblem)[0]).toMatch(
        /^the server \(\w+\): GET \/api\S+ at https:\S+: the connection was lost/,
      );
      await sleep(100);
      expect(rig.batches).toEqual([]);
      rig.server.fault = () => undefined;
      await started;
      expect(rig.changes()).toEqual(['+Service default/s']);
      await eventually(() =>
        expect(rig.logged).toEqual([
          'warn the API server cannot be read; what is known of it stays',
          'info the API server is read again',
        ]),
      );
      expect(provider.problems()).toEqual([]);
    });

    it('does not ask in a hurry while the server cannot be reached', async () => {
      const rig = await start(['Namespace', 'Service']);
      const provider = rig.provide({speed: 200});
      await provider.start();
      // One kind is not there, and looked for.
      expect(provider.states().get('gateway.networking.k8s.io/HTTPRoute')).toEqual({is: 'not served'});
      rig.server.fault = () => ({is: 'disconnect'});
      rig.server.disconnect();
      const requests = rig.server.requests.length;
      await sleep(120_000 / 200);
      // Three reflectors, each after pauses of 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15 ... s; and two looks.
      expect(rig.server.requests.length - requests).toBeLessThan(3 * 12 + 6);
    });

    it('reads everything again as soon as one of its readers reaches the server', {retry: 2}, async () => {
      const rig = await start();
      // Each waits for a time of its own.
      let calls = 0;
      const provider = rig.provide({speed: 10, random: () => (calls++ % 4) / 4});
      await provider.start();
      rig.server.fault = () => ({is: 'disconnect'});
      rig.server.disconnect();
      // Long enough for pauses of 6.4 to 12.8 s.
      await sleep(12_000 / 10);
      rig.server.fault = () => undefined;
      const followed = (): number => [...provider.states().values()].filter(({is}) => is === 'following').length;
      await eventually(() => expect(followed()).toBeGreaterThan(0));
      await eventually(() => expect(followed()).toBe(3), 100);
    });

    it('resolves when it is stopped, and delivers nothing more', async () => {
      const rig = await start();
      rig.server.fault = () => ({is: 'hang'});
      const provider = rig.provide();
      const started = provider.start();
      await sleep(30);
      await provider.stop();
      await started;
      rig.server.fault = () => undefined;
      put(rig, SERVICES, 's', service);
      // What was on its way arrives.
      await sleep(100);
      const requests = rig.server.requests.length;
      await sleep(100);
      expect(rig.batches).toEqual([]);
      expect(rig.server.requests).toHaveLength(requests);
    });
  });

  describe('then', () => {
    it('delivers changes that arrive together together, and the last word on each object', async () => {
      const rig = await start();
      await rig.provide().start();
      rig.batches.length = 0;
      for (let count = 0; count < 200; count++) put(rig, SERVICES, `s${count % 50}`, service);
      rig.server.store.remove(SERVICES, 'default/s0');
      await eventually(() => expect(rig.objects.size).toBe(49));
      // 201 events. How many batches depends on how the bytes arrive; by far not as many.
      expect(rig.batches.length).toBeLessThan(20);
      const told = rig.batches.reduce((sum, {set, removed}) => sum + set.length + removed.length, 0);
      expect(told).toBeLessThan(150);
    });

    it('tells nothing twice after all was read again, and what was replaced as gone and new', async () => {
      const rig = await start();
      for (const name of ['same', 'changed', 'gone', 'replaced']) put(rig, SERVICES, name, service);
      const provider = rig.provide();
      await provider.start();
      rig.changes();
      rig.server.disconnect();
      put(rig, SERVICES, 'changed', service);
      rig.server.store.remove(SERVICES, 'default/gone');
      rig.server.store.remove(SERVICES, 'default/replaced');
      put(rig, SERVICES, 'replaced', service);
      rig.server.store.compact();
      expect(rig.batches).toEqual([]);
      await rig.says(
        '-Service default/gone',
        '-Service default/replaced',
        '+Service default/changed',
        '+Service default/replaced',
      );
    });

    it('does not take the end of an older object for that of the one that has its name now', async () => {
      const rig = await start();
      put(rig, SERVICES, 'a', service);
      const late = JSON.stringify({
        type: 'DELETED',
        object: {metadata: {name: 'a', namespace: 'default', uid: 'uid-of-the-first', resourceVersion: '1001'}},
      });
      // After the object and the end of everything: with the next change.
      rig.server.fault = ({path}) =>
        path === SERVICES ? {is: 'after', lines: 2, next: {is: 'line', text: late}} : undefined;
      await rig.provide().start();
      rig.changes();
      put(rig, SERVICES, 'b', service);
      await rig.says('+Service default/b');
      expect([...rig.objects.keys()]).toEqual(['/Service default/a', '/Service default/b']);
    });

    it('goes on after what it delivers to has thrown', async () => {
      const rig = await start();
      await rig.provide().start();
      rig.onBatch = () => {
        throw new Error('a transform failed');
      };
      put(rig, SERVICES, 'a', service);
      await eventually(() => expect(rig.logged).toEqual(['error changes of objects were not taken over completely']));
      rig.onBatch = () => {};
      put(rig, SERVICES, 'b', service);
      await eventually(() => expect(rig.objects.size).toBe(2));
    });

    it('delivers objects without what nobody reads', async () => {
      const rig = await start();
      const provider = rig.provide();
      await provider.start();
      rig.server.store.put(ROUTES, {
        name: 'r',
        namespace: 'default',
        labels: {a: 'b'},
        annotations: {note: 'n', 'kubectl.kubernetes.io/last-applied-configuration': '{}'},
        fields: {spec: {rules: [{name: 'new', fromTheFuture: {x: 1}}]}, status: {parents: [{long: 'x'}]}},
      });
      await eventually(() => expect(rig.objects.size).toBe(1));
      expect(rig.objects.get('gateway.networking.k8s.io/HTTPRoute default/r')).toEqual({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: {
          name: 'r',
          namespace: 'default',
          uid: 'uid-1',
          resourceVersion: '1001',
          generation: 1,
          labels: {a: 'b'},
          annotations: {note: 'n'},
        },
        // Defaults of a newer definition are filled in, fields of a still newer one are let pass.
        spec: {
          rules: [
            expect.objectContaining({
              name: 'new',
              fromTheFuture: {x: 1},
              matches: [{path: {type: 'PathPrefix', value: '/'}}],
            }),
          ],
        },
      });
      expect(provider.live.get({groupKind: 'gateway.networking.k8s.io/HTTPRoute', key: 'default/r'})).toEqual({
        apiVersion: 'gateway.networking.k8s.io/v1',
        uid: 'uid-1',
        resourceVersion: '1001',
        generation: 1,
        status: {parents: [{long: 'x'}]},
      });
    });

    it('tells of statuses at once, before it delivers the object, and of deletions', async () => {
      const rig = await start();
      const provider = rig.provide();
      await provider.start();
      const heard: string[] = [];
      const name = {groupKind: 'gateway.networking.k8s.io/HTTPRoute', key: 'default/r'};
      const stop = provider.live.onChange((changed: LiveName) => {
        heard.push(`${changed.key} ${provider.live.get(changed)?.resourceVersion}`);
      });
      rig.onBatch = ({set, removed}) => heard.push(`batch of ${set.length + removed.length}`);
      put(rig, ROUTES, 'r', route);
      put(rig, SERVICES, 's', service);
      await eventually(() => expect(rig.objects.size).toBe(2));
      // Kinds are told of as they come.
      const told = heard.filter((text) => text.startsWith('default')).toSorted();
      expect(told).toEqual(['default/r 1001', 'default/s 1002']);
      expect(heard.indexOf('default/r 1001')).toBeLessThan(heard.findIndex((text) => text.startsWith('batch')));
      expect([...provider.live.names()]).toContainEqual(name);
      rig.server.store.remove(ROUTES, 'default/r');
      await eventually(() => expect(heard).toContain('default/r undefined'));
      stop();
      put(rig, ROUTES, 'r', route);
      await eventually(() => expect(provider.live.get(name)).toBeDefined());
      expect(heard.filter((text) => text.startsWith('default/r'))).toHaveLength(2);
    });
  });

  describe('of an object that cannot be used', () => {
    it('keeps the last good version, says what is wrong with it, and takes it up when it is well', async () => {
      const rig = await start();
      put(rig, SERVICES, 'a', service);
      put(rig, SERVICES, 'b', {spec: 'what?'});
      const provider = rig.provide();
      await provider.start();
      expect(rig.changes()).toEqual(['+Service default/a']);
      put(rig, SERVICES, 'a', {spec: {...service.spec, ports: [{port: '80'}]}});
      await eventually(() => expect(rig.problems).toHaveLength(2));
      expect(rig.problems.map(formatProblem)).toEqual([
        'the server (Service default/b): spec: must be an object, is the string "what?"',
        'the server (Service default/a): spec.ports[0].port: must be an integer, is the string "80"',
      ]);
      expect(provider.problems()).toHaveLength(2);
      // Nothing new after all has been read again: they are known.
      rig.server.disconnect();
      rig.server.store.compact();
      put(rig, SERVICES, 'c', service);
      await rig.says('+Service default/c');
      expect(rig.problems).toHaveLength(2);

      put(rig, SERVICES, 'a', service);
      put(rig, SERVICES, 'b', service);
      await rig.says('+Service default/a', '+Service default/b');
      await eventually(() => expect(provider.problems()).toEqual([]));
      const bad = provider.metrics().find(({name}) => name === 'sluice_kube_bad_objects_total');
      expect(bad?.samples).toContainEqual({labels: {kind: 'Service'}, value: 2});
    });

    it('forgets it when it is gone, and the last good version with it', async () => {
      const rig = await start();
      put(rig, SERVICES, 'a', service);
      const provider = rig.provide();
      await provider.start();
      rig.changes();
      put(rig, SERVICES, 'a', {});
      await eventually(() => expect(provider.problems()).toHaveLength(1));
      rig.server.store.remove(SERVICES, 'default/a');
      await rig.says('-Service default/a');
      expect(provider.problems()).toEqual([]);
      put(rig, SERVICES, 'a', {});
      await eventually(() => expect(provider.problems()).toHaveLength(1));
      rig.server.store.remove(SERVICES, 'default/a');
      await eventually(() => expect(provider.problems()).toEqual([]));
      expect(rig.changes()).toEqual([]);
    });

    it('does not keep the object whose name it took', async () => {
      const rig = await start();
      put(rig, SERVICES, 'a', service);
      const provider = rig.provide();
      await provider.start();
      rig.changes();
      rig.server.disconnect();
      rig.server.store.remove(SERVICES, 'default/a');
      put(rig, SERVICES, 'a', {});
      rig.server.store.compact();
      await rig.says('-Service default/a');
      expect(provider.problems()).toHaveLength(1);
    });

    it('goes on with the others where the fault is ours', async () => {
      // Met when a projection took for granted what a default of the schema had filled in: all of the kind was read again
      // and again, and nothing delivered, for one object.
      const rig = await start();
      for (const name of ['a', 'b', 'c']) put(rig, SERVICES, name, service);
      const kinds = kubeKinds
        .filter(({kind}) => kind === 'Service')
        .map((kind) => ({
          ...kind,
          project: (head: KubeObject): KubeObject => {
            if (head.metadata.name === 'b') throw new Error('not foreseen');
            return head;
          },
        }));
      await rig.provide({kinds}).start();
      expect(rig.changes()).toEqual(['+Service default/a', '+Service default/c']);
      expect(rig.problems.map(formatProblem)).toEqual([
        'the server (Service default/b): cannot be read: Error: not foreseen',
      ]);
      expect(rig.server.asked().filter((what) => what.endsWith(SERVICES))).toHaveLength(1);
    });

    it('passes over what has not even a name', async () => {
      const rig = await start();
      rig.server.store.put(SERVICES, {name: 'without-namespace', fields: service});
      put(rig, SERVICES, 'a', service);
      await rig.provide().start();
      expect(rig.changes()).toEqual(['+Service default/a']);
      expect(rig.problems.map(formatProblem)).toEqual([
        'the server (Service): metadata: an object without a name was passed over',
      ]);
    });
  });

  it('reads of secrets and pods what is used', async () => {
    const rig = await start(['Secret', 'Pod', 'Node', 'EndpointSlice']);
    const secrets = pathOf('Secret');
    put(rig, secrets, 'tls', {type: 'kubernetes.io/tls', data: {'tls.crt': 'YQ=='}});
    put(rig, secrets, 'token', {type: 'kubernetes.io/service-account-token', data: {token: 'YQ=='}});
    put(rig, secrets, 'release', {type: 'helm.sh/release.v1', data: {release: 'YQ=='}});
    put(rig, pathOf('Pod'), 'done', {status: {phase: 'Succeeded'}});
    put(rig, pathOf('Pod'), 'p', {
      spec: {nodeName: 'n', serviceAccountName: 'sa', containers: [{name: 'c', env: []}]},
      status: {
        phase: 'Running',
        podIP: '10.1.1.1',
        podIPs: [{ip: '10.1.1.1'}, {ip: 'fd00::1'}],
        conditions: [{type: 'Ready', status: 'True'}],
      },
    });
    rig.server.store.put(pathOf('Node'), {
      name: 'n',
      labels: {'topology.kubernetes.io/zone': 'z'},
      fields: {spec: {}, status: {addresses: [{type: 'InternalIP', address: '1.2.3.4'}], images: [{names: ['x']}]}},
    });
    // As servers send a slice without endpoints.
    put(rig, pathOf('EndpointSlice'), 'e', {addressType: 'IPv4', endpoints: null, ports: null});
    put(rig, pathOf('EndpointSlice'), 'f', {
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.1.1.1'],
          conditions: {ready: true},
          hints: {forZones: [{name: 'z'}]},
          targetRef: {kind: 'Pod', name: 'p', uid: 'u'},
        },
      ],
      ports: [{port: 80, protocol: 'TCP', name: ''}],
    });
    await rig.provide({names: ['Secret', 'Pod', 'Node', 'EndpointSlice']}).start();
    expect([...rig.objects.keys()]).toEqual([
      '/Node n',
      '/Secret default/tls',
      '/Pod default/p',
      'discovery.k8s.io/EndpointSlice default/e',
      'discovery.k8s.io/EndpointSlice default/f',
    ]);
    const fieldsOf = (key: string): unknown => {
      const {apiVersion: _a, kind: _k, metadata: _m, ...fields} = rig.objects.get(key) ?? {};
      return fields;
    };
    expect(fieldsOf('/Node n')).toEqual({addresses: [{type: 'InternalIP', address: '1.2.3.4'}]});
    expect(fieldsOf('/Pod default/p')).toEqual({
      nodeName: 'n',
      serviceAccountName: 'sa',
      hostNetwork: false,
      addresses: ['10.1.1.1', 'fd00::1'],
      ready: true,
      terminating: false,
    });
    expect(fieldsOf('discovery.k8s.io/EndpointSlice default/e')).toEqual({addressType: 'IPv4', endpoints: []});
    expect(fieldsOf('discovery.k8s.io/EndpointSlice default/f')).toEqual({
      addressType: 'IPv4',
      endpoints: [{addresses: ['10.1.1.1'], conditions: {ready: true}, targetRef: {kind: 'Pod', name: 'p'}}],
      ports: [{port: 80, protocol: 'TCP', name: ''}],
    });
  });

  it('counts what it reads', async () => {
    const rig = await start();
    put(rig, SERVICES, 'a', service);
    const provider = rig.provide();
    await provider.start();
    put(rig, SERVICES, 'b', service);
    rig.server.store.remove(SERVICES, 'default/a');
    await eventually(() => expect([...rig.objects.keys()]).toEqual(['/Service default/b']));
    const values = Object.fromEntries(
      provider
        .metrics()
        .flatMap(({name, samples}) =>
          samples.map(({labels, value}) => [
            [name, ...Object.values(labels)].join(' ').replace('sluice_kube_', ''),
            value,
          ]),
        ),
    );
    expect(values).toMatchObject({
      'events_total Service added': 2,
      'events_total Service deleted': 1,
      'events_total Service bookmark': 1,
      'requests_total Service watch first': 1,
      'objects Service': 1,
      'objects HTTPRoute': 0,
      'following Service following': 1,
      'bad_objects_total Service': 0,
    });
    expect(values['bytes_total Service']).toBeGreaterThan(600);
  });
});
