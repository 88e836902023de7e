import {type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type Settings} from 'node:http2';
import {status} from '@grpc/grpc-js';
import {afterEach, describe, expect, it} from 'vitest';
import type {ClientEvent, XdsServer, XdsServerOptions} from '../../src/xds/api.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import type {DeltaRequest} from '../../src/xds/wire.ts';
import {ModelClient} from './support/model-client.ts';
import {address, cluster, config} from './support/resources.ts';
import {transcript} from './support/rig.ts';
import {connectModel, encodeRequest, openStream, until, type WireStream} from './support/wire-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(
  options: Partial<XdsServerOptions> = {},
): Promise<{server: XdsServer; port: number; events: ClientEvent[]}> {
  const server = createXdsServer({authenticate: createNodeAuthenticator(), ...options});
  const events: ClientEvent[] = [];
  server.events$.subscribe((event) => events.push(event));
  const port = await server.listen('127.0.0.1:0');
  cleanups.push(() => server.stop());
  return {server, port, events};
}

function track<T extends WireStream>(stream: T): T {
  cleanups.push(() => stream.close());
  return stream;
}

const model = (mode: 'envoy' | 'agentgateway') => new ModelClient({mode, store: {version: () => undefined}});

const request = (fields: Partial<DeltaRequest> = {}): DeltaRequest => ({
  node: {id: 'envoy-1', cluster: 'default/gw', metadata: {}, userAgent: 'test 1'},
  type: typeUrls.cluster,
  subscribe: [],
  unsubscribe: [],
  initialVersions: {},
  nonce: '',
  error: undefined,
  ...fields,
});

/** A stream without a gRPC library: it has sent its first request, and reads what comes. */
function rawStream(port: number, settings: Settings = {}): {session: ClientHttp2Session; stream: ClientHttp2Stream} {
  const session = connect(`http://127.0.0.1:${port}`, {settings});
  cleanups.push(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  session.on('error', () => {});
  stream.on('error', () => {});
  const message = encodeRequest(request());
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([frame, message]));
  return {session, stream};
}

