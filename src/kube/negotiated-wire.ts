/** HTTP/2 where the server speaks it, HTTP/1.1 where it does not; the TLS handshake tells. */
import {createHttp1Wire} from './http1-wire.ts';
import type {HealthOptions} from './http2-health.ts';
import {createHttp2Wire} from './http2-wire.ts';
import {dialTls, type Peer} from './peer.ts';
import type {Wire} from './wire.ts';

class OnlyHttp1 extends Error {}

/** Opens nothing before the first exchange. */
export function createWire(peer: Peer, health: HealthOptions): Wire {
  // Nothing agrees on a protocol there, and what listens is `kubectl proxy`.
  if (peer.url.protocol === 'http:') return createHttp1Wire(peer);
  let http1: Wire | undefined;
  const http2 = createHttp2Wire({
    origin: peer.url.origin,
    health,
    dial: async (signal) => {
      const {socket, protocol} = await dialTls(peer, signal);
      if (protocol === 'h2') return socket;
      socket.destroy();
      throw new OnlyHttp1();
    },
  });
  return {
    async send(exchange) {
      if (http1 !== undefined) return http1.send(exchange);
      try {
        return await http2.send(exchange);
      } catch (error) {
        if (!(error instanceof OnlyHttp1)) throw error;
        http1 ??= createHttp1Wire(peer);
        return http1.send(exchange);
      }
    },
    retire() {
      http2.retire();
      http1?.retire();
    },
    close() {
      http2.close();
      http1?.close();
    },
  };
}
