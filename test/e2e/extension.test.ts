/** Collections from outside in the product as it runs: the example, in a folder of its own, through edits of manifests. */
import {cpSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {gateway, http, prefixRule, route, service, type Manifest} from './harness/manifests.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {connectProxy, type Proxy} from './load/proxy.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-extension-'));
  cpSync(resolve(import.meta.dirname, '../../deploy/examples/extension'), folder, {recursive: true});
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function started(port: number, healthPort: number, manage: boolean): Promise<Sluice> {
  const shop = gateway('shop', [http('http', port)]);
  const annotations = {'example.com/health-port': String(healthPort)};
  return startSluice({
    manifests: {
      'gateway.yaml': [{...shop, metadata: {...shop.metadata, annotations} as Manifest['metadata']}],
      'services.yaml': [...service('cart', [9]), ...service('reviews', [9])],
      'routes.yaml': [toCart('cart')],
    },
    config: {
      collections: ['routes-per-service.ts', 'health-listener.ts'].map((file) => join(folder, file)),
      envoy: {manage},
    },
    ...(!manage && {awaitPorts: []}),
  });
}

const toCart = (name: string): Manifest => route(name, [prefixRule(`/${name}`, 'cart')], {parents: 'shop'});

describe('collections from outside', () => {
  let sluice: Sluice;
  let proxy: Proxy;
  let healthPort: number;

  const routesOf = async (key: string): Promise<readonly string[]> => {
    const path = `/debug/collections/routes-per-service?key=${encodeURIComponent(key)}`;
    const [found]: readonly {readonly row: {readonly routes: readonly string[]}}[] = JSON.parse(
      await sluice.admin(path),
    );
    return found?.row.routes ?? ['no row'];
  };
  const routed = async (name: string): Promise<string | undefined> => {
    const {statuses}: {statuses: readonly StatusOf[]} = JSON.parse(await sluice.command('status', '-o', 'json'));
    const found = statuses.find(({kind, metadata}) => kind === 'Service' && metadata.name === name);
    return found?.status.conditions?.[0]?.reason;
  };
  const health = (): string | undefined => proxy.contents(typeUrls.listener)['health'];

  beforeAll(async () => {
    healthPort = await freePort();
    sluice = await started(await freePort(), healthPort, false);
    proxy = await connectProxy({mode: 'envoy', xdsPort: sluice.xdsPort, gateway: 'shop'});
  });

  it('are alive: dumped, drawn and explained by the admin endpoint', async () => {
    expect(await routesOf('default/cart')).toEqual(['default/cart']);
    expect(await sluice.command('graph')).toContain('"routes-per-service<br/>2 rows');
    expect(await sluice.command('why', 'routes-per-service', 'default/cart')).toMatch(
      /^routes-per-service default\/cart: /,
    );
  });

  it('reach proxies as resources, and objects as statuses', async () => {
    await eventually(() => expect(health()).toContain('default/shop: 1 routes'));
    expect(health()).toContain(`"portValue":${healthPort}`);
    expect(await Promise.all(['cart', 'reviews'].map(routed))).toEqual(['Routed', 'NoRoute']);
  });

  it('change with the manifests', async () => {
    sluice.write('routes.yaml', [
      toCart('cart'),
      toCart('basket'),
      route('reviews', [prefixRule('/reviews', 'reviews')]),
    ]);
    await eventually(async () => expect(await routesOf('default/cart')).toEqual(['default/basket', 'default/cart']));
    expect(await routesOf('default/reviews')).toEqual(['default/reviews']);
    await eventually(() => expect(health()).toContain('default/shop: 2 routes'));
    await eventually(async () => expect(await routed('reviews')).toBe('Routed'));

    sluice.remove('routes.yaml');
    await eventually(async () => expect(await routesOf('default/cart')).toEqual([]));
    await eventually(() => expect(health()).toContain('default/shop: 0 routes'));
  });

  it('go with what they are made of', async () => {
    sluice.write('gateway.yaml', [gateway('shop', [http('http', await freePort())])]);
    await eventually(() => expect(health()).toBeUndefined());
    expect(sluice.logs()).not.toMatch(/ ERROR /);
  });
});

type StatusOf = {
  readonly kind: string;
  readonly metadata: {readonly name: string};
  readonly status: {readonly conditions?: readonly {readonly reason: string}[]};
};

describeWithEnvoy('a listener from outside, in Envoy', () => {
  it('answers, and answers anew after an edit', async () => {
    const healthPort = await freePort();
    const sluice = await started(await freePort(), healthPort, true);
    const answer = async (): Promise<string> => (await sluice.request({port: healthPort})).body;
    await eventually(async () => expect(await answer()).toBe('default/shop: 1 routes\n'));
    sluice.write('more.yaml', [toCart('basket')]);
    await eventually(async () => expect(await answer()).toBe('default/shop: 2 routes\n'));
    expect(sluice.rejections()).toEqual([]);
  });
});
