/** What a reflector reads, where it puts it, and what it says of itself. */
import type {RawObject} from './watch-event.ts';

/** A collection of an API server: one resource, of all namespaces or of one. */
export type Source = {
  /** `/apis/GROUP/VERSION/[namespaces/NAMESPACE/]RESOURCE`. */
  readonly path: string;
  /** `labelSelector`, `fieldSelector`. */
  readonly query: Readonly<Record<string, string>>;
  /** Forms other than the usual one. */
  readonly accept?: {readonly list: string; readonly watch: string};
};

/** Takes what is read. Objects are unchecked; one that is useless must be dealt with here. */
export type ReflectorSink = {
  set(object: RawObject): void;
  removed(object: RawObject): void;
  /** Everything that there is comes now, in any order. A relist that is never done is to have no effect. */
  relist(): Relist;
};

export type Relist = {
  take(object: RawObject): void;
  /** It was there when the relist began, and is gone now. */
  removed(object: RawObject): void;
  /** What was neither taken now nor is known from elsewhere is gone. */
  done(): void;
};

export type ReflectorState =
  /** Everything there is is being read, for the first time or anew. */
  | {readonly is: 'starting'}
  /** Everything is known, and changes are. */
  | {readonly is: 'following'}
  /** What is known may be old. `missing`: no such resource. All are tried again. */
  | {readonly is: 'unreachable' | 'missing' | 'forbidden'; readonly message: string};

/** Of events: what an API server sends, and `listed` for objects of lists. */
export type EventType = 'listed' | 'added' | 'modified' | 'deleted' | 'bookmark' | 'error' | 'nonsense';

/** Hears of everything that is worth counting. */
export type ReflectorMeter = {
  event(type: EventType, count: number): void;
  bytes(count: number): void;
  /** A list or a watch is begun, and why. */
  began(what: 'list' | 'watch', reason: string): void;
};

/** How a list or a watch ended. */
export type End =
  /** All is known as of this version. */
  | {readonly is: 'listed'; readonly version: string}
  /** By the server, in order, or because its time was over. */
  | {readonly is: 'ended'}
  /** The server remembers less than would be needed to go on. */
  | {readonly is: 'expired'; readonly message: string}
  /** Something was read that cannot be relied on: what is known may be wrong. */
  | {readonly is: 'doubtful'; readonly message: string}
  /** Everything by a watch: this server does not do that (`never`), or not now. */
  | {readonly is: 'no-watch-list'; readonly never: boolean; readonly message: string}
  | {readonly is: 'failed'; readonly error: unknown}
  | {readonly is: 'stopped'};
