/**
 * HTTP/2 to one server: everything on one connection. Where the server allows no more exchanges on it (each watch keeps
 * one), others are opened, a few; beyond that exchanges wait for their turn.
 */
import type {TLSSocket} from 'node:tls';
import {Http2Connection, RefusedError} from './http2-connection.ts';
import type {HealthOptions} from './http2-health.ts';
import type {Answer, Exchange, Wire} from './wire.ts';

export type Http2WireOptions = {
  /** `https://host:port`. */
  readonly origin: string;
  /** A connection on which HTTP/2 was agreed. */
  readonly dial: (signal: AbortSignal) => Promise<TLSSocket>;
  readonly health: HealthOptions;
};

const MAX_CONNECTIONS = 8;
/** An exchange that was refused unseen is sent again until it was sent so often. */
const MAX_SENDS = 3;

type Waiter = {readonly exchange: Exchange; take(connection: Http2Connection): void; fail(error: unknown): void};

export function createHttp2Wire({origin, dial, health}: Http2WireOptions): Wire {
  const closing = new AbortController();
  /** In the order in which they came. */
  const waiters = new Set<Waiter>();
  let connections: readonly Http2Connection[] = [];
  let isDialling = false;
  let isRetired = false;

  const placeFor = ({isLong}: Exchange): Http2Connection | undefined =>
    connections.find((connection) => connection.hasPlace(isLong));

  const serve = (): void => {
    connections = connections.filter(({isGone}) => !isGone);
    // Each takes its place before the next one looks for its own.
    for (const waiter of waiters) {
      const connection = placeFor(waiter.exchange);
      if (connection !== undefined) waiter.take(connection);
    }
    if (waiters.size === 0) {
      if (isRetired) for (const connection of connections) connection.retire();
    } else if (!isDialling && connections.filter(({isOpen}) => isOpen).length < MAX_CONNECTIONS) void open();
  };

  /** What one has lost, the others may have lost too, and those that carry watches alone would notice last. */
  const suspect = (): void => {
    for (const connection of connections) connection.suspect();
  };

  const open = async (): Promise<void> => {
    isDialling = true;
    try {
      const socket = await dial(closing.signal);
      const connection = new Http2Connection(origin, socket, {health, onChange: serve, onSilence: suspect});
      connections = [...connections, connection];
      await connection.isReady;
      if (connection.isGone) throw new Error('the connection was lost before the server said anything');
    } catch (error) {
      for (const waiter of waiters) waiter.fail(error);
    } finally {
      isDialling = false;
    }
    serve();
  };

  const wait = (exchange: Exchange): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const {signal} = exchange;
      const leave = (): void => {
        waiters.delete(waiter);
        signal.removeEventListener('abort', aborted);
      };
      const waiter: Waiter = {
        exchange,
        take(connection) {
          leave();
          resolve(connection.send(exchange));
        },
        fail(error) {
          leave();
          reject(error);
        },
      };
      const aborted = (): void => waiter.fail(new Error('there was no place on a connection'));
      signal.addEventListener('abort', aborted);
      waiters.add(waiter);
      serve();
    });

  return {
    async send(exchange) {
      for (let sends = 1; ; sends++) {
        if (closing.signal.aborted) throw new Error('the client was closed');
        exchange.signal.throwIfAborted();
        try {
          return await (placeFor(exchange)?.send(exchange) ?? wait(exchange));
        } catch (error) {
          if (!(error instanceof RefusedError) || sends >= MAX_SENDS) throw error;
        }
      }
    },
    retire() {
      isRetired = true;
      serve();
    },
    close() {
      closing.abort();
      for (const waiter of waiters) waiter.fail(new Error('the client was closed'));
      for (const connection of connections) connection.destroy('the client was closed');
    },
  };
}
