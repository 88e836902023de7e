/** Listeners come and go beside the one under load, and its certificate is renewed: no request fails. */
import {X509Certificate} from 'node:crypto';
import {beforeAll, expect, it} from 'vitest';
import {echoBackend} from './harness/backends.ts';
import {other, renewed, www} from './harness/certificates.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {gateway, http, https, route, prefixRule, service, tlsSecret} from './harness/manifests.ts';
import {handshake, request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {startLoad, type Target} from './load/load.ts';

const rounds = 10;
const host = 'www.example.org';

describeWithEnvoy('listeners and certificates under load', () => {
  let sluice: Sluice;
  let plainPort: number;
  let tlsPort: number;
  let extraPort: number;

  const listeners = (more: {extra?: boolean; other?: boolean} = {}) =>
    gateway('gw', [
      http('http', plainPort),
      https('www', tlsPort, 'www', {hostname: host}),
      ...(more.extra === true ? [http('extra', extraPort)] : []),
      ...(more.other === true ? [https('other', tlsPort, 'other', {hostname: 'other.test'})] : []),
    ]);

  beforeAll(async () => {
    [plainPort, tlsPort, extraPort] = [await freePort(), await freePort(), await freePort()];
    const backend = await echoBackend('echo');
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [listeners()],
        'www.yaml': [tlsSecret('www', www)],
        'other.yaml': [tlsSecret('other', other)],
        'route.yaml': [...service('echo', [backend.port]), route('all', [prefixRule('/', 'echo')])],
      },
    });
  });

  const known = [www, renewed].map(({certificate}) => new X509Certificate(certificate).fingerprint256);
  const judge: Target['judge'] = ({status, body, fingerprint}) => {
    if (status !== 200) return `answered ${status} ${body}`;
    return fingerprint === undefined || known.includes(fingerprint) ? undefined : `presented ${fingerprint}`;
  };
  const presented = async (sni: string): Promise<string> => (await handshake({port: tlsPort, sni})).fingerprint;

  it('fails no request', async () => {
    const load = startLoad({
      targets: [
        {port: plainPort, host, path: '/', judge},
        {port: tlsPort, host, path: '/', tls: {sni: host}, judge},
      ],
      keepAlive: 6,
      fresh: 4,
      slow: 4,
    });
    const change = async (): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const before = await presented(host);
        sluice.write('www.yaml', [tlsSecret('www', round % 2 === 0 ? renewed : www)]);
        await eventually(async () => expect(await presented(host)).not.toBe(before));

        sluice.write('gateway.yaml', [listeners({extra: true})]);
        await eventually(async () => expect((await request({port: extraPort, host})).status).toBe(200));
        sluice.write('gateway.yaml', [listeners({other: true})]);
        await eventually(() => expect(request({port: extraPort, host})).rejects.toThrow('ECONNREFUSED'));
        await eventually(async () => expect(await presented('other.test')).not.toBe(await presented(host)));
        sluice.write('gateway.yaml', [listeners()]);
        await eventually(() => expect(presented('other.test')).rejects.toThrow(/.+/));
      }
    };
    const [changed] = await Promise.allSettled([change()]);
    const report = await load.stop();
    console.log(
      `${report.requests} requests on ${report.connections} connections, ${report.failures} failed, slowest ` +
        `${report.slowestMs} ms; ${rounds} certificates, ${2 * rounds} listeners added and removed`,
    );
    expect(report.firstFailures).toEqual([]);
    expect(changed).toMatchObject({status: 'fulfilled'});
    expect(report.requests).toBeGreaterThan(500);
    expect(sluice.logs()).not.toMatch(/rejects resources|sent anyway/);
  });
});
