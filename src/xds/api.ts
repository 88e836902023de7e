/**
 * What the xDS server is given and what it reports. It knows resources, scopes and clients; nothing of the Gateway API.
 */
import type {ServerCredentials} from '@grpc/grpc-js';
import type {Observable} from 'rxjs';
import type {Clock} from './clock.ts';

/** One encoded resource. The graph's resource rows (collections/resource.ts) have this shape; see there for the fields. */
export type Resource = {
  readonly scope: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly refs: readonly string[];
  readonly parent?: string;
  readonly order?: number;
};

/** A change of one resource: `new` absent = removed. */
export type ResourceChange = {readonly old?: Resource; readonly new?: Resource};

export type ClientNode = {
  readonly id: string;
  readonly cluster: string;
  /** String values of the node's metadata Struct. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly userAgent: string;
};

/** How a kind of client has to be spoken to (order of types, sizes, what its NACKs mean). */
export type ProfileName = 'envoy' | 'agentgateway';

export type Identity = {readonly scope: string; readonly profile: ProfileName};

/** `unauthenticated`: the credentials are missing or bad (UNAUTHENTICATED); otherwise PERMISSION_DENIED. */
export type Refusal = {readonly refused: string; readonly unauthenticated?: boolean};

/**
 * Decides who a client is; refuses it with a reason. The place where tokens are checked. A rejected promise means that
 * it cannot be decided now: the client is sent away with UNAVAILABLE.
 */
export type Authenticator = (request: {
  readonly node: ClientNode;
  /** Header fields of the call, lower case. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly peer: string;
}) => Promise<Identity | Refusal>;

export type ClientEvent =
  | {
      readonly kind: 'connected';
      readonly client: number;
      readonly node: ClientNode;
      readonly scope: string;
      readonly profile: string;
      readonly peer: string;
    }
  | {readonly kind: 'disconnected'; readonly client: number; readonly reason: string}
  | {
      readonly kind: 'acknowledged';
      readonly client: number;
      readonly type: string;
      /** What the client took of one response, resources and removals; empty for an empty response. */
      readonly names: readonly string[];
      /** From the response handed to the socket to its ACK. */
      readonly ms: number;
    }
  | {
      readonly kind: 'rejected';
      readonly client: number;
      readonly type: string;
      /** Names the client blamed, or all of the response where it blamed none. */
      readonly names: readonly string[];
      /** True for agentgateway warnings: the resource is applied all the same. */
      readonly warning: boolean;
      readonly message: string;
    };

export type ClientView = {
  readonly client: number;
  readonly scope: string;
  readonly profile: ProfileName;
  readonly node: ClientNode;
  readonly connectedAt: Date;
  /** Per type URL. */
  readonly types: readonly {
    readonly type: string;
    /** Resources the client was sent or claims to have. */
    readonly sent: number;
    /** Those of them it has accepted in some version. */
    readonly acknowledged: number;
    /** Names whose newest version it rejected. */
    readonly rejected: readonly string[];
    /** Names still to be sent or removed. */
    readonly pending: number;
  }[];
};

/** A resource that a client does not have as it is to be. */
export type Difference = {
  readonly name: string;
  /** The newest version; absent where there is no such resource any more. */
  readonly wanted?: string;
  /** What it accepted last. */
  readonly acknowledged?: string;
  /** What it was sent and has not answered. */
  readonly sent?: string;
  /** It rejected the newest version. */
  readonly rejected: boolean;
};

/** How far a client is with what it is to have, per type URL that it has asked for. */
export type ClientProgress = Pick<ClientView, 'client' | 'profile' | 'node' | 'connectedAt'> & {
  readonly types: readonly {
    readonly type: string;
    /** Resources that it has accepted in their newest version. */
    readonly current: number;
    /** The others, by name. */
    readonly differences: readonly Difference[];
  }[];
};

/** What the clients of a scope are to have, by type and name, and how far each of them is. */
export type ScopeView = {
  readonly resources: readonly Resource[];
  readonly clients: readonly ClientProgress[];
};

export type XdsServerOptions = {
  readonly authenticate: Authenticator;
  readonly log?: Log;
  /** Largest message in bytes, 1 MiB by default; a single larger resource is sent alone. */
  readonly maxMessageBytes?: number;
  /** How long a resource may be held back for what it refers to before it is sent all the same; 5 s by default. */
  readonly gateTimeoutMs?: number;
  /** Cleartext HTTP/2 by default: bind it to loopback only. */
  readonly credentials?: ServerCredentials;
  readonly clock?: Clock;
};

/** What was sent: messages, resources and removed names in them, bytes of the messages. */
export type TypeStats = {
  readonly messages: number;
  readonly resources: number;
  readonly removed: number;
  readonly bytes: number;
};

export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type XdsServer = {
  /** Puts the changes of one commit into the store and wakes the clients they concern, and no others. */
  apply(changes: readonly ResourceChange[]): void;
  /** From now on the store is complete: first answers go out, even empty ones. */
  markSynced(): void;
  /** Binds `host:port` (port 0 = any); resolves to the port. */
  listen(address: string): Promise<number>;
  clients(): readonly ClientView[];
  /** Scopes that have resources or clients. */
  scopes(): readonly string[];
  /** Undefined where it has neither. Costs as much as the scope has resources and clients. */
  inspect(scope: string): ScopeView | undefined;
  /** Sends the clients of a scope once more what they have rejected, such as a listener whose port was taken. */
  retryRejected(scope: string): void;
  readonly events$: Observable<ClientEvent>;
  /** Totals since start, per type URL. */
  stats(): ReadonlyMap<string, TypeStats>;
  /**
   * Takes no more connections, and sends the clients there are away (GOAWAY, then the end of the stream with UNAVAILABLE),
   * evenly over so many milliseconds, so that they do not all turn to another server in the same instant. Those who are
   * still here are served as ever. Resolves when the last has been sent away; at once where there is none.
   */
  drain(windowMs: number): Promise<void>;
  /** Sends away at once whoever is left, then closes. */
  stop(): Promise<void>;
};
