/**
 * One change of a row: `old` undefined = added, `new` undefined = removed. `old` is the `new` of the previous change of that
 * key; the two are never structurally equal, unless the collection, or one that it is joined of, has other `equals`.
 */
export type Change<T> = {readonly key: string; readonly old?: T; readonly new?: T};

/** All changes of one collection in one commit, in no particular order of keys; never empty, a key occurs once. */
export type Delta<T> = {
  readonly epoch: number;
  readonly collection: string;
  /** True for the first delta of a late subscriber: the whole state as additions. */
  readonly snapshot: boolean;
  readonly changes: readonly Change<T>[];
};

/** What one commit did to the collections subscribed to. */
export type Commit = {readonly epoch: number; readonly deltas: ReadonlyMap<string, Delta<unknown>>};
