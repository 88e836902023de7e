/** HTTPS on the wire: which certificate, which listener, which route, and what a misdirected request gets. */
import {beforeAll, describe, expect, it} from 'vitest';
import {X509Certificate} from 'node:crypto';
import {echoBackend} from './harness/backends.ts';
import {fallback, other, renewed, wildcard, www, type KeyPair} from './harness/certificates.ts';
import {echoOf, expectResponse} from './harness/cases.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {gateway, http, https, prefix, ref, route, service, tlsSecret} from './harness/manifests.ts';
import {handshake, openHttp2, request, type Request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';

const certificates: Readonly<Record<string, KeyPair>> = {
  'www.example.org': www,
  'api.example.org': wildcard,
  'a.example.org': wildcard,
  'other.test': other,
  'fallback.test': fallback,
};
/** No chain fits, or there is no listener on the port. */
const refusal = /ECONNRESET|ECONNREFUSED|disconnected|socket hang up/;
const fingerprint = ({certificate}: KeyPair): string => new X509Certificate(certificate).fingerprint256;

describeWithEnvoy('HTTPS', () => {
  /** A listener for all hosts and others; only two hosts; one whose certificate changes. */
  let [port, strictPort, rotatedPort] = [0, 0, 0];
  let sluice: Sluice;

  beforeAll(async () => {
    [port, strictPort, rotatedPort] = [await freePort(), await freePort(), await freePort()];
    const plainPort = await freePort();
    const backend = await echoBackend('echo');
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [
          gateway('gw', [
            http('plain', plainPort),
            https('any', port, 'fallback'),
            https('www', port, 'www', {hostname: 'www.example.org'}),
            https('wildcard', port, 'wildcard', {hostname: '*.example.org'}),
            https('other', port, 'other', {hostname: 'other.test'}),
            https('strict-www', strictPort, 'www', {hostname: 'www.example.org'}),
            https('strict-other', strictPort, 'other', {hostname: 'other.test'}),
            https('rotated', rotatedPort, 'rotated', {hostname: 'www.example.org'}),
          ]),
        ],
        'services.yaml': service('echo', [backend.port]),
        'secrets.yaml': Object.entries({www, wildcard, other, fallback}).map(([name, pair]) => tlsSecret(name, pair)),
        'rotated.yaml': [tlsSecret('rotated', www)],
        'routes.yaml': [
          marked('any', ['any'], ['fallback.test']),
          marked('www', ['www', 'strict-www', 'rotated']),
          marked('wildcard', ['wildcard']),
          marked('other', ['other', 'strict-other']),
        ],
      },
    });
  });

  const send = (sni: string, host = sni, more: Partial<Request> = {}) =>
    request({port, host, tls: {sni, ca: certificates[sni]?.certificate ?? fallback.certificate}, ...more});

  describe.each(['1.1', '2'] as const)('HTTP/%s', (version) => {
    it.each([
      ['www.example.org', 'www'],
      ['a.example.org', 'wildcard'],
      ['other.test', 'other'],
      ['fallback.test', 'any'],
    ])('%s: certificate and routes of listener %s', async (sni, listener) => {
      const response = await send(sni, sni, {version});
      expectResponse(response, {backend: 'echo', seen: {'x-route': listener, 'x-forwarded-proto': 'https'}});
      expect(response.fingerprint).toBe(fingerprint(certificates[sni] ?? fallback));
    });

    it('ignores the port in Host', async () => {
      const response = await send('www.example.org', `www.example.org:${port}`, {version});
      expect(echoOf(response)?.headers['x-route']).toBe('www');
    });

    it('sends bodies', async () => {
      const body = 'x'.repeat(100_000);
      const echo = echoOf(await send('www.example.org', undefined, {version, method: 'POST', body}));
      expect(echo).toMatchObject({method: 'POST', bodyLength: body.length});
    });

    it.each([
      // The connection belongs to the listener for all hosts.
      {sni: 'fallback.test', host: 'www.example.org', status: 421},
      {sni: 'fallback.test', host: 'a.example.org', status: 421},
      {sni: 'fallback.test', host: 'other.test', status: 421},
      {sni: 'fallback.test', host: 'nobody.test', status: 404},
      // To others, every further host is one of the listener for all hosts.
      {sni: 'www.example.org', host: 'a.example.org', status: 421},
      {sni: 'www.example.org', host: 'other.test', status: 421},
      {sni: 'www.example.org', host: 'fallback.test', status: 421},
      {sni: 'www.example.org', host: 'nobody.test', status: 421},
      {sni: 'a.example.org', host: 'b.example.org', status: 200},
      {sni: 'a.example.org', host: 'www.example.org', status: 421},
      {sni: 'a.example.org', host: 'example.org', status: 421},
    ])('a connection of $sni, a request for $host: $status', async ({sni, host, status}) => {
      expect((await send(sni, host, {version})).status).toBe(status);
    });

    it.each([
      {sni: 'www.example.org', host: 'www.example.org', status: 200},
      {sni: 'www.example.org', host: 'other.test', status: 421},
      {sni: 'www.example.org', host: 'nobody.test', status: 404},
      {sni: 'other.test', host: 'www.example.org', status: 421},
      {sni: 'other.test', host: 'nobody.test', status: 404},
    ])('without a listener for all hosts, $sni and $host: $status', async ({sni, host, status}) => {
      expect((await send(sni, host, {version, port: strictPort})).status).toBe(status);
    });
  });

  it('offers HTTP/2 before HTTP/1.1, and does without ALPN', async () => {
    expect((await handshake({port, sni: 'www.example.org', alpn: ['http/1.1', 'h2']})).protocol).toBe('h2');
    expect((await handshake({port, sni: 'www.example.org', alpn: ['http/1.1']})).protocol).toBe('http/1.1');
    expect((await handshake({port, sni: 'www.example.org'})).protocol).toBe('');
  });

  it('takes connections without SNI, or for an unknown host, where there is a listener for all hosts', async () => {
    expect((await handshake({port})).fingerprint).toBe(fingerprint(fallback));
    expect((await handshake({port, sni: 'nobody.test'})).fingerprint).toBe(fingerprint(fallback));
  });

  it('refuses them where there is none', async () => {
    await expect(handshake({port: strictPort})).rejects.toThrow(refusal);
    await expect(handshake({port: strictPort, sni: 'nobody.test'})).rejects.toThrow(refusal);
  });

  it('presents a renewed certificate to new connections, and keeps the old ones', async () => {
    const sni = 'www.example.org';
    const session = openHttp2({port: rotatedPort, tls: {sni, ca: www.certificate}});
    const statusOnOld = () =>
      new Promise<number>((resolve, reject) => {
        const stream = session.request({':path': '/', ':authority': sni});
        stream.once('response', (headers) => resolve(headers[':status'] ?? 0));
        stream.once('error', reject);
        stream.resume();
      });
    try {
      expect(await statusOnOld()).toBe(200);
      sluice.write('rotated.yaml', [tlsSecret('rotated', renewed)]);
      await eventually(async () =>
        expect((await handshake({port: rotatedPort, sni})).fingerprint).toBe(fingerprint(renewed)),
      );
      expect(await statusOnOld()).toBe(200);
      const response = await send(sni, sni, {port: rotatedPort, tls: {sni, ca: renewed.certificate}});
      expect(echoOf(response)?.headers['x-route']).toBe('www');
    } finally {
      session.destroy();
    }
  });

  it('keeps a listener with a bad certificate from its proxies, and only that one', async () => {
    const sni = 'www.example.org';
    const bad = {certificate: 'not a certificate', key: renewed.key};
    sluice.write('rotated.yaml', [tlsSecret('rotated', bad)]);
    await eventually(async () => {
      await expect(handshake({port: rotatedPort, sni})).rejects.toThrow(refusal);
    });
    expect((await send(sni)).status).toBe(200);
    expect((await handshake({port: strictPort, sni})).fingerprint).toBe(fingerprint(www));
    sluice.write('rotated.yaml', [tlsSecret('rotated', www)]);
    await eventually(async () => {
      const response = await send(sni, sni, {port: rotatedPort});
      expect(response.fingerprint).toBe(fingerprint(www));
    });
  });

  it('had nothing that Envoy rejected', () => {
    expect(sluice.rejections()).toEqual([]);
  });
});

/** A route on these listeners; a header for the backend says which route it was. */
const marked = (name: string, listeners: readonly string[], hostnames?: readonly string[]) =>
  route(
    name,
    [
      {
        matches: [prefix('/')],
        filters: [{type: 'RequestHeaderModifier', requestHeaderModifier: {set: [{name: 'x-route', value: name}]}}],
        backendRefs: [ref('echo')],
      },
    ],
    {parents: listeners.map((sectionName) => ({name: 'gw', sectionName})), ...(hostnames && {hostnames})},
  );
