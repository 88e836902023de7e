/** The delta ADS server: one store, one gRPC service, a Session for every stream. */
import {Server, ServerCredentials, type ServiceDefinition} from '@grpc/grpc-js';
import {Subject} from 'rxjs';
import type {ClientEvent, Log, ResourceChange, TypeStats, XdsServer, XdsServerOptions} from './api.ts';
import {systemClock} from './clock.ts';
import {Session} from './session.ts';
import {ResourceStore} from './store.ts';
import {type Call, serveStream, type Stream} from './stream.ts';
import {decodeRequest} from './wire.ts';

/** A reconnecting client names every resource it has: 64 MiB is about half a million of them. */
const maxRequestBytes = 64 * 1024 * 1024;
/** How long streams have to end after they were told to. */
const stopGraceMs = 2000;

const silent: Log = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}};

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

export function createXdsServer(options: XdsServerOptions): XdsServer {
  const {
    authenticate,
    log = silent,
    clock = systemClock,
    maxMessageBytes = 1024 * 1024,
    gateTimeoutMs = 5000,
  } = options;
  const store = new ResourceStore();
  const events = new Subject<ClientEvent>();
  const stats = new Map<string, TypeStats>();
  const sessions = new Map<number, Session>();
  const streams = new Set<Stream>();
  const bound = new Set<string>();
  let synced = false;
  let clients = 0;

  const count = (type: string, sent: Omit<TypeStats, 'messages'>): void => {
    const {messages = 0, resources = 0, removed = 0, bytes = 0} = stats.get(type) ?? {};
    stats.set(type, {
      messages: messages + 1,
      resources: resources + sent.resources,
      removed: removed + sent.removed,
      bytes: bytes + sent.bytes,
    });
  };

  const serve = (call: Call): void => {
    clients += 1;
    const client = clients;
    let leave: (() => void) | undefined;
    const stream = serveStream(call, {
      authenticate,
      log,
      open: ({scope: scopeName, profile}, {node, peer, send}) => {
        const fixed = {client, node, scopeName, profile, clock, log, maxMessageBytes, gateTimeoutMs};
        const emit = (event: ClientEvent): void => events.next(event);
        const followed = store.follow(
          scopeName,
          (scope) => new Session({...fixed, scope, send, emit, count, isSynced: () => synced}),
        );
        const session = followed.listener;
        sessions.set(client, session);
        leave = () => {
          followed.leave();
          session.close();
          sessions.delete(client);
        };
        log.info({client, node: node.id, scope: scopeName, profile, peer}, 'client connected');
        events.next({kind: 'connected', client, node, scope: scopeName, profile, peer});
        return session;
      },
      closed: (reason) => {
        streams.delete(stream);
        if (leave === undefined) return;
        leave();
        log.info({client, reason}, 'client disconnected');
        events.next({kind: 'disconnected', client, reason});
      },
    });
    streams.add(stream);
  };

  const server = new Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
    // agentgateway sends no pings: without ours a peer that vanished would stay for ever.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });
  server.addService(service, {DeltaAggregatedResources: serve});

  return {
    apply: (changes: readonly ResourceChange[]) => store.apply(changes),
    markSynced: () => {
      synced = true;
      for (const session of sessions.values()) session.pump();
    },
    listen: (address) =>
      new Promise((resolve, reject) => {
        const credentials = options.credentials ?? ServerCredentials.createInsecure();
        server.bindAsync(address, credentials, (error, port) => {
          if (error === null) {
            bound.add(`${address.slice(0, address.lastIndexOf(':'))}:${port}`);
            resolve(port);
          } else reject(error);
        });
      }),
    clients: () => [...sessions.values()].map((session) => session.view()),
    retryRejected: (scope) => {
      for (const session of sessions.values()) if (session.scopeName === scope) session.retryRejected();
    },
    events$: events.asObservable(),
    stats: () => new Map(stats),
    stop: () =>
      new Promise((resolve) => {
        // First GOAWAY, so that clients come back on another connection, then the end of their streams. What is still
        // open after the grace time is cut. (forceShutdown would not do: without channelz it forgets the connections.)
        for (const address of bound) server.drain(address, stopGraceMs);
        for (const stream of streams) stream.end('the server is stopping');
        server.tryShutdown(() => {
          events.complete();
          resolve();
        });
      }),
  };
}
