import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {ApiError, ConnectionError, type KubeClient, TooLargeError} from '../../src/kube/client.ts';
import {createKubeClient, type KubeClientOptions} from '../../src/kube/kube-client.ts';
import {fastClock} from './fast-clock.ts';
import {type FaultServerOptions, FaultServer} from './fault-server.ts';
import {WireTap} from './wire-tap.ts';
import {eventually, sleep} from './eventually.ts';

const THINGS = '/apis/example.com/v1/things';

describe('the client of an API server', () => {
  const open: {close(): unknown}[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  const serve = async (options: FaultServerOptions = {}): Promise<FaultServer> => {
    const server = await FaultServer.start(options);
    open.unshift(server);
    server.serve(THINGS);
    return server;
  };
  const clientOf = (server: FaultServer, options: Partial<KubeClientOptions> = {}, port?: number): KubeClient => {
    const client = createKubeClient(server.credentials(port), {version: '9.9', ...options});
    open.unshift(client);
    return client;
  };
  const read = async (client: KubeClient, query: Record<string, string> = {}): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of client.lines({path: THINGS, query: {watch: 'true', ...query}})) lines.push(String(line));
    return lines;
  };
  const failure = async (work: Promise<unknown>): Promise<unknown> => {
    try {
      return {unexpected: await work};
    } catch (error) {
      return error;
    }
  };

  describe.each(['h2', 'http/1.1', 'plain'] as const)('over %s', (protocol) => {
    it('sends what a request says, and parses the answer', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      server.store.put(THINGS, {name: 'a', fields: {spec: 'ä'}});

      const {status, body, bytes} = await client.request({
        method: 'GET',
        path: THINGS,
        query: {limit: '5', x: 'a b&c'},
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({items: [{spec: 'ä', metadata: {name: 'a'}}]});
      expect(bytes).toBe(Buffer.byteLength(JSON.stringify(body)));

      await client.request({
        method: 'PATCH',
        path: `${THINGS}/a/status`,
        body: {status: 'é'},
        contentType: 'application/merge-patch+json',
      });
      const [get, patch] = server.requests;
      expect(get?.query.get('x')).toBe('a b&c');
      expect(get?.headers).toMatchObject({
        accept: 'application/json',
        authorization: 'Bearer secret',
        'user-agent': 'sluice/9.9',
      });
      expect(get?.headers).not.toHaveProperty('content-type');
      expect(patch).toMatchObject({method: 'PATCH', body: '{"status":"é"}'});
      expect(patch?.headers).toMatchObject({'content-type': 'application/merge-patch+json'});
      expect(get?.protocol).toBe(protocol === 'h2' ? '2.0' : '1.1');
    });

    it('keeps one connection for what comes one after the other', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      for (let count = 0; count < 5; count++) await client.request({method: 'GET', path: THINGS});
      expect(server.requests.map(({connection}) => connection)).toEqual([1, 1, 1, 1, 1]);
    });

    it('yields lines as they become complete', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      const began = vi.fn<() => void>();
      const query = {watch: 'true', resourceVersion: '1000'};
      const stream = client.lines({path: THINGS, query, onBegin: began});
      const lines = stream[Symbol.asyncIterator]();
      const first = lines.next();
      await eventually(() => expect(server.watches.size).toBe(1));
      server.store.put(THINGS, {name: 'a'});
      expect(JSON.parse(String((await first).value))).toMatchObject({type: 'ADDED', object: {metadata: {name: 'a'}}});
      expect(began).toHaveBeenCalledOnce();
      const second = lines.next();
      server.store.remove(THINGS, 'a');
      expect(JSON.parse(String((await second).value))).toMatchObject({type: 'DELETED'});
      for (const reply of server.watches.keys()) reply.end();
      expect(await lines.next()).toEqual({done: true, value: undefined});
    });

    it('tells what is cut in the middle from what has ended', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      for (const name of ['a', 'b', 'c']) server.store.put(THINGS, {name});
      for (const bytes of [10, 300]) {
        server.fault = () => ({is: 'cut', bytes});
        for (const work of [() => client.request({method: 'GET', path: THINGS}), () => read(client)]) {
          const error = await failure(work());
          expect(error).toBeInstanceOf(ConnectionError);
          expect(String(error)).toContain(`GET ${THINGS} at ${server.url}: `);
        }
      }
      server.fault = () => undefined;
      expect(await client.request({method: 'GET', path: THINGS})).toMatchObject({status: 200});
    });

    it('gives up a request that is not answered in time, and one that nobody wants any more', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      server.fault = () => ({is: 'hang'});
      const error = await failure(client.request({method: 'GET', path: THINGS, timeoutMs: 60}));
      expect(String(error)).toBe(`ConnectionError: GET ${THINGS} at ${server.url}: no answer within 0.06 s`);

      const asked = server.requests.length;
      const controller = new AbortController();
      const pending = failure(client.request({method: 'GET', path: THINGS, signal: controller.signal}));
      await eventually(() => expect(server.requests.length).toBeGreaterThan(asked));
      controller.abort(new Error('not needed'));
      expect(await pending).toEqual(new Error('not needed'));
      expect(await failure(client.request({method: 'GET', path: THINGS, signal: controller.signal}))).toEqual(
        new Error('not needed'),
      );
    });

    it('ends what is under way when it is closed', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      const watching = failure(read(client, {resourceVersion: '1000'}));
      await eventually(() => expect(server.watches.size).toBe(1));
      client.close();
      expect(String(await watching)).toContain('the client was closed');
      expect(String(await failure(client.request({method: 'GET', path: THINGS})))).toContain('the client was closed');
      await eventually(() => expect(server.sockets.size).toBe(0));
    });

    it('lets go of a stream that nobody reads to its end', async () => {
      const server = await serve({protocol});
      const client = clientOf(server);
      server.store.put(THINGS, {name: 'a'});
      for await (const line of client.lines({path: THINGS, query: {watch: 'true'}})) {
        expect(String(line)).toContain('ADDED');
        break;
      }
      await eventually(() => expect(server.watches.size).toBe(0));
    });
  });

  it('tells what the server says no with', async () => {
    const server = await serve();
    const client = clientOf(server);
    server.fault = () => ({is: 'status', status: 429, reason: 'TooManyRequests', headers: {'retry-after': '7'}});
    const busy = await failure(client.request({method: 'GET', path: THINGS}));
    expect(busy).toBeInstanceOf(ApiError);
    expect(busy).toMatchObject({
      status: 429,
      reason: 'TooManyRequests',
      retryAfterMs: 7000,
      message: `GET ${THINGS} at ${server.url}: 429 TooManyRequests: the server says 429`,
    });
    expect(await failure(read(client))).toMatchObject({status: 429});

    server.fault = () => ({is: 'status', status: 502, body: '<html>no upstream</html>'});
    expect(await failure(client.request({method: 'GET', path: THINGS}))).toMatchObject({
      status: 502,
      reason: '',
      retryAfterMs: undefined,
      message: `GET ${THINGS} at ${server.url}: 502: <html>no upstream</html>`,
    });
  });

  it('takes what is not JSON for a connection that cannot be used', async () => {
    const server = await serve();
    server.fault = () => ({is: 'status', status: 200, body: '<html>log in</html>'});
    const error = await failure(clientOf(server).request({method: 'GET', path: THINGS}));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('the answer is not JSON, it begins with "<html>log in</html>"');
  });

  it('refuses answers and lines that are too large, without holding them', async () => {
    const server = await serve();
    const client = clientOf(server, {maxLineBytes: 10_000, maxBodyBytes: 20_000});
    server.store.put(THINGS, {name: 'a', fields: {spec: 'x'.repeat(9_000)}});
    expect(await client.request({method: 'GET', path: THINGS})).toMatchObject({status: 200});
    server.store.put(THINGS, {name: 'b', fields: {spec: 'x'.repeat(60_000)}});
    const errors = [await failure(client.request({method: 'GET', path: THINGS})), await failure(read(client))];
    expect(errors.map(String)).toEqual([
      `TooLargeError: GET ${THINGS} at ${server.url}: the answer has more than 20000 bytes`,
      `TooLargeError: GET ${THINGS} at ${server.url}: a line has more than 10000 bytes`,
    ]);
    expect(errors[0]).toBeInstanceOf(TooLargeError);
    await eventually(() => expect(server.watches.size).toBe(0));
  });

  it('says where nobody listens, and connects when somebody does', async () => {
    const server = await serve();
    const {port} = server;
    const client = clientOf(server);
    await server.close();
    const error = await failure(client.request({method: 'GET', path: THINGS}));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain(`at https://127.0.0.1:${port}: connect ECONNREFUSED`);
    await server.listen(port);
    expect(await client.request({method: 'GET', path: THINGS})).toMatchObject({status: 200});
  });

  it('does not talk to a server that is not the one', async () => {
    const server = await serve();
    const credentials = {...server.credentials(), read: () => ({tls: {}, headers: {}})};
    const client = createKubeClient(credentials, {version: '9.9'});
    const error = await failure(client.request({method: 'GET', path: THINGS}));
    client.close();
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(/self-signed certificate/);
    expect(server.requests).toEqual([]);
  });

  it('reaches a server on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-kube-'));
    open.push({close: () => rmSync(folder, {recursive: true})});
    for (const protocol of ['h2', 'plain'] as const) {
      const socketPath = join(folder, protocol === 'h2' ? 'a.sock' : 'b.sock');
      const server = await serve({protocol, socketPath});
      const client = clientOf(server, {socketPath});
      expect(await client.request({method: 'GET', path: THINGS})).toMatchObject({status: 200});
    }
  });

  it('goes below the path of a server that has one', async () => {
    const server = await serve({protocol: 'plain'});
    const credentials = {...server.credentials(), server: `${server.url}/clusters/one`};
    const client = createKubeClient(credentials, {version: '9.9'});
    await failure(client.request({method: 'GET', path: THINGS}));
    client.close();
    expect(server.requests.map(({path}) => path)).toEqual([`/clusters/one${THINGS}`]);
  });

  describe('and its connection', () => {
    it('is left in peace when the server goes away in order: new requests take a new one, old streams finish', async () => {
      const server = await serve();
      const client = clientOf(server);
      server.fault = ({query}) =>
        query.get('watch') === 'true' ? {is: 'after', lines: 1, next: {is: 'goaway'}} : undefined;
      const lines: string[] = [];
      const watching = (async () => {
        for await (const line of client.lines({path: THINGS, query: {watch: 'true', resourceVersion: '1000'}})) {
          lines.push(String(line));
        }
      })();
      await eventually(() => expect(server.watches.size).toBe(1));
      server.bookmarkEvery = 0;
      server.store.put(THINGS, {name: 'a'});
      server.store.put(THINGS, {name: 'b'}); // with the GOAWAY
      await eventually(() => expect(lines).toHaveLength(2));
      await client.request({method: 'GET', path: THINGS});
      server.store.put(THINGS, {name: 'c'});
      await eventually(() => expect(lines).toHaveLength(3));
      for (const reply of server.watches.keys()) reply.end();
      await watching;
      expect(server.requests.map(({connection}) => connection)).toEqual([1, 2]);
      await eventually(() => expect(server.sockets.size).toBe(1));
    });

    it('is asked for a sign of life when it is silent, and kept when there is one', async () => {
      const server = await serve();
      const client = clientOf(server, {health: {idleMs: 50, answerMs: 600}});
      const watching = read(client, {resourceVersion: '1000'});
      await eventually(() => expect(server.watches.size).toBe(1));
      await sleep(1_500);
      server.store.put(THINGS, {name: 'a'});
      for (const reply of server.watches.keys()) reply.end();
      expect(await watching).toHaveLength(1);
    });

    it('is given up when there is none; what comes next takes another', async () => {
      const server = await serve();
      const tap = await WireTap.before(server.port);
      open.unshift(tap);
      const client = clientOf(server, {clock: fastClock(60)}, tap.port);
      const hasBegun = vi.fn<() => void>();
      const query = {watch: 'true', resourceVersion: '1000'};
      const watching = failure(client.lines({path: THINGS, query, onBegin: hasBegun})[Symbol.asyncIterator]().next());
      await eventually(() => expect(hasBegun).toHaveBeenCalled());
      const before = performance.now();
      tap.goDead();
      const error = await watching;
      expect(error).toBeInstanceOf(ConnectionError);
      expect(String(error)).toMatch(/nothing came for \d+ s, nor an answer to a ping/);
      // 45 to 55 s of the client's time are 0.75 to 0.95 s.
      expect(performance.now() - before).toBeLessThan(10_000);
      expect(await client.request({method: 'GET', path: THINGS, timeoutMs: 600_000})).toMatchObject({status: 200});
      expect(tap.connections).toBe(2);
    });

    it('is suspected as soon as a request was waited for in vain, with all others, and kept where only that one is not answered', async () => {
      // One watch on each connection.
      const server = await serve({maxConcurrentStreams: 2});
      const tap = await WireTap.before(server.port);
      open.unshift(tap);
      // Silence alone would be noticed after ten minutes of the client's time, in ten seconds of ours.
      const client = clientOf(server, {clock: fastClock(60), health: {idleMs: 600_000, answerMs: 15_000}}, tap.port);
      const watches = [1, 2].map(() => failure(read(client, {resourceVersion: '1000'})));
      await eventually(() => expect(server.watches.size).toBe(2));
      server.fault = ({path}) => (path === '/slow' ? {is: 'hang'} : undefined);
      expect(await failure(client.request({method: 'GET', path: '/slow', timeoutMs: 10_000}))).toBeInstanceOf(Error);
      await sleep(1_000);
      expect(await client.request({method: 'GET', path: THINGS, timeoutMs: 600_000})).toMatchObject({status: 200});
      expect(tap.connections).toBe(2);
      tap.goDead();
      const before = performance.now();
      expect(await failure(client.request({method: 'GET', path: THINGS, timeoutMs: 10_000}))).toBeInstanceOf(Error);
      const silent = expect.stringMatching(/nothing came for \d+ s, nor an answer to a ping/);
      expect((await Promise.all(watches)).map(String)).toEqual([silent, silent]);
      // 25 s of the client's time are 0.4 s.
      expect(performance.now() - before).toBeLessThan(5_000);
    });

    it('carries as many exchanges as the server allows; requests wait for their turn, watches do not starve them', async () => {
      const server = await serve({maxConcurrentStreams: 4});
      const client = clientOf(server);
      const streams = Array.from({length: 9}, () => failure(read(client, {resourceVersion: '1000'})));
      await eventually(() => expect(server.watches.size).toBe(9));
      const perConnection = new Map<number, number>();
      for (const {connection} of server.watches.values()) {
        perConnection.set(connection, (perConnection.get(connection) ?? 0) + 1);
      }
      expect(Math.max(...perConnection.values())).toBe(3);
      expect(perConnection.size).toBeLessThanOrEqual(8);
      server.fault = ({query}) => (query.has('watch') ? undefined : {is: 'slow', ms: 20});
      const answers = await Promise.all(Array.from({length: 40}, () => client.request({method: 'GET', path: THINGS})));
      expect(answers.map(({status}) => status)).toEqual(Array(40).fill(200));
      expect(server.sockets.size).toBeLessThanOrEqual(8);
      client.close();
      await Promise.all(streams);
    });

    it('is opened anew by the next request when it is lost', async () => {
      const server = await serve();
      const client = clientOf(server);
      await client.request({method: 'GET', path: THINGS});
      server.disconnect();
      await eventually(() => expect(server.sockets.size).toBe(0));
      await sleep(20);
      expect(await client.request({method: 'GET', path: THINGS})).toMatchObject({status: 200});
    });

    /**
     * A link to a real API server was reset in the middle of a burst of statuses. Node.js wrote to the connection while it read
     * what had come before the reset: then no request on it was ever answered, no watch heard anything, and nobody knew, until
     * the health check gave it up 45 to 55 seconds later.
     */
    it('is given up at once when it is reset, however busy it is', async () => {
      const server = await serve();
      const tap = await WireTap.before(server.port);
      open.push(tap);
      const client = clientOf(server, {}, tap.port);
      let isOver = false;
      let answers = 0;
      const late: unknown[] = [];
      const ask = async (): Promise<void> => {
        const path = `${THINGS}/a`;
        const body = {a: 'x'.repeat(2_000)};
        const contentType = 'application/merge-patch+json';
        while (!isOver) {
          const error = await failure(client.request({method: 'PATCH', path, contentType, body, timeoutMs: 2_000}));
          if (!(error instanceof Error)) answers++;
          else if (error.message.includes('no answer')) late.push(error);
          await sleep(1);
        }
      };
      const watch = async (): Promise<void> => {
        while (!isOver) {
          await failure(read(client, {resourceVersion: String(server.store.version)}));
          await sleep(5);
        }
      };
      const working = [...Array.from({length: 8}, ask), ...Array.from({length: 8}, watch)];
      const changing = setInterval(() => server.store.put(THINGS, {name: 'a', fields: {spec: 'x'.repeat(5_000)}}), 3);
      for (let resets = 0; resets < 80 && late.length === 0; resets++) {
        await sleep(20 + (resets % 7) * 10);
        tap.reset();
      }
      isOver = true;
      client.close();
      clearInterval(changing);
      await Promise.all(working);
      expect(late).toEqual([]);
      expect(answers).toBeGreaterThan(50);
      expect(tap.connections).toBeGreaterThan(50);
    });

    it('reads no faster than its reader', async () => {
      const server = await serve();
      const client = clientOf(server);
      server.bookmarkEvery = 0;
      for (let count = 0; count < 300; count++) {
        server.store.put(THINGS, {name: `a${count}`, fields: {spec: 'x'.repeat(100_000)}});
      }
      let bytes = 0;
      let count = 0;
      let written = 0;
      for await (const line of client.lines({path: THINGS, query: {watch: 'true', sendInitialEvents: 'true'}})) {
        bytes += line.length;
        if (++count === 3) {
          await sleep(300);
          written = [...server.sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
        }
        if (count === 301) break;
      }
      // At the third line: a window of the stream, and what is in buffers; not the 30 MB that there are.
      expect(written).toBeLessThan(6_000_000);
      expect(bytes).toBeGreaterThan(30_000_000);
    });
  });
});
