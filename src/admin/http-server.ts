import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Log} from '../xds/api.ts';
import {type Answer, send, text} from './answer.ts';

export type HttpServer = {
  /** Binds; port 0 = any. Resolves to the port. */
  listen(address: {readonly host: string; readonly port: number}): Promise<number>;
  /** Cuts off who is being answered. */
  stop(): Promise<void>;
};

/** Plain HTTP; `HEAD` is answered as `GET` is. What fails is logged, and nobody is told more than that it did. */
export function createHttpServer(log: Log, answer: (method: string, url: URL) => Promise<Answer>): HttpServer {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const {method = 'GET', url = '/'} = request;
    const target = URL.canParse(url, 'http://admin') ? new URL(url, 'http://admin') : undefined;
    let result: Answer;
    try {
      result = target === undefined ? text('not a URL', 400) : await answer(method === 'HEAD' ? 'GET' : method, target);
    } catch (error) {
      log.error({path: target?.pathname, reason: String(error)}, 'request failed');
      result = text('internal error, see the log', 500);
    }
    try {
      await send(response, result);
    } catch (error) {
      // Who went away needs no answer; to anybody else a broken one must not look complete.
      if (!isGone(error)) log.error({path: target?.pathname, reason: String(error)}, 'answer broken off');
      response.destroy();
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  return {
    listen: ({host, port}) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const address: AddressInfo | string | null = server.address();
          resolve(address === null || typeof address === 'string' ? port : address.port);
        });
      }),
    async stop() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
