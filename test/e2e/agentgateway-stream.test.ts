/** The product and a proxy that behaves as agentgateway does, on a real gRPC stream. */
import {status as grpcStatus} from '@grpc/grpc-js';
import {beforeAll, describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import type {Message} from '../xds/support/model-client.ts';
import {eventually} from './harness/eventually.ts';
import {gateway, http, prefixRule, route, service, type Manifest} from './harness/manifests.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {connectProxy, type Proxy} from './load/proxy.ts';
import {sentBy} from './load/sent.ts';

const {address, resource} = typeUrls;

/** Any route with this header is rejected, or taken with a warning, by the proxies of these tests. */
const refusedHeader = 'x-refused';
const doubtfulHeader = 'x-doubtful';

const agentgateway = (name: string): Manifest => {
  const made = gateway(name, [http('http', 8080)]);
  return {...made, spec: {gatewayClassName: 'agentgateway', listeners: [http('http', 8080)]}};
};

const routeOf = (name: string, path: string, header?: string, backend = `s-${name}`): Manifest =>
  route(name, [
    {
      ...prefixRule(path, backend),
      ...(header !== undefined && {
        matches: [{path: {type: 'PathPrefix', value: path}, headers: [{name: header, value: '1'}]}],
      }),
    },
  ]);

/** `Resource +route/default/a.00.http` */
const summary = ({type, resources, removed}: Message): string =>
  [
    type.slice(type.lastIndexOf('.') + 1),
    ...resources.map(({name}) => `+${name}`).toSorted(),
    ...removed.map((name) => `-${name}`).toSorted(),
  ].join(' ');

const names = (proxy: Proxy, type: string): readonly string[] => Object.keys(proxy.contents(type)).toSorted();

const workload = (name: string): string => `Kubernetes/discovery.k8s.io/EndpointSlice/default/s-${name}-0/127.0.0.1`;
const serviceName = (name: string): string => `default/s-${name}.default.svc.cluster.local`;
const allAddresses = ['a', 'b'].flatMap((name) => [workload(name), serviceName(name)]).toSorted();
const allResources = [
  'bind/8080/default/gw',
  'listener/default/gw.http',
  'route/default/a.00.http',
  'route/default/b.00.http',
];

describe('an agentgateway proxy', () => {
  let sluice: Sluice;
  let proxy: Proxy;

  const connect = (name: string): Promise<Proxy> =>
    connectProxy({
      mode: 'agentgateway',
      xdsPort: sluice.xdsPort,
      gateway: name,
      verdict: (content) => ({bad: content.includes(refusedHeader), warn: content.includes(doubtfulHeader)}),
    });

  const has = (type: string, name: string, text: string): Promise<void> =>
    eventually(() => expect(proxy.contents(type)[name]).toContain(text));

  const programmed = async (): Promise<string> => {
    const {statuses} = JSON.parse(await sluice.admin('/status')) as Report; // StatusReport
    const found = statuses.find(({kind, metadata}) => kind === 'Gateway' && metadata.name === 'gw');
    return found?.status.conditions.find(({type}) => type === 'Programmed')?.message ?? 'no condition';
  };
  const rejected = async (): Promise<number> =>
    Number(/^sluice_xds_rejected\{dialect="agentgateway"\} (\d+)$/m.exec(await sluice.admin('/metrics'))?.[1]);

  beforeAll(async () => {
    sluice = await startSluice({
      manifests: {
        'gateways.yaml': [agentgateway('gw'), agentgateway('bare')],
        'services.yaml': [...service('s-a', [9001]), ...service('s-b', [9002])],
        'a.yaml': [routeOf('a', '/a')],
        'b.yaml': [routeOf('b', '/b')],
      },
      config: {envoy: {manage: false}},
      awaitPorts: [],
    });
    // Those routes name the Gateway `gw`.
    proxy = await connect('gw');
    await eventually(() => expect(proxy.model.ready).toBe(true));
    await proxy.quiet();
  });

  it('is answered both types, whole, and turns ready with the last of it', () => {
    expect(names(proxy, address)).toEqual(allAddresses);
    expect(names(proxy, resource)).toEqual(allResources);
    expect(proxy.model.messages.map(({type}) => type)).toEqual([address, resource]);
    expect(proxy.model.violations).toEqual([]);
  });

  it.each([
    ['a Gateway that does not exist', 'absent', []],
    ['a Gateway without routes', 'bare', ['bind/8080/default/bare', 'listener/default/bare.http']],
  ])('is answered both types for %s', async (_what, name, resources) => {
    const other = await connect(name);
    await eventually(() => expect(other.model.ready).toBe(true));
    await other.quiet();
    expect(other.model.messages.map(({type}) => type)).toEqual([address, resource]);
    expect(names(other, address)).toEqual([]);
    expect(names(other, resource)).toEqual(resources);
    expect(other.model.violations).toEqual([]);
    other.disconnect();
  });

  it('is turned away when it does not say whose it is', async () => {
    const other = await connect('a~b');
    expect(await other.stream().status).toMatchObject({code: grpcStatus.PERMISSION_DENIED});
  });

  describe('is sent', () => {
    it('exactly one Route for a route edit', async () => {
      const {messages, bytes} = await proxy.during(async () => {
        sluice.write('a.yaml', [routeOf('a', '/edited')]);
        await has(resource, 'route/default/a.00.http', '/edited');
      });
      expect(messages.map(summary)).toEqual(['Resource +route/default/a.00.http']);
      console.log(`a route edit: ${messages[0]?.bytes ?? 0} bytes, ${bytes} with all framing`);
      expect(bytes).toBeLessThanOrEqual(450);
    });

    it('exactly one Workload for an endpoint change, and nothing for a Gateway that is not its own', async () => {
      const {messages} = await proxy.during(async () => {
        sluice.write('services.yaml', [...service('s-a', [9001]), ...service('s-b', [9003])]);
        await has(address, workload('b'), '9003');
        sluice.write('gateways.yaml', [agentgateway('gw')]);
        await eventually(async () => expect(await sluice.admin('/status')).not.toContain('"bare"'));
      });
      expect(messages.map(summary)).toEqual([`Address +${workload('b')}`]);
    });

    it('a new route after its Service, and its removal the other way round', async () => {
      const addresses = `+${workload('c')} +${serviceName('c')}`;
      const added = await proxy.during(async () => {
        sluice.write('c.yaml', [routeOf('c', '/c'), ...service('s-c', [9004])]);
        await has(resource, 'route/default/c.00.http', '/c');
      });
      expect(added.messages.map(summary)).toEqual([`Address ${addresses}`, 'Resource +route/default/c.00.http']);
      const removed = await proxy.during(async () => {
        sluice.remove('c.yaml');
        await eventually(() => expect(names(proxy, address)).toEqual(allAddresses));
      });
      expect(removed.messages.map(summary)).toEqual([
        'Resource -route/default/c.00.http',
        `Address ${addresses.replaceAll('+', '-')}`,
      ]);
    });
  });

  describe('that rejects a resource by name', () => {
    it('keeps its last good version, and takes the others of the response', async () => {
      const before = proxy.contents(resource)['route/default/a.00.http'];
      const {messages} = await proxy.during(async () => {
        sluice.write('a.yaml', [routeOf('a', '/refused', refusedHeader), routeOf('d', '/d', undefined, 's-b')]);
        await has(resource, 'route/default/d.00.http', '/d');
        await eventually(async () => expect(await rejected()).toBe(1));
      });
      expect(messages.map(summary)).toEqual(['Resource +route/default/a.00.http +route/default/d.00.http']);
      expect(proxy.contents(resource)['route/default/a.00.http']).toBe(before);
      expect(proxy.model.requests.at(-1)?.error).toMatchObject({code: 0});
      expect(await programmed()).toContain('refused by a proxy: route/default/a.00.http');
    });

    it('is not sent that version again, but sent others', async () => {
      const {messages} = await proxy.during(async () => {
        sluice.write('b.yaml', [routeOf('b', '/other')]);
        await has(resource, 'route/default/b.00.http', '/other');
      });
      expect(messages.map(summary)).toEqual(['Resource +route/default/b.00.http']);
    });

    it('is sent the next version, and that heals', async () => {
      sluice.write('a.yaml', [routeOf('a', '/healed'), routeOf('d', '/d', undefined, 's-b')]);
      await has(resource, 'route/default/a.00.http', '/healed');
      await eventually(async () => expect([await rejected(), await programmed()]).toEqual([0, '']));
    });

    it('may warn: what it warns of, it has', async () => {
      sluice.write('a.yaml', [routeOf('a', '/doubtful', doubtfulHeader)]);
      await has(resource, 'route/default/a.00.http', '/doubtful');
      await eventually(() => expect(sluice.logs()).toMatch(/client rejects resources.*warning=true/));
      expect([await rejected(), await programmed()]).toEqual([0, '']);
    });
  });

  describe('that comes back', () => {
    const emptyAnswers = ['Address', 'Resource'];

    const back = async (): Promise<readonly Message[]> => {
      const first = proxy.model.messages.length;
      proxy.reconnect();
      await eventually(() => expect(proxy.model.messages.length).toBeGreaterThanOrEqual(first + 2));
      // Removals wait up to a second for what else it may have.
      await proxy.quiet(1_200);
      return proxy.model.messages.slice(first);
    };

    it('is resent nothing, and answered both types', async () => {
      proxy.disconnect();
      expect((await back()).map(summary)).toEqual(emptyAnswers);
    });

    it('is resent nothing by a control plane that was killed', async () => {
      await sluice.kill('SIGKILL');
      proxy.model.disconnect();
      await sluice.restart();
      expect((await back()).map(summary)).toEqual(emptyAnswers);
      expect(await sentBy(sluice)).toMatchObject({resources: {}, removed: {}});
    });

    it('is sent what has changed meanwhile', async () => {
      proxy.disconnect();
      sluice.write('a.yaml', [routeOf('a', '/meanwhile')]);
      sluice.remove('b.yaml');
      await eventually(async () =>
        expect(await sluice.admin('/debug/collections/agentgateway-routes')).not.toMatch(/b\.00/),
      );
      const messages = (await back()).map(summary);
      // Its Service is used no more.
      expect(messages).toEqual([
        'Address',
        'Resource +route/default/a.00.http',
        'Resource -route/default/b.00.http',
        `Address -${workload('b')} -${serviceName('b')}`,
      ]);
      expect(names(proxy, address)).toEqual([workload('a'), serviceName('a')]);
    });

    it('has seen no rule broken', () => {
      expect(proxy.model.violations).toEqual([]);
    });
  });

  it('is sent away with UNAVAILABLE when the control plane ends, never with OK', async () => {
    await sluice.kill('SIGTERM');
    expect(await proxy.stream().status).toMatchObject({
      code: grpcStatus.UNAVAILABLE,
      details: 'the server is stopping',
    });
  });
});

type Report = {
  readonly statuses: readonly {
    readonly kind: string;
    readonly metadata: {readonly name: string};
    readonly status: {readonly conditions: readonly {readonly type: string; readonly message: string}[]};
  }[];
};
