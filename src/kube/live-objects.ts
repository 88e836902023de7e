/** Names an object: `group/Kind` (`/Service` in the core group), and `namespace/name`, or `name` of a cluster-scoped one. */
export type LiveName = {readonly groupKind: string; readonly key: string};

/** An object as the watch saw it last, as far as whoever writes its status needs it. */
export type LiveObject = {
  /** The version it was read in. */
  readonly apiVersion: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** 1 where the object has none. */
  readonly generation: number;
  /** As the server has it; undefined where it has none. */
  readonly status: unknown;
};

/**
 * What is live, of the kinds whose statuses Sluice writes. It is told of a version before the graph is, so it is never
 * older than a row made of that version; it may well be older than what the server has.
 */
export type LiveObjects = {
  get(name: LiveName): LiveObject | undefined;
  /** All there are, in no order. */
  names(): Iterable<LiveName>;
  /** Calls the listener after each version that differs from the last, and after a deletion. Returns what ends it. */
  onChange(listener: (name: LiveName) => void): () => void;
};
