import type {Collection, Index, Labelled, Labels, Selecting, Trigger} from './definition.ts';
import type {LabelSelector} from './selector.ts';

/**
 * How a transform reads other collections. Every call registers an exact dependency: the transform runs again
 * when, and only when, what it was answered may have changed. Keys and index values that are absent now are
 * dependencies too. Answers are sorted by key, so that results do not depend on history; they must not be changed.
 *
 * With `project`, the answer is the projection, and the dependency is on it: a change of the row that leaves the
 * projection structurally equal causes no run. Projections must be pure.
 *
 * Reading a collection in any other way inside a transform throws. A context is dead once its transform returned.
 */
export type Context = {
  /** The row of that key. */
  get<T>(from: Collection<T>, key: string): T | undefined;
  get<T, P>(from: Collection<T>, key: string, project: (row: T) => P): P | undefined;
  /** All rows of a collection, or those with that index value. */
  list<T>(from: Collection<T>): readonly T[];
  list<T>(from: Index<T>, value: string): readonly T[];
  list<T, P>(from: Index<T>, value: string, project: (row: T) => P): readonly P[];
  /** How many rows there are; runs again only when the number may differ. */
  count<T>(from: Collection<T>): number;
  count<T>(from: Index<T>, value: string): number;
  /** Whether the key, or any row with that index value, exists. */
  exists<T>(from: Collection<T> | Index<T>, keyOrValue: string): boolean;
  /**
   * Rows whose labels the selector matches, of all namespaces or of one. An undefined selector matches nothing, an
   * empty one everything.
   */
  select<T>(from: Labelled<T>, selector: LabelSelector | undefined, namespace?: string): readonly T[];
  /** The other way round: rows whose selector matches these labels, of all namespaces or of one. */
  selecting<T>(from: Selecting<T>, labels: Labels, namespace?: string): readonly T[];
  /** Makes the transform run again when the trigger is fired. */
  depend(on: Trigger): void;
  /**
   * Says that this run has nothing to tell: whatever it returns is ignored and the last rows stand, but for the first
   * run, whose rows count. What was read stays a dependency.
   */
  discard(): void;
};

export type {Labels};
