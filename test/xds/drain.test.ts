/** Clients that are sent away: not all at once, and served until it is their turn. */
import {type ClientHttp2Session, connect, constants} from 'node:http2';
import {connect as connectTcp} from 'node:net';
import {ServerCredentials, status} from '@grpc/grpc-js';
import {afterEach, describe, expect, it} from 'vitest';
import type {XdsServer, XdsServerOptions} from '../../src/xds/api.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {ecCertificate, ecKey} from '../api/test-certificates.ts';
import {FakeClock} from './support/fake-clock.ts';
import {cluster} from './support/resources.ts';
import {encodeRequest, until} from './support/wire-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options: Partial<XdsServerOptions> = {}): Promise<{server: XdsServer; port: number}> {
  const server = createXdsServer({authenticate: createNodeAuthenticator(), ...options});
  const port = await server.listen('127.0.0.1:0');
  cleanups.push(() => server.stop());
  server.markSynced();
  return {server, port};
}

type RawClient = {
  readonly session: ClientHttp2Session;
  /** `goaway 0`, `trailers 14`, `close`, in the order they came. */
  readonly seen: string[];
  messages: number;
};

/** A client without a gRPC library, so that nothing reconnects or hides what the server did. */
async function join(port: number, scheme = 'http'): Promise<RawClient> {
  const session = connect(`${scheme}://127.0.0.1:${port}`, {rejectUnauthorized: false});
  cleanups.push(() => session.destroy());
  const client: RawClient = {session, seen: [], messages: 0};
  session.on('error', () => {});
  session.on('goaway', (code) => client.seen.push(`goaway ${code}`));
  session.on('close', () => client.seen.push('close'));
  const stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  stream.on('data', () => (client.messages += 1));
  stream.on('trailers', (headers) => {
    client.seen.push(`trailers ${String(headers['grpc-status'])}`);
    stream.end();
  });
  const node = {id: 'envoy-1', cluster: 'default/gw', metadata: {}, userAgent: 'test 1'};
  const send = (type: string, nonce: string): void => {
    const fields = {subscribe: [], unsubscribe: [], initialVersions: {}, error: undefined};
    const message = encodeRequest({node, type, nonce, ...fields});
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.write(Buffer.concat([frame, message]));
  };
  send(typeUrls.cluster, '');
  await until(() => client.messages === 1);
  // Its acknowledgement, so that there may be another.
  send(typeUrls.cluster, '1');
  return client;
}

const left = [`goaway ${constants.NGHTTP2_NO_ERROR}`, `trailers ${status.UNAVAILABLE}`, 'close'];
const isAway = ({seen}: RawClient): boolean => seen.includes('close');

/** What happens by itself at this moment of the clock has happened. */
async function settled(server: XdsServer, clients: readonly RawClient[]): Promise<void> {
  const busy = (): number => clients.filter(({seen}) => seen.length > 0 && !seen.includes('close')).length;
  for (let calm = 0; calm < 3; calm += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (busy() > 0 || server.clients().length !== clients.filter((client) => !isAway(client)).length) calm = 0;
  }
}

describe('draining', () => {
  it('spreads clients over the window, and serves those whose turn has not come', async () => {
    const clock = new FakeClock();
    const {server, port} = await start({clock});
    const clients: RawClient[] = [];
    for (let i = 0; i < 200; i += 1) clients.push(await join(port));
    expect(server.clients()).toHaveLength(200);

    const windowMs = 10_000;
    const began = clock.now();
    let done = false;
    const drained = server.drain(windowMs).then(() => (done = true));
    const perStep: number[] = [];
    let away = 0;
    const step = async (): Promise<void> => {
      clock.advance(100);
      await settled(server, clients);
      const now = clients.filter(isAway).length;
      perStep.push(now - away);
      away = now;
    };
    while (clock.now() < began + windowMs / 2) await step();
    expect(done).toBe(false);
    const here = clients.filter((client) => !isAway(client));
    expect(here.length).toBeGreaterThan(80);
    const before = here.map(({messages}) => messages);
    server.apply([{new: cluster.make('news')}]);
    await until(() => here.every(({messages}, i) => messages === (before[i] ?? 0) + 1));
    while (clock.now() < began + windowMs) await step();
    await drained;
    expect(clients.every(isAway)).toBe(true);
    for (const {seen} of clients) expect(seen).toEqual(left);
    // Nobody before word got around that this server is going, and then a few at a time: never a crowd.
    expect(perStep.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(Math.max(...perStep)).toBeLessThanOrEqual(6);
    expect(perStep.slice(10).filter((count) => count > 0).length).toBeGreaterThan(80);
  });

  it('takes no connection from the beginning on', async () => {
    const {server, port} = await start({clock: new FakeClock()});
    const client = await join(port);
    void server.drain(10_000);
    const late = connectTcp(port, '127.0.0.1');
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve));
    expect(error.code).toBe('ECONNREFUSED');
    expect(client.seen).toEqual([]);
    await server.stop();
    await until(() => isAway(client));
    expect(client.seen).toEqual(left);
  });

  it('takes as long as there is somebody to send away, and no longer', async () => {
    const nobody = await start({clock: new FakeClock()});
    await nobody.server.drain(10_000);

    const {server, port} = await start({clock: new FakeClock()});
    const clients = [await join(port), await join(port)];
    const drained = server.drain(10_000);
    for (const {session} of clients) session.destroy();
    await drained;
    expect(server.clients()).toEqual([]);
  });

  it('goes on at once when the server is stopped meanwhile', async () => {
    const {server, port} = await start({clock: new FakeClock()});
    const clients = [await join(port), await join(port), await join(port)];
    const drained = server.drain(60_000);
    await server.stop();
    await drained;
    await until(() => clients.every(isAway));
    for (const {seen} of clients) expect(seen).toEqual(left);
  });

  it('is the same over TLS, and waits for no handshake that never ends', async () => {
    const pair = {private_key: Buffer.from(ecKey), cert_chain: Buffer.from(ecCertificate)};
    const {server, port} = await start({credentials: ServerCredentials.createSsl(null, [pair])});
    const clients = [await join(port, 'https'), await join(port, 'https')];
    expect(server.clients()).toHaveLength(2);
    const silent = connectTcp(port, '127.0.0.1');
    cleanups.push(() => silent.destroy());
    await new Promise((resolve) => silent.once('connect', resolve));
    await server.drain(100);
    const before = Date.now();
    await server.stop();
    expect(Date.now() - before).toBeLessThan(5000);
    await until(() => clients.every(isAway));
    for (const {seen} of clients) expect(seen).toEqual(left);
    expect(server.clients()).toEqual([]);
  });
});

describe('listening', () => {
  it('is at all addresses of a name, on one port', async () => {
    const server = createXdsServer({authenticate: createNodeAuthenticator()});
    cleanups.push(() => server.stop());
    const port = await server.listen('localhost:0');
    server.markSynced();
    await join(port);
    expect(server.clients()).toHaveLength(1);
  });

  it('is refused for what is no address', async () => {
    const server = createXdsServer({authenticate: createNodeAuthenticator()});
    cleanups.push(() => server.stop());
    await expect(server.listen('nowhere')).rejects.toThrow('"nowhere" is no address: must be host:port');
  });
});
