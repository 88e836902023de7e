/** The operators: functions that make definitions. Each has one sentence on when to reach for it. */
import type {Context} from './context.ts';
import type {
  AnyCollection,
  Collection,
  Definition,
  DeriveDefinition,
  ErrorPolicy,
  GroupRow,
  Index,
  Input,
  Labelled,
  Labels,
  Match,
  MatchDefinition,
  Row,
  Selecting,
  Traits,
  Trigger,
  TriggerRow,
} from './definition.ts';
import type {LabelSelector} from './selector.ts';

const rowKey = (row: Row): string => row.key;

type InputOptions<T> = Traits<T> & {readonly key: (row: T) => string};

/** A collection that is written from outside: by a provider, by the settings, by what proxies report. */
export function input<T>(
  name: string,
  options: InputOptions<T> & {
    readonly labels: (row: T) => Labels;
    readonly selector: (row: T) => LabelSelector | undefined;
  },
): Input<T> & Labelled<T> & Selecting<T>;
export function input<T>(
  name: string,
  options: InputOptions<T> & {readonly labels: (row: T) => Labels},
): Input<T> & Labelled<T>;
export function input<T>(
  name: string,
  options: InputOptions<T> & {readonly selector: (row: T) => LabelSelector | undefined},
): Input<T> & Selecting<T>;
export function input<T>(name: string, options: InputOptions<T>): Input<T>;
export function input<T>(name: string, {key, ...traits}: InputOptions<T>): Input<T> {
  return {name, keyOf: key, definition: {kind: 'input', name}, ...named(traits)};
}

/** Something outside the graph that transforms depend on: `ctx.depend(it)` in them, `tx.fire(it)` outside. */
export function trigger(name: string): Trigger {
  return input<TriggerRow>(name, {key: rowKey});
}

type Produced<Out> = Out | readonly Out[] | undefined;

type DeriveOptions<In, Out> = {
  readonly from: Collection<In>;
  /** Collections the transform reads, where known: spares the engine the discovery at run time. */
  readonly reads?: readonly AnyCollection[];
  readonly rows: (ctx: Context, row: In) => Produced<Out>;
  /**
   * When the transform throws: `keep` the last good rows (the default), `drop` them, or `fail`: keep them and let the
   * commit throw, once everything is at rest.
   */
  readonly onError?: ErrorPolicy;
};

/** One row becomes none, one or several rows; the everyday operator. */
export function derive<In, Out extends Row>(
  name: string,
  options: DeriveOptions<In, Out> &
    Traits<Out> & {
      readonly labels: (row: Out) => Labels;
      readonly selector: (row: Out) => LabelSelector | undefined;
    },
): Labelled<Out> & Selecting<Out>;
export function derive<In, Out extends Row>(
  name: string,
  options: DeriveOptions<In, Out> & Traits<Out> & {readonly labels: (row: Out) => Labels},
): Labelled<Out>;
export function derive<In, Out extends Row>(
  name: string,
  options: DeriveOptions<In, Out> & Traits<Out> & {readonly selector: (row: Out) => LabelSelector | undefined},
): Selecting<Out>;
export function derive<In, Out extends Row>(
  name: string,
  options: DeriveOptions<In, Out> & Traits<Out>,
): Collection<Out>;
export function derive<In, Out extends Row>(
  name: string,
  options: DeriveOptions<In, Out> & Traits<Out>,
): Collection<Out> {
  const {from, reads = [], rows, onError = 'keep', ...traits} = options;
  return single(name, {from, reads, onError, run: rows}, traits);
}

/** One row made from nothing but what it reads: a summary, a default. */
export function singleton<Out extends Row>(
  name: string,
  options: Omit<DeriveOptions<never, Out>, 'from' | 'rows'> & {readonly rows: (ctx: Context) => Produced<Out>},
): Collection<Out> {
  const {reads = [], rows, onError = 'keep'} = options;
  return single(name, {from: undefined, reads, onError, run: rows}, {});
}

/**
 * Like derive, with several outputs that commit together, such as rows and status: `outputs` names the collection
 * of each property that the transform returns.
 */
export function deriveOutputs<In, O extends Readonly<Record<string, Row>>>(
  name: string,
  options: Omit<DeriveOptions<In, Row>, 'rows'> & {
    readonly outputs: {readonly [K in keyof O]: string};
    readonly rows: (ctx: Context, row: In) => {readonly [K in keyof O]: Produced<O[K]>};
  },
): {readonly [K in keyof O]: Collection<O[K]>} {
  const {from, reads = [], rows, onError = 'keep'} = options;
  const outputs = new Map<string, AnyCollection>();
  const definition: DeriveDefinition = {kind: 'derive', name, from, reads, outputs, onError, run: rows};
  const made: Record<string, Collection<Row>> = {};
  for (const [output, outputName] of Object.entries<string>(options.outputs)) {
    made[output] = collection(outputName, definition);
    outputs.set(output, made[output]);
  }
  // The loop above makes exactly one collection per output; TypeScript cannot follow a computed record.
  return made as unknown as {readonly [K in keyof O]: Collection<O[K]>};
}

