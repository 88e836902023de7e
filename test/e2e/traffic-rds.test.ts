/** The setting `envoy.virtualHosts: rds`: the same traffic, with VirtualHosts inside their RouteConfigurations. */
import {beforeAll, describe, expect, it} from 'vitest';
import {echoBackend} from './harness/backends.ts';
import {fallback, www} from './harness/certificates.ts';
import {echoOf, testCases, when} from './harness/cases.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {exact, gateway, http, https, prefixRule, ref, route, servicesOf, tlsSecret} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';

describeWithEnvoy('virtualHosts: rds', () => {
  let [port, securePort] = [0, 0];
  let sluice: Sluice;

  beforeAll(async () => {
    [port, securePort] = [await freePort(), await freePort()];
    const backends = [await echoBackend('web'), await echoBackend('other')];
    sluice = await startSluice({
      config: {envoy: {virtualHosts: 'rds'}},
      manifests: {
        'gateway.yaml': [
          gateway('gw', [
            http('http', port),
            http('shop', port, {hostname: 'shop.test'}),
            https('any', securePort, 'fallback'),
            https('www', securePort, 'www', {hostname: 'www.example.org'}),
          ]),
        ],
        'services.yaml': servicesOf(backends),
        'secrets.yaml': [tlsSecret('fallback', fallback), tlsSecret('www', www)],
        'routes.yaml': [
          route('web', [prefixRule('/', 'web'), {matches: [exact('/other')], backendRefs: [ref('other')]}], {
            hostnames: ['a.test', '*.wild.test', 'www.example.org'],
          }),
          route('missing', [prefixRule('/', 'missing')], {hostnames: ['missing.test']}),
          route('shop', [prefixRule('/', 'other')], {parents: [{name: 'gw', sectionName: 'shop'}]}),
        ],
      },
    });
  });

  describe('plain', () => {
    testCases(
      () => port,
      [
        when('prefix', {host: 'a.test', path: '/x'}, {backend: 'web'}),
        when('exact', {host: 'a.test', path: '/other'}, {backend: 'other'}),
        when('wildcard', {host: 'x.wild.test'}, {backend: 'web'}),
        when('the listener of its own host', {host: 'shop.test'}, {backend: 'other'}),
        when('an invalid backend', {host: 'missing.test'}, {status: 500}),
        when('no route', {host: 'nobody.test'}, {status: 404}),
      ],
    );
  });

  it('answers by HTTPS, and 421 to what is misdirected', async () => {
    const tls = {sni: 'www.example.org', ca: www.certificate};
    expect(echoOf(await request({port: securePort, host: 'www.example.org', tls}))?.name).toBe('web');
    expect((await request({port: securePort, host: 'a.test', tls})).status).toBe(421);
  });

  it('follows edits', async () => {
    const answer = async (): Promise<string | number> => {
      const response = await request({port, host: 'edited.test'});
      return echoOf(response)?.name ?? response.status;
    };
    for (const backend of ['web', 'other']) {
      sluice.write('edited.yaml', [route('edited', [prefixRule('/', backend)], {hostnames: ['edited.test']})]);
      await eventually(async () => expect(await answer()).toBe(backend));
    }
    sluice.remove('edited.yaml');
    await eventually(async () => expect(await answer()).toBe(404));
  });

  it('sends no VirtualHost of its own', async () => {
    const sent: readonly {readonly types: readonly {readonly type: string; readonly sent: number}[]}[] = JSON.parse(
      await sluice.admin('/debug/clients'),
    );
    const counts = sent
      .flatMap(({types}) => types)
      .map(({type, sent: count}) => [type.split('.').at(-1), count] as const);
    expect(new Map(counts).get('RouteConfiguration')).toBe(3);
    expect(new Map(counts).get('VirtualHost') ?? 0).toBe(0);
  });

  it('had nothing that Envoy rejected', () => {
    expect(sluice.rejections()).toEqual([]);
  });
});
