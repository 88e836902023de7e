import {credentials as channels, status} from '@grpc/grpc-js';
import {X509Certificate} from 'node:crypto';
import {type ConnectionOptions, connect, type TLSSocket} from 'node:tls';
import {afterEach, beforeAll, describe, expect, it} from 'vitest';
import type {KeyPair} from '../../src/trust/authority.ts';
import type {XdsServer} from '../../src/xds/api.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {createTlsCredentials, type TlsCredentials, type TlsMaterial} from '../../src/xds/tls-credentials.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {authority, clientPair, hours, serverPair} from '../trust/support/pki.ts';
import {ModelClient} from './support/model-client.ts';
import {cluster} from './support/resources.ts';
import {connectModel, type StreamOptions, until, type WireStream} from './support/wire-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let oldCa: KeyPair;
let newCa: KeyPair;
let first: KeyPair;
let second: KeyPair;
beforeAll(async () => {
  [oldCa, newCa] = [await authority(), await authority()];
  [first, second] = [await serverPair(oldCa), await serverPair(newCa)];
});

async function serve(tls: TlsCredentials): Promise<{server: XdsServer; port: number}> {
  const server = createXdsServer({authenticate: createNodeAuthenticator(), credentials: tls.credentials});
  cleanups.push(() => server.stop());
  const port = await server.listen('127.0.0.1:0');
  server.markSynced();
  return {server, port};
}

const served = (material: TlsMaterial, options?: Parameters<typeof createTlsCredentials>[0]): TlsCredentials => {
  const tls = createTlsCredentials(options);
  expect(tls.set(material)).toBeUndefined();
  return tls;
};

/** A proxy that asks for clusters. */
function proxy(port: number, channel: StreamOptions['channel']): {model: ModelClient; stream: WireStream} {
  const model = new ModelClient({mode: 'envoy', store: {version: () => undefined}});
  const stream = connectModel(model, port, channel === undefined ? {} : {channel});
  cleanups.push(() => stream.close());
  model.subscribe(typeUrls.cluster);
  return {model, stream};
}

const trusting = (...cas: readonly KeyPair[]): StreamOptions['channel'] =>
  channels.createSsl(Buffer.from(cas.map(({certificate}) => certificate).join('')));

/** What a handshake shows and comes to; a server of TLS 1.3 says no to a client after the handshake. */
function handshake(
  port: number,
  options: ConnectionOptions,
): Promise<{
  readonly error?: string;
  readonly fingerprint?: string;
  readonly session?: Buffer;
  readonly reused?: boolean;
}> {
  return new Promise((resolve) => {
    let session: Buffer | undefined;
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ALPNProtocols: ['h2'],
      ...options,
    });
    const end = (error?: string): void => {
      const {fingerprint256} = socket.getPeerX509Certificate() ?? {};
      resolve({
        ...(error !== undefined && {error}),
        ...(fingerprint256 !== undefined && {fingerprint: fingerprint256}),
        ...(session !== undefined && {session}),
        reused: socket.isSessionReused(),
      });
      socket.destroy();
    };
    socket.on('session', (ticket) => (session = ticket));
    socket.on('error', (error: Error & {code?: string}) => end(error.code ?? error.message));
    // The settings of HTTP/2, the first that a server sends once it has let somebody in.
    socket.on('data', () => end());
    socket.on('close', () => end('closed'));
  });
}

const fingerprintOf = ({certificate}: KeyPair): string => new X509Certificate(certificate).fingerprint256;

