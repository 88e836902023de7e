/** Sessions without sockets: a store, a clock that stands still, clients whose messages wait until they are read. */
import type {ClientEvent, ProfileName, Resource, ResourceChange} from '../../../src/xds/api.ts';
import {Session} from '../../../src/xds/session.ts';
import {ResourceStore} from '../../../src/xds/store.ts';
import {refOf} from '../../../src/xds/ref.ts';
import type {DeltaRequest} from '../../../src/xds/wire.ts';
import {FakeClock} from './fake-clock.ts';
import {ModelClient, type ModelOptions, type StoreView} from './model-client.ts';
import {defaultScope} from './resources.ts';

export type Connection = {
  readonly client: ModelClient;
  readonly session: Session;
  readonly scope: string;
  /** Callbacks of writes the socket has not passed on; only with `stalled`. */
  readonly writes: (() => void)[];
  stalled: boolean;
  close(): void;
};

export type ConnectOptions = {
  readonly scope?: string;
  /** Writes are not passed on until `stalled` is false. */
  readonly stalled?: boolean;
  /** Gets the requests instead of the session. */
  readonly filter?: (request: DeltaRequest) => void;
};

export class Rig {
  readonly clock = new FakeClock();
  readonly store = new ResourceStore();
  readonly events: ClientEvent[] = [];
  readonly warnings: string[] = [];
  readonly connections: Connection[] = [];
  readonly #resources = new Map<string, Map<string, Resource>>();
  readonly #maxMessageBytes: number;
  #synced: boolean;
  #clients = 0;

  constructor(options: {readonly synced?: boolean; readonly maxMessageBytes?: number} = {}) {
    this.#synced = options.synced ?? true;
    this.#maxMessageBytes = options.maxMessageBytes ?? 1024 * 1024;
  }

  markSynced(): void {
    this.#synced = true;
    for (const {session} of this.connections) session.pump();
  }

  view(scope: string): StoreView {
    return {version: (ref) => this.#resources.get(scope)?.get(ref)?.version};
  }

  /** What the store holds of a type. */
  resources(scope: string, type: string): readonly Resource[] {
    return [...(this.#resources.get(scope)?.values() ?? [])].filter((resource) => resource.type === type);
  }

  get(scope: string, ref: string): Resource | undefined {
    return this.#resources.get(scope)?.get(ref);
  }

  #table(scope: string): Map<string, Resource> {
    let table = this.#resources.get(scope);
    if (table === undefined) this.#resources.set(scope, (table = new Map()));
    return table;
  }

  /** One commit: sets and removals of resources. */
  apply(set: readonly Resource[], remove: readonly string[] = [], scope = defaultScope): void {
    const changes: ResourceChange[] = [];
    for (const resource of set) {
      const table = this.#table(resource.scope);
      const ref = refOf(resource.type, resource.name);
      const old = table.get(ref);
      table.set(ref, resource);
      changes.push(old === undefined ? {new: resource} : {old, new: resource});
    }
    for (const ref of remove) {
      const old = this.#table(scope).get(ref);
      if (old === undefined) continue;
      this.#table(scope).delete(ref);
      changes.push({old});
    }
    this.store.apply(changes);
  }

  set(...resources: readonly Resource[]): void {
    this.apply(resources);
  }

  remove(...refs: readonly string[]): void {
    this.apply([], refs);
  }

  model(options: Omit<ModelOptions, 'store' | 'maxBytes'> & {readonly scope?: string}): ModelClient {
    return new ModelClient({
      ...options,
      store: this.view(options.scope ?? scopeOf(options.mode)),
      maxBytes: this.#maxMessageBytes,
    });
  }

  connect(client: ModelClient, options: ConnectOptions = {}): Connection {
    this.#clients += 1;
    const scopeName = options.scope ?? scopeOf(client.mode);
    const writes: (() => void)[] = [];
    const {listener: session, leave} = this.store.follow(scopeName, (scope) => {
      const warn = (_fields: object, text: string): void => void this.warnings.push(text);
      const made: Session = new Session({
        client: this.#clients,
        node: client.node,
        scopeName,
        scope,
        profile: client.mode,
        clock: this.clock,
        log: {debug: () => {}, info: () => {}, warn, error: warn},
        maxMessageBytes: this.#maxMessageBytes,
        gateTimeoutMs: 5000,
        isSynced: () => this.#synced,
        emit: (event) => void this.events.push(event),
        count: () => {},
        send: (message, done) => {
          client.arrive(message);
          writes.push(done);
        },
      });
      return made;
    });
    const connection: Connection = {
      client,
      session,
      scope: scopeName,
      writes,
      stalled: options.stalled ?? false,
      close: () => {
        leave();
        session.close();
        client.disconnect();
        this.connections.splice(this.connections.indexOf(connection), 1);
      },
    };
    this.connections.push(connection);
    client.connect(options.filter ?? ((request) => session.receive(request)));
    return connection;
  }

  /** Lets the sockets pass on what was written. */
  flush(connection = this.connection): boolean {
    const done = connection.stalled ? undefined : connection.writes.shift();
    done?.();
    return done !== undefined;
  }

  /** Until nobody has anything to say. */
  settle(): void {
    for (let rounds = 0; rounds < 100_000; rounds += 1) {
      let busy = false;
      for (const connection of this.connections) {
        if (this.flush(connection)) busy = true;
        if (connection.client.answer()) busy = true;
      }
      if (!busy) return;
    }
    throw new Error('the server and its clients do not come to rest');
  }

  /** Connects a client that is not followed further, and lets everything settle. */
  client(options: Omit<ModelOptions, 'store' | 'maxBytes'> & {readonly scope?: string}): ModelClient {
    const client = this.model(options);
    this.connect(client, options.scope === undefined ? {} : {scope: options.scope});
    return client;
  }

  /** What messages to the connected clients broke a rule. */
  get violations(): readonly string[] {
    return this.connections.flatMap(({client}) => client.violations);
  }

  /** The only one, or the newest. */
  get connection(): Connection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('nobody is connected');
    return connection;
  }
}

const scopeOf = (mode: ProfileName): string => `${mode}/default/gw`;

/** What the messages of a client said, one line each: `Cluster +a +b -c`. */
export function transcript(client: ModelClient): string[] {
  return client.messages.map(({type, resources, removed}) =>
    [
      type.split('.').at(-1),
      ...resources.map(({name}) => `+${name}`).sort(),
      ...[...removed].sort().map((name) => `-${name}`),
    ].join(' '),
  );
}
