/**
 * A gRPC server without a port of its own: it is handed connections, and can send away all of them. The gRPC library says
 * GOAWAY to a whole server only; so the connections of a port are shared out among many of these (lanes.ts), and lanes
 * leave one after the other.
 */
import type {Socket} from 'node:net';
import {type ConnectionInjector, Server, type ServerCredentials, type ServiceDefinition} from '@grpc/grpc-js';
import type {Call, Stream} from './stream.ts';
import {decodeRequest} from './wire.ts';

/** A reconnecting client names every resource it has: 64 MiB is about half a million of them. */
const maxRequestBytes = 64 * 1024 * 1024;
/** How long streams have to end after they were told to. */
const graceMs = 2000;

type Service = {DeltaAggregatedResources: (call: Call) => void};

/** Made by hand, since responses are bytes already. */
const service: ServiceDefinition<Service> = {
  DeltaAggregatedResources: {
    path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    requestStream: true,
    responseStream: true,
    requestDeserialize: decodeRequest,
    responseSerialize: (message: Buffer) => message,
    requestSerialize: () => neverUsed(),
    responseDeserialize: () => neverUsed(),
  },
};

function neverUsed(): never {
  throw new Error('this side of the service is for clients');
}

/** Runs a stream; `closed` is to be called once, when it is over. */
export type Serve = (call: Call, closed: () => void) => Stream;

export class Lane {
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #streams = new Set<Stream>();
  readonly #sockets = new Set<Socket>();
  readonly #onEmpty: () => void;

  /** `onEmpty` is called when the last of its connections is gone. */
  constructor(credentials: ServerCredentials, serve: Serve, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#server = new Server({
      'grpc.max_receive_message_length': maxRequestBytes,
      'grpc.max_send_message_length': -1,
      'grpc.enable_channelz': 0,
      // agentgateway sends no pings: without ours a peer that vanished would stay for ever.
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 20_000,
    });
    this.#server.addService(service, {
      DeltaAggregatedResources: (call: Call) => {
        const stream: Stream = serve(call, () => this.#streams.delete(stream));
        this.#streams.add(stream);
      },
    });
    this.#injector = this.#server.createConnectionInjector(credentials);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty();
    });
    this.#injector.injectConnection(socket);
  }

  /**
   * First GOAWAY, so that clients come back on another connection, then the end of their streams. What is still open
   * after the grace time is cut. (forceShutdown would not do: without channelz it forgets the connections.)
   */
  leave(): void {
    this.#injector.drain(graceMs);
    for (const stream of this.#streams) stream.end('the server is stopping');
  }

  /** After `leave`. Resolves when nothing is open any more, which takes the grace time at most. */
  async closed(): Promise<void> {
    // Such as a connection that is in the middle of its TLS handshake, of which the library does not know.
    const cut = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), graceMs + 100);
    // Which does not wait for connections that it has told to close before.
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    await Promise.all([...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    clearTimeout(cut);
  }
}
