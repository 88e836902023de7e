/**
 * Definitions are values: they say what a collection is made of and hold no state. A graph (graph.ts) turns
 * the definitions that its outputs reach into nodes. Names are unique within a graph.
 */
import type {Context} from './context.ts';

/** Every derived row carries its own key, unique within its collection. */
export type Row = {readonly key: string};

export type Labels = Readonly<Record<string, string>>;

/** What is common to all definitions. `rowType` exists in types only. */
export type Collection<T> = {
  readonly name: string;
  readonly keyOf: (row: T) => string;
  readonly labelsOf?: (row: T) => Labels;
  readonly definition: Definition;
  readonly rowType?: T;
};

/** A collection whose rows have labels, and can be asked for with `ctx.select`. */
export type Labelled<T> = Collection<T> & {readonly labelsOf: (row: T) => Labels};

/** A collection that is written from outside the graph. */
export type Input<T> = Collection<T> & {readonly definition: InputDefinition};

/** Finds rows by a value computed from them; shared by all who use the same Index value. */
export type Index<T> = {
  readonly name: string;
  readonly of: Collection<T>;
  readonly values: (row: T) => readonly string[];
};

/** One row per value of an index that has at least one row. */
export type GroupRow<T> = Row & {readonly rows: readonly T[]};

/** Erased forms, for the engine's own use: definitions of rows of any type side by side. */
export type AnyCollection = {
  readonly name: string;
  readonly keyOf: (row: never) => string;
  readonly labelsOf?: (row: never) => Labels;
  readonly definition: Definition;
};
export type AnyIndex = {
  readonly name: string;
  readonly of: AnyCollection;
  readonly values: (row: never) => readonly string[];
};

export type InputDefinition = {
  readonly kind: 'input';
  readonly name: string;
};
export type DeriveDefinition = {
  readonly kind: 'derive';
  readonly name: string;
  readonly from: AnyCollection | undefined;
  readonly reads: readonly AnyCollection[];
  /** Collection name of each output, by the property under which the transform returns its rows. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly output: string;
  readonly run: (ctx: Context, row: never) => ReadonlyMap<string, readonly Row[]>;
};
export type GroupDefinition = {readonly kind: 'group'; readonly name: string; readonly index: AnyIndex};
export type DistinctDefinition = {readonly kind: 'distinct'; readonly name: string; readonly index: AnyIndex};
export type JoinDefinition = {
  readonly kind: 'join';
  readonly name: string;
  readonly sources: readonly AnyCollection[];
  /** A union promises that no key is in two sources; a join lets the first source win. */
  readonly disjoint: boolean;
};
export type Definition = InputDefinition | DeriveDefinition | GroupDefinition | DistinctDefinition | JoinDefinition;
