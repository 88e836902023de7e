/** HTTP/1.1 with connections that are kept: `kubectl proxy`, and load balancers that speak nothing newer. */
import {Agent as HttpAgent, request as httpRequest} from 'node:http';
import {Agent as HttpsAgent, request as httpsRequest} from 'node:https';
import type {ClientRequest, IncomingMessage} from 'node:http';
import {addressOf, type Peer, tlsOptionsOf} from './peer.ts';
import {type Answer, chunksOf, type Exchange, firstOf, type Wire} from './wire.ts';

/** As long as a connection may stand unused, in milliseconds; below the limits of common load balancers. Others are left alone. */
const IDLE_MS = 50_000;

export function createHttp1Wire(peer: Peer): Wire {
  const options = {keepAlive: true, keepAliveMsecs: 30_000, timeout: IDLE_MS};
  const isPlain = peer.url.protocol === 'http:';
  const agent = isPlain ? new HttpAgent(options) : new HttpsAgent({...options, ...tlsOptionsOf(peer)});
  const start = isPlain ? httpRequest : httpsRequest;
  let underWay = 0;
  let isRetired = false;

  const left = (): void => {
    underWay--;
    if (isRetired && underWay === 0) agent.destroy();
  };

  const send = async (exchange: Exchange, isSecond = false): Promise<Answer> => {
    const {method, path, headers, body, signal} = exchange;
    signal.throwIfAborted();
    const request = start({...addressOf(peer), agent, method, path, headers: {...headers}, signal});
    underWay++;
    request.once('close', left);
    request.end(body);
    try {
      const response = await head(request);
      const isWhole = (): boolean => response.complete;
      return {
        status: response.statusCode ?? 0,
        header: (name) => firstOf(response.headers[name]),
        chunks: chunksOf(response, isWhole),
      };
    } catch (error) {
      // The server gave the connection up while it stood unused: what was sent never arrived.
      if (request.reusedSocket && method === 'GET' && !isSecond && !signal.aborted) return send(exchange, true);
      throw error;
    }
  };

  return {
    send: (exchange) => send(exchange),
    retire() {
      isRetired = true;
      if (underWay === 0) agent.destroy();
    },
    close: () => agent.destroy(),
  };
}

function head(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // For good: a request may fail again after its answer has begun, which the reader of the answer is told.
    request.on('error', reject);
  });
}
