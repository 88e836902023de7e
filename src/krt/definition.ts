/**
 * Definitions are values: they say what a collection is made of and hold no state. A graph (graph.ts) turns
 * the definitions that its outputs reach into nodes. Names are unique within a graph.
 */
import type {Context} from './context.ts';
import type {LabelSelector} from './selector.ts';

/** Every derived row carries its own key, unique within its collection. */
export type Row = {readonly key: string};

export type Labels = Readonly<Record<string, string>>;

/**
 * When a row counts as unchanged, so that nothing downstream runs: `structural` compares trees of plain data (the
 * default), `identity` only references, a function decides for itself; it must be pure.
 */
export type Equality<T> = 'structural' | 'identity' | ((old: T, now: T) => boolean);

/** What the engine may know of the rows of a collection besides their keys. All functions must be pure. */
export type Traits<T> = {
  /** Makes the collection a `Labelled` one: `ctx.select` finds its rows by their labels. */
  readonly labels?: (row: T) => Labels;
  /** Makes it a `Selecting` one: `ctx.selecting` finds the rows whose selector matches given labels. */
  readonly selector?: (row: T) => LabelSelector | undefined;
  /** What selections can be narrowed to, at no cost. */
  readonly namespace?: (row: T) => string;
  readonly equals?: Equality<T>;
};

/** What is common to all definitions. `rowType` exists in types only. */
export type Collection<T> = {
  readonly name: string;
  readonly keyOf: (row: T) => string;
  readonly labelsOf?: (row: T) => Labels;
  readonly selectorOf?: (row: T) => LabelSelector | undefined;
  readonly namespaceOf?: (row: T) => string;
  readonly equals?: Equality<T>;
  readonly definition: Definition;
  readonly rowType?: T;
};

/** A collection whose rows have labels, and can be asked for with `ctx.select`. */
export type Labelled<T> = Collection<T> & {readonly labelsOf: (row: T) => Labels};

/** A collection whose rows select others by label, and can be asked for with `ctx.selecting`. */
export type Selecting<T> = Collection<T> & {readonly selectorOf: (row: T) => LabelSelector | undefined};

/** A collection that is written from outside the graph. */
export type Input<T> = Collection<T> & {readonly definition: InputDefinition};

/** Stands for something outside the graph that transforms depend on: who read it runs again when it is fired. */
export type Trigger = Input<TriggerRow>;
export type TriggerRow = Row & {readonly fired: number};

/** Finds rows by a value computed from them; shared by all who use the same Index value. */
export type Index<T> = {
  readonly name: string;
  readonly of: Collection<T>;
  readonly values: (row: T) => string | readonly string[] | undefined;
  /** Set on the two sides of a `matchJoin`, whose values do not come from the row alone. */
  readonly match?: {readonly definition: MatchDefinition; readonly side: 'targets' | 'selectors'};
};

/** Which rows select which, both ways round; maintained, not stored: it costs what changes. */
export type Match<S, T> = {
  readonly name: string;
  /** The targets that a selecting row matches, by its key. */
  readonly targets: Index<T>;
  /** The rows whose selector matches a target, by its key. */
  readonly selectors: Index<S>;
};

/** One row per value of an index that has at least one row. */
export type GroupRow<T> = Row & {readonly rows: readonly T[]};

/** What becomes of the rows of an input whose transform throws. */
export type ErrorPolicy = 'keep' | 'drop' | 'fail';

/** Erased forms, for the engine's own use: definitions of rows of any type side by side. */
export type AnyCollection = {
  readonly name: string;
  readonly keyOf: (row: never) => string;
  readonly labelsOf?: (row: never) => Labels;
  readonly selectorOf?: (row: never) => LabelSelector | undefined;
  readonly namespaceOf?: (row: never) => string;
  readonly equals?: Equality<never>;
  readonly definition: Definition;
};
export type AnyIndex = {
  readonly name: string;
  readonly of: AnyCollection;
  readonly values: (row: never) => string | readonly string[] | undefined;
  /** Where it is known faster than by the values that they are the same for two rows. */
  readonly unchanged?: (old: never, now: never) => boolean;
  readonly match?: {readonly definition: MatchDefinition; readonly side: 'targets' | 'selectors'};
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
  /** The collection of each output, by the property under which the transform returns its rows; one, named '', where it returns the rows themselves. */
  readonly outputs: ReadonlyMap<string, AnyCollection>;
  readonly onError: ErrorPolicy;
  readonly run: (ctx: Context, row: never) => unknown;
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
export type MergeDefinition = {
  readonly kind: 'merge';
  readonly name: string;
  readonly sources: readonly AnyCollection[];
  /** Makes one row of all rows of a key, in the order of the sources. */
  readonly merge: (rows: readonly never[], key: string) => Row;
};
export type NestedDefinition = {
  readonly kind: 'nested';
  readonly name: string;
  readonly from: AnyCollection;
  readonly member: (row: never) => AnyCollection | undefined;
  /** Makes one row of all rows of a key, in the order of the keys of `from`; absent = the first wins. */
  readonly merge?: (rows: readonly never[], key: string) => Row;
};
export type MatchDefinition = {
  readonly kind: 'match';
  readonly name: string;
  readonly selectors: AnyCollection;
  readonly targets: AnyCollection;
  /** The two indexes that it is read through. */
  readonly sides: {readonly targets: AnyIndex; readonly selectors: AnyIndex};
};
export type Definition =
  | InputDefinition
  | DeriveDefinition
  | GroupDefinition
  | DistinctDefinition
  | JoinDefinition
  | MergeDefinition
  | NestedDefinition
  | MatchDefinition;
