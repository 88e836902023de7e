import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse} from 'node:http2';
import {createServer as createTcpServer, type AddressInfo, type Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {cleanUpLater} from '../harness/clean-up.ts';
import type {Echo} from '../harness/backends.ts';

const http2Preface = 'PRI';

/** Like echoBackend, for HTTP/1.1 and cleartext HTTP/2 on one port: which one, the first bytes of a connection say. */
export async function dualBackend(name: string): Promise<{readonly name: string; readonly port: number}> {
  const answer = async (
    request: IncomingMessage | Http2ServerRequest,
    write: (body: string) => void,
  ): Promise<void> => {
    const {method = '', url = '', headers, httpVersion} = request;
    const echo: Echo = {name, method, path: url, headers, httpVersion, bodyLength: 0};
    await sleep(Number(new URL(url, 'http://backend').searchParams.get('delay') ?? 0));
    write(JSON.stringify(echo));
  };
  const type = {'content-type': 'application/json'};
  const http1 = createServer((request, response: ServerResponse) => {
    void answer(request, (body) => response.writeHead(200, type).end(body));
  });
  http1.keepAliveTimeout = 120_000;
  const http2 = createHttp2Server((request, response: Http2ServerResponse) => {
    void answer(request, (body) => response.writeHead(200, type).end(body));
  });

  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      socket.pause();
      const target = first.subarray(0, http2Preface.length).toString() === http2Preface ? http2 : http1;
      target.emit('connection', socket);
      socket.unshift(first);
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUpLater(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const {port} = server.address() as AddressInfo; // a TCP server that listens
  return {name, port};
}