describe('TLS credentials', () => {
  it('replace the certificate and the authority while streams go on', async () => {
    const tls = served(first);
    const {server, port} = await serve(tls);
    const old = proxy(port, trusting(oldCa));
    server.apply([{new: cluster.make('a')}]);
    await until(() => 'a' in old.model.contents(typeUrls.cluster));
    expect(await handshake(port, {ca: oldCa.certificate})).toMatchObject({fingerprint: fingerprintOf(first)});

    expect(tls.set(second)).toBeUndefined();

    // Who connects now sees the new one, and nothing else will do.
    expect(await handshake(port, {ca: newCa.certificate})).toMatchObject({fingerprint: fingerprintOf(second)});
    const late = proxy(port, trusting(newCa));
    await until(() => 'a' in late.model.contents(typeUrls.cluster));
    const behind = await proxy(port, trusting(oldCa)).stream.status;
    expect(behind.code).toBe(status.UNAVAILABLE);
    expect(behind.details).toContain('unable to verify the first certificate');

    // The stream from before is the same one, and is still told of everything.
    server.apply([{new: cluster.make('b')}]);
    await until(() => 'b' in old.model.contents(typeUrls.cluster));
    expect(server.clients().map(({client}) => client)).toEqual([1, 2]);
    expect(old.model.violations).toEqual([]);
  });

  it('are refused by clients whose authority has expired, though they trust it', async () => {
    const expired = await authority(hours(-3, -1));
    const tls = served(await serverPair(expired, hours(-2, 2)));
    const {port} = await serve(tls);
    expect(await handshake(port, {ca: expired.certificate})).toMatchObject({error: 'CERT_HAS_EXPIRED'});
    // Both are in the bundle while one replaces the other; only the living one counts.
    const bundle = newCa.certificate + expired.certificate;
    expect(await handshake(port, {ca: bundle})).toMatchObject({error: 'CERT_HAS_EXPIRED'});
    expect(tls.set(second)).toBeUndefined();
    expect(await handshake(port, {ca: bundle})).toMatchObject({fingerprint: fingerprintOf(second)});
  });

  it('cut off whoever comes before there is a certificate', async () => {
    const tls = createTlsCredentials();
    const {port} = await serve(tls);
    expect(tls.view()).toBeUndefined();
    expect(await handshake(port, {ca: oldCa.certificate})).toMatchObject({error: 'ECONNRESET'});
    expect(tls.set(first)).toBeUndefined();
    expect(await handshake(port, {ca: oldCa.certificate})).toMatchObject({fingerprint: fingerprintOf(first)});
  });

  it('speak no cleartext', async () => {
    const {port} = await serve(served(first));
    expect((await proxy(port, undefined).stream.status).code).toBe(status.UNAVAILABLE);
  });

  it('serve every port of a server', async () => {
    const tls = served(first);
    const {server, port} = await serve(tls);
    const other = await server.listen('127.0.0.1:0');
    expect(tls.set(second)).toBeUndefined();
    for (const each of [port, other]) {
      expect(await handshake(each, {ca: newCa.certificate})).toMatchObject({fingerprint: fingerprintOf(second)});
    }
  });

  // Story: grpc-js that is given what OpenSSL does not take cuts off every connection from then on.
  it('stay as they are where what is new cannot be served, and say why', async () => {
    const tls = served(first);
    const {port} = await serve(tls);
    const broken: readonly (readonly [Partial<TlsMaterial>, string])[] = [
      [{certificate: 'nonsense'}, 'the certificate is not an X.509 certificate in PEM'],
      [{certificate: ''}, 'the certificate is not an X.509 certificate in PEM'],
      [{key: second.key}, 'the private key does not fit the certificate'],
      [{key: first.certificate}, 'the key is not a private key in PEM, or it is encrypted'],
      [{clientCa: 'nonsense'}, 'the authority of the clients is not an X.509 certificate in PEM'],
      [{certificate: `${first.certificate}-----BEGIN CERTIFICATE-----\n!\n`}, 'OpenSSL does not take it'],
    ];
    for (const [change, problem] of broken) {
      expect(tls.set({...first, ...change})).toContain(problem);
      expect(await handshake(port, {ca: oldCa.certificate})).toMatchObject({fingerprint: fingerprintOf(first)});
    }
  });

  it('show what is served, and nothing of the key', () => {
    const tls = served(first);
    expect(tls.view()).toMatchObject({
      subject: 'CN=sluice-xds',
      names: 'DNS:localhost, IP Address:127.0.0.1',
      fingerprint: fingerprintOf(first),
    });
    expect(tls.view()?.notAfter.getTime()).toBeGreaterThan(Date.now());
    expect(JSON.stringify(tls.view())).not.toContain('PRIVATE');
  });
});

describe('TLS credentials that ask for certificates of clients', () => {
  const asking = {clientCertificates: true};

  it('let in who has one of the authority, and follow its replacement', async () => {
    const [clientCa, nextCa] = [await authority(), await authority()];
    const [client, next] = [await clientPair(clientCa), await clientPair(nextCa)];
    const tls = served({...first, clientCa: clientCa.certificate}, asking);
    const {server, port} = await serve(tls);
    const base = {ca: oldCa.certificate};
    const as = ({certificate, key}: KeyPair): ConnectionOptions => ({...base, cert: certificate, key});
    const refused = {error: expect.stringMatching(/ERR_SSL_TLSV1.*_ALERT_|ECONNRESET|closed/)};

    const old = proxy(
      port,
      channels.createSsl(Buffer.from(base.ca), Buffer.from(client.key), Buffer.from(client.certificate)),
    );
    server.apply([{new: cluster.make('a')}]);
    await until(() => 'a' in old.model.contents(typeUrls.cluster));
    expect(await handshake(port, base)).toMatchObject(refused);
    expect(await handshake(port, as(next))).toMatchObject(refused);
    const {error, session} = await handshake(port, as(client));
    expect(error).toBeUndefined();
    const resuming = {...as(client), ...(session && {session})};

    expect(tls.set({...first, clientCa: nextCa.certificate})).toBeUndefined();
    expect((await handshake(port, as(next))).error).toBeUndefined();
    expect(await handshake(port, as(client))).toMatchObject(refused);
    // A ticket from before does not get around the new authority.
    expect(await handshake(port, resuming)).toMatchObject(refused);
    server.apply([{new: cluster.make('b')}]);
    await until(() => 'b' in old.model.contents(typeUrls.cluster));
  });

  // Story: without an authority of its own Node.js takes those of the whole world.
  it('are not served without the authority of the clients', () => {
    expect(createTlsCredentials(asking).set(first)).toBe('the authority of the clients is missing');
  });
});
