/** Backends for tests: plain servers on 127.0.0.1 that answer what they were asked, ended with the test file. */
import {createHash} from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type {AddressInfo, Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {cleanUpLater} from './clean-up.ts';

/** The JSON body of every answer: the request as the backend saw it. */
export type Echo = {
  readonly name: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** Bytes of the request's body. */
  readonly bodyLength: number;
};

export type BackendOptions = {
  /** Cleartext HTTP/2 by prior knowledge instead of HTTP/1.1. */
  readonly protocol?: 'http1' | 'h2c';
  /** Answers so much later. A query parameter `delay` says it for one request. */
  readonly delayMs?: number;
  /** Headers of every answer. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
};

export type Backend = {
  readonly name: string;
  readonly port: number;
  /** Requests seen since the start or the last `forget()`, in order. */
  readonly seen: readonly Echo[];
  forget(): void;
  /** The next `times` requests are answered with that status, with a closed connection, or only after a minute. */
  fail(times: number, how: number | 'reset' | 'hang'): void;
  /** Ends it now; the port refuses connections afterwards. */
  stop(): Promise<void>;
};

/** Also speaks WebSocket as far as needed here: every byte after the upgrade comes back. */
export async function echoBackend(name: string, options: BackendOptions = {}): Promise<Backend> {
  const {protocol = 'http1', delayMs = 0, headers = {}} = options;
  let seen: Echo[] = [];
  let failing: {times: number; readonly how: number | 'reset' | 'hang'} = {times: 0, how: 500};

  const answer = async (echo: Echo): Promise<{readonly status: number} | 'reset'> => {
    seen.push(echo);
    await sleep(delayMs + Number(new URL(echo.path, 'http://backend').searchParams.get('delay') ?? 0));
    if (failing.times === 0) return {status: 200};
    failing.times--;
    if (failing.how === 'hang') await sleep(60_000, undefined, {ref: false});
    return typeof failing.how === 'number' ? {status: failing.how} : 'reset';
  };

  const server = protocol === 'h2c' ? http2Server(name, headers, answer) : http1Server(name, headers, answer);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo; // a TCP server that listens

  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  cleanUpLater(stop);
  return {
    name,
    port,
    get seen() {
      return seen;
    },
    forget() {
      seen = [];
    },
    fail(times, how) {
      failing = {times, how};
    },
    stop,
  };
}

type Answer = (echo: Echo) => Promise<{readonly status: number} | 'reset'>;
type Headers = NonNullable<BackendOptions['headers']>;

const contentType = {'content-type': 'application/json'};

function http1Server(name: string, headers: Headers, answer: Answer): Server {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const {method = '', url = '', httpVersion} = request;
    const bodyLength = await lengthOf(request);
    const echo: Echo = {name, method, path: url, headers: request.headers, httpVersion, bodyLength};
    const how = await answer(echo);
    if (how === 'reset') request.socket.destroy();
    else response.writeHead(how.status, {...mutable(headers), ...contentType}).end(JSON.stringify(echo));
  };
  const server = createServer((request, response) => void handle(request, response));
  // Longer than any pause of a test: a proxy must not meet a connection that is closing.
  server.keepAliveTimeout = 120_000;
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, `X-Backend: ${name}`, '', ''].join('\r\n'));
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  return server;
}

function http2Server(name: string, headers: Headers, answer: Answer): Http2Server {
  const handle = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const {method, url, httpVersion} = request;
    const bodyLength = await lengthOf(request);
    const echo: Echo = {name, method, path: url, headers: request.headers, httpVersion, bodyLength};
    const how = await answer(echo);
    if (how === 'reset') response.stream.close();
    else response.writeHead(how.status, {...mutable(headers), ...contentType}).end(JSON.stringify(echo));
  };
  return createHttp2Server((request, response) => void handle(request, response));
}

const mutable = (headers: Headers): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );

/** Reads a body to its end; 0 where the client gives up. */
async function lengthOf(body: AsyncIterable<Buffer>): Promise<number> {
  let length = 0;
  try {
    for await (const part of body) length += part.length;
  } catch {
    return 0;
  }
  return length;
}
