/** What one route edit costs on the wire, whatever the number of routes. */
import {afterAll, describe, expect, it} from 'vitest';
import {typeUrls} from '../../../src/xds/type-urls.ts';
import type {Message, Mode} from '../../xds/support/model-client.ts';
import {eventually} from '../harness/eventually.ts';
import {gateway, http, prefixRule, route, service, type Manifest} from '../harness/manifests.ts';
import {startSluice, type Sluice} from '../harness/sluice.ts';
import {connectProxy, type Proxy} from './proxy.ts';

const limits = {envoy: 1_000, agentgateway: 450} as const;
const counts = [10, 2_000] as const;
const edits = 3;

const routeOf = (number: number, prefix: string): Manifest =>
  route(`r${number}`, [prefixRule(prefix, `backend-${number % 5}`)], {hostnames: [`host-${number}.example.org`]});

function manifests(mode: Mode, count: number): Record<string, readonly Manifest[]> {
  const made = gateway('gw', [http('http', 8080)]);
  return {
    'gateway.yaml': [{...made, spec: {...(made.spec as object), gatewayClassName: mode}}],
    'services.yaml': Array.from({length: 5}, (_, number) => service(`backend-${number}`, [9000 + number])).flat(),
    'edited.yaml': [routeOf(0, '/')],
    'routes.yaml': Array.from({length: count - 1}, (_, index) => routeOf(index + 1, '/')),
  };
}

/** `VirtualHost +http-8080/host-0.example.org` */
const summary = ({type, resources, removed}: Message): string =>
  [
    type.slice(type.lastIndexOf('.') + 1),
    ...resources.map(({name}) => `+${name}`),
    ...removed.map((name) => `-${name}`),
  ].join(' ');

describe.each(['envoy', 'agentgateway'] as const)('bytes of a route edit for %s', (mode) => {
  const measured: Record<number, number> = {};

  it.each(counts)('with %i routes', async (count) => {
    const sluice: Sluice = await startSluice({
      manifests: manifests(mode, count),
      config: {envoy: {manage: false}},
      awaitPorts: [],
    });
    const proxy: Proxy = await connectProxy({mode, xdsPort: sluice.xdsPort, gateway: 'gw'});
    await eventually(() => expect(JSON.stringify(contentsOf(proxy, mode))).toContain(`host-${count - 1}.example.org`));
    const costs: number[] = [];
    const sizes: number[] = [];
    const withoutNonces: number[] = [];
    for (let edit = 0; edit < edits; edit++) {
      const prefix = `/edit-${edit}`;
      const {messages, bytes} = await proxy.during(async () => {
        sluice.write('edited.yaml', [routeOf(0, prefix)]);
        await eventually(() => expect(contentsOf(proxy, mode)[editedName(mode)]).toContain(prefix));
      });
      expect(messages.map(summary)).toEqual([
        mode === 'envoy' ? `VirtualHost +${editedName(mode)}` : `Resource +${editedName(mode)}`,
      ]);
      costs.push(bytes);
      sizes.push(...messages.map((message) => message.bytes));
      // Nonces are counted, so they grow.
      withoutNonces.push(...messages.map((message) => message.bytes - message.nonce.length));
    }
    console.log(`${mode}, ${count} routes: ${sizes.join(', ')} bytes a message, ${costs.join(', ')} with all framing`);
    measured[count] = Math.max(...withoutNonces);
    expect(Math.max(...costs)).toBeLessThanOrEqual(limits[mode]);
    expect(proxy.model.violations).toEqual([]);
    proxy.disconnect();
    await sluice.stop();
  });

  afterAll(() => {
    expect(new Set(Object.values(measured)).size).toBe(1);
  });
});

const editedName = (mode: Mode): string =>
  mode === 'envoy' ? 'http-8080/host-0.example.org' : 'route/default/r0.00.http';

const contentsOf = (proxy: Proxy, mode: Mode): Readonly<Record<string, string>> =>
  proxy.contents(mode === 'envoy' ? typeUrls.virtualHost : typeUrls.resource);
