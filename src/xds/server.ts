/** The delta ADS server: one store, a Session for every stream. */
import {ServerCredentials} from '@grpc/grpc-js';
import {Subject} from 'rxjs';
import type {ClientEvent, Log, Resource, ResourceChange, TypeStats, XdsServer, XdsServerOptions} from './api.ts';
import {systemClock} from './clock.ts';
import type {Serve} from './lane.ts';
import {Lanes} from './lanes.ts';
import {listenAt, type Listener} from './listener.ts';
import {Session} from './session.ts';
import {ResourceStore, type Scope} from './store.ts';
import {serveStream} from './stream.ts';

const silent: Log = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}};

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
  const listeners: Listener[] = [];
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

  const serve: Serve = (call, closed) => {
    clients += 1;
    const client = clients;
    let leave: (() => void) | undefined;
    return serveStream(call, {
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
        closed();
        if (leave === undefined) return;
        leave();
        log.info({client, reason}, 'client disconnected');
        events.next({kind: 'disconnected', client, reason});
      },
    });
  };

  const credentials = options.credentials ?? ServerCredentials.createInsecure();
  const lanes = new Lanes({credentials, serve, clock});
  const drain = (windowMs: number): Promise<void> => {
    for (const listener of listeners.splice(0)) listener.close();
    return lanes.drain(windowMs);
  };

  return {
    apply: (changes: readonly ResourceChange[]) => store.apply(changes),
    markSynced: () => {
      synced = true;
      for (const session of sessions.values()) session.pump();
    },
    listen: async (address) => {
      const listener = await listenAt(address, (socket) => lanes.take(socket));
      listeners.push(listener);
      return listener.port;
    },
    clients: () => [...sessions.values()].map((session) => session.view()),
    scopes: () => [...store.scopes()].sort(),
    inspect: (scopeName) => {
      const scope = store.find(scopeName);
      if (scope === undefined) return undefined;
      const here = [...sessions.values()].filter((session) => session.scopeName === scopeName);
      return {resources: resourcesOf(scope), clients: here.map((session) => session.progress())};
    },
    retryRejected: (scope) => {
      for (const session of sessions.values()) if (session.scopeName === scope) session.retryRejected();
    },
    events$: events.asObservable(),
    stats: () => new Map(stats),
    drain: (windowMs) => {
      log.info({clients: sessions.size, windowMs}, 'clients are sent away');
      return drain(windowMs);
    },
    stop: async () => {
      void drain(0);
      await lanes.closed();
      events.complete();
    },
  };
}

/** By type and name. */
function resourcesOf(scope: Scope): readonly Resource[] {
  return [...scope.types()].sort().flatMap((type) => {
    const byName = [...scope.all(type).values()].map(({resource}) => resource);
    return byName.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}