describe('the server', () => {
  it('serves Envoy and agentgateway over gRPC, and says what it did', async () => {
    const {server, port, events} = await start();
    server.apply([{new: cluster.make('c')}, {new: address.make('a')}, {new: config.make('route/1')}]);
    const [envoy, proxy] = [model('envoy'), model('agentgateway')];
    track(connectModel(envoy, port));
    track(connectModel(proxy, port));
    envoy.subscribe(typeUrls.cluster);
    proxy.start();
    await until(() => server.clients().length === 2);
    expect([...envoy.messages, ...proxy.messages]).toEqual([]);
    server.markSynced();
    await until(() => envoy.messages.length === 1 && proxy.ready);
    server.apply([{new: cluster.make('d')}]);
    await until(() => envoy.messages.length === 2);
    expect(transcript(envoy)).toEqual(['Cluster +c', 'Cluster +d']);
    expect(transcript(proxy)).toEqual(['Address +a', 'Resource +route/1']);
    await until(() => events.filter(({kind}) => kind === 'acknowledged').length === 4);
    expect(server.clients()).toMatchObject([
      {
        client: 1,
        scope: 'envoy/default/gw',
        node: {id: 'envoy-1', userAgent: 'envoy'},
        types: [{sent: 2, acknowledged: 2}],
      },
      {client: 2, scope: 'agentgateway/default/gw', types: [{acknowledged: 1}, {acknowledged: 1, pending: 0}]},
    ]);
    expect(server.stats().get(typeUrls.cluster)).toMatchObject({messages: 2, resources: 2, removed: 0});
    expect(events[0]).toMatchObject({kind: 'connected', client: 1, scope: 'envoy/default/gw', profile: 'envoy'});
    expect(envoy.violations).toEqual([]);
    expect(proxy.violations).toEqual([]);
  });

  it('forgets clients that go away, in the middle of a write too', async () => {
    const {server, port, events} = await start();
    server.markSynced();
    server.apply(Array.from({length: 50}, (_, index) => ({new: cluster.make(`c${index}`, {padding: 200_000})})));
    const stream = track(openStream(port));
    stream.call.pause();
    stream.call.write(encodeRequest(request()));
    await until(() => (server.stats().get(typeUrls.cluster)?.messages ?? 0) > 0);
    stream.close();
    await until(() => server.clients().length === 0);
    server.apply([{new: cluster.make('c1')}]);
    expect(events.at(-1)).toMatchObject({kind: 'disconnected', client: 1});
    // Ten MiB were to be sent; one message was under way.
    expect(server.stats().get(typeUrls.cluster)?.messages).toBe(1);
  });

  it('refuses a first request without node id, and any without type', async () => {
    const {server, port} = await start();
    server.markSynced();
    for (const node of [undefined, {id: '', cluster: 'a/b', metadata: {}, userAgent: ''}]) {
      const stream = track(openStream(port));
      stream.call.write(encodeRequest(request({node})));
      expect(await stream.status).toMatchObject({code: status.INVALID_ARGUMENT});
    }
    const stream = track(openStream(port));
    stream.call.write(encodeRequest(request({type: ''})));
    expect(await stream.status).toMatchObject({code: status.INVALID_ARGUMENT, details: 'type_url is missing'});
    expect(server.clients()).toEqual([]);
  });

  it('lets the authenticator decide, by node, header and peer', async () => {
    const seen: unknown[] = [];
    const {server, port} = await start({
      authenticate: ({node, metadata, peer}) => {
        seen.push({id: node.id, token: metadata.get('authorization'), local: peer.includes('127.0.0.1')});
        switch (metadata.get('authorization')) {
          case undefined:
            return Promise.resolve({refused: 'no token', unauthenticated: true});
          case 'bad':
            return Promise.resolve({refused: 'not your gateway'});
          case 'broken':
            return Promise.reject(new Error('no answer'));
          default:
            return Promise.resolve({scope: 'envoy/default/gw', profile: 'envoy'});
        }
      },
    });
    server.markSynced();
    const codes = [];
    for (const headers of [{}, {authorization: 'bad'}, {authorization: 'broken'}]) {
      const stream = track(openStream(port, {headers}));
      stream.call.write(encodeRequest(request()));
      codes.push((await stream.status).code);
    }
    expect(codes).toEqual([status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNAVAILABLE]);
    const stream = track(openStream(port, {headers: {authorization: 'good'}}));
    stream.call.write(encodeRequest(request()));
    await until(() => stream.messages.length === 1);
    expect(seen.at(-1)).toEqual({id: 'envoy-1', token: 'good', local: true});
  });

  it('keeps requests that come in while it is deciding, in order', async () => {
    let decide: (() => void) | undefined;
    const {server, port} = await start({
      authenticate: () =>
        new Promise((resolve) => {
          decide = () => resolve({scope: 'agentgateway/default/gw', profile: 'agentgateway'});
        }),
    });
    server.markSynced();
    const proxy = model('agentgateway');
    track(connectModel(proxy, port));
    proxy.start();
    await until(() => decide !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.clients()).toEqual([]);
    decide?.();
    await until(() => proxy.ready);
    expect(transcript(proxy)).toEqual(['Address', 'Resource']);
  });

  it('takes requests of more than 4 MiB: a client that has a hundred thousand resources', async () => {
    const {server, port} = await start();
    server.markSynced();
    const initialVersions = Object.fromEntries(
      Array.from({length: 100_000}, (_, index) => [`namespace/some-service-${index}.example`, '0123456789abcdef']),
    );
    const bytes = encodeRequest(request({initialVersions}));
    expect(bytes.length).toBeGreaterThan(4 * 1024 * 1024);
    const stream = track(openStream(port));
    stream.call.write(bytes);
    await until(() => stream.messages.length > 0, 10_000);
  });

  it('never ends a stream with OK, not even one the client has finished writing', async () => {
    const {server, port} = await start();
    server.markSynced();
    const stream = track(openStream(port));
    stream.call.write(encodeRequest(request()));
    await until(() => stream.messages.length === 1);
    stream.call.end();
    expect((await stream.status).code).toBe(status.UNAVAILABLE);
  });

  it('ends a stream of garbage with an error, and goes on', async () => {
    const {server, port} = await start();
    server.markSynced();
    const stream = track(openStream(port));
    stream.call.write(Buffer.from([255, 255, 255, 255]));
    expect((await stream.status).code).toBe(status.INTERNAL);
    const second = track(openStream(port));
    second.call.write(encodeRequest(request()));
    await until(() => second.messages.length === 1);
  });

  it('lets clients go with GOAWAY, then UNAVAILABLE, over cleartext HTTP/2', async () => {
    const {server, port} = await start();
    server.markSynced();
    const {session, stream} = rawStream(port);
    const seen: string[] = [];
    session.on('goaway', (code) => seen.push(`goaway ${code}`));
    stream.on('trailers', (headers) => {
      seen.push(`trailers ${String(headers['grpc-status'])}`);
      stream.end();
    });
    stream.on('data', () => seen.push('data'));
    await until(() => seen.length === 1);
    const stopped = server.stop();
    await until(() => seen.length === 3);
    expect(seen).toEqual(['data', `goaway ${constants.NGHTTP2_NO_ERROR}`, `trailers ${status.UNAVAILABLE}`]);
    const before = Date.now();
    await stopped;
    expect(Date.now() - before).toBeLessThan(5000);
    expect(server.clients()).toEqual([]);
  });

  it('stops in time although a client reads nothing and never hangs up', async () => {
    const {server, port} = await start();
    server.markSynced();
    server.apply([{new: cluster.make('c', {padding: 900_000})}]);
    rawStream(port, {initialWindowSize: 1000});
    await until(() => (server.stats().get(typeUrls.cluster)?.messages ?? 0) > 0);
    const before = Date.now();
    await server.stop();
    expect(Date.now() - before).toBeGreaterThan(1000);
    expect(Date.now() - before).toBeLessThan(5000);
    expect(server.clients()).toEqual([]);
  });

  it('says when it cannot listen', async () => {
    const {port} = await start();
    const second = createXdsServer({authenticate: createNodeAuthenticator()});
    await expect(second.listen(`127.0.0.1:${port}`)).rejects.toThrow(/EADDRINUSE|No address added/);
    await second.stop();
  });

  it('spends less than 200 bytes on an edited agentgateway route, besides its content', async () => {
    const {server, port} = await start();
    server.markSynced();
    const proxy = model('agentgateway');
    track(connectModel(proxy, port));
    const name = 'route/default/some-http-route.00.http';
    const routes = Array.from({length: 500}, (_, index) => ({new: config.make(`route/default/r${index}.00.http`)}));
    server.apply([...routes, {new: config.make(name)}]);
    proxy.start();
    await until(() => proxy.ready);
    server.apply([{new: config.make(name, {content: '2'})}]);
    await until(() => proxy.contents(typeUrls.resource)[name] === '2');
    const last = proxy.messages.at(-1);
    expect(last?.resources.length).toBe(1);
    expect((last?.bytes ?? 0) - Buffer.byteLength(JSON.stringify(last?.resources[0]?.body))).toBeLessThan(200);
  });
});