/** Finds rows by a value computed from them. Cheap; made once, beside the collection, and shared. */
export function index<T>(of: Collection<T>, name: string, values: Index<T>['values']): Index<T> {
  return {name, of, values};
}

/** One row per index value, holding all rows with it: for things assembled from many rows. */
export function group<T>(name: string, by: Index<T>): Collection<GroupRow<T>> {
  return collection(name, {kind: 'group', name, index: by});
}

/** One row per index value in use, holding nothing else: changes only when a value appears or goes. */
export function distinct<T>(name: string, by: Index<T>): Collection<Row> {
  return collection(name, {kind: 'distinct', name, index: by});
}

/** All rows of several collections; where two have a key, the earlier collection wins. */
export function join<T extends Row>(
  name: string,
  sources: readonly Collection<T>[],
  traits: Traits<T> = {},
): Collection<T> {
  return collection(name, {kind: 'join', name, sources, disjoint: false}, traits);
}

/** All rows of several collections that never share a key; a shared key is reported, and the earlier wins. */
export function union<T extends Row>(
  name: string,
  sources: readonly Collection<T>[],
  traits: Traits<T> = {},
): Collection<T> {
  return collection(name, {kind: 'join', name, sources, disjoint: true}, traits);
}

/**
 * One row per key of several collections, made of all the rows that have the key, in the order in which the collections
 * are given. `mergeRows` is pure, is given at least one row, and returns a row of that key.
 */
export function merge<T extends Row, Out extends Row = T>(
  name: string,
  sources: readonly Collection<T>[],
  mergeRows: (rows: readonly T[], key: string) => Out,
  traits: Traits<Out> = {},
): Collection<Out> {
  return collection(name, {kind: 'merge', name, sources, merge: mergeRows}, traits);
}

/**
 * The rows of collections that are themselves told by rows: each row of `from` stands for one (or, undefined, for none).
 * Where several have a key, the one of the lowest row of `from` wins, unless `merge` makes one row of them all.
 */
export function nested<S, T extends Row>(
  name: string,
  options: Traits<T> & {
    readonly from: Collection<S>;
    readonly member: (row: S) => Collection<T> | undefined;
    readonly merge?: (rows: readonly T[], key: string) => T;
  },
): Collection<T> {
  const {from, member, merge: mergeRows, ...traits} = options;
  return collection(name, {kind: 'nested', name, from, member, ...(mergeRows && {merge: mergeRows})}, traits);
}

/**
 * Which rows of one collection select which of another by label, both ways round, for shapes in which many select many:
 * read it as the indexes `targets` (by the key of the selecting row) and `selectors` (by the key of the target), or
 * make it a collection with `group` or `distinct`. Where both collections have a namespace, only rows of the same one
 * match.
 */
export function matchJoin<S, T>(
  name: string,
  {selectors, targets}: {readonly selectors: Selecting<S>; readonly targets: Labelled<T>},
): Match<S, T> {
  const values = (): undefined => undefined;
  const side = <R>(of: Collection<R>, which: 'targets' | 'selectors'): Index<R> => ({
    name: `${name}.${which}`,
    of,
    values,
    // Read only once both sides are made.
    get match() {
      return {definition, side: which};
    },
  });
  const sides = {targets: side(targets, 'targets'), selectors: side(selectors, 'selectors')};
  const definition: MatchDefinition = {kind: 'match', name, selectors, targets, sides};
  return {name, ...sides};
}

function single<Out extends Row>(
  name: string,
  definition: Omit<DeriveDefinition, 'kind' | 'name' | 'outputs'>,
  traits: Traits<Out>,
): Collection<Out> {
  const outputs = new Map<string, AnyCollection>();
  const made = collection(name, {kind: 'derive', name, outputs, ...definition}, traits);
  outputs.set('', made);
  return made;
}

function collection<T extends Row>(name: string, definition: Definition, traits: Traits<T> = {}): Collection<T> {
  return {name, keyOf: rowKey, definition, ...named(traits)};
}

/** Traits as a collection has them. */
const named = <T>({labels, selector, namespace, equals}: Traits<T>) => ({
  ...(labels && {labelsOf: labels}),
  ...(selector && {selectorOf: selector}),
  ...(namespace && {namespaceOf: namespace}),
  ...(equals && {equals}),
});
