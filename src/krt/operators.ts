/** The operators: functions that make definitions. Each has one sentence on when to reach for it. */
import type {Context} from './context.ts';
import type {
  AnyCollection,
  Collection,
  DeriveDefinition,
  Definition,
  GroupRow,
  Index,
  Input,
  Labelled,
  Labels,
  Row,
} from './definition.ts';

const rowKey = (row: Row): string => row.key;

type InputOptions<T> = {
  readonly key: (row: T) => string;
  readonly labels?: (row: T) => Labels;
};

/** A collection that is written from outside: by a provider, by the settings, by what proxies report. */
export function input<T>(
  name: string,
  options: InputOptions<T> & {readonly labels: (row: T) => Labels},
): Input<T> & Labelled<T>;
export function input<T>(name: string, options: InputOptions<T>): Input<T>;
export function input<T>(name: string, {key, labels}: InputOptions<T>): Input<T> {
  return {name, keyOf: key, definition: {kind: 'input', name}, ...(labels && {labelsOf: labels})};
}

type Produced<Out> = Out | readonly Out[] | undefined;

const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const hasKey = (row: unknown): boolean =>
  typeof row === 'object' && row !== null && 'key' in row && typeof row.key === 'string';

/** Throws, and so fails the transform, where something else than rows was returned: extensions may be untyped. */
function toRows<Out extends Row>(produced: Produced<Out>): readonly Out[] {
  if (produced === undefined) return [];
  const rows: readonly Out[] = isArray(produced) ? produced : [produced];
  if (!rows.every(hasKey)) throw new Error('a transform returned what is not a row: a row is an object with a key');
  return rows;
}

type DeriveOptions<In, Out> = {
  readonly from: Collection<In>;
  /** Collections the transform reads, where known: spares the engine the discovery at run time. */
  readonly reads?: readonly AnyCollection[];
  readonly rows: (ctx: Context, row: In) => Produced<Out>;
};

/** One row becomes none, one or several rows; the everyday operator. */
export function derive<In, Out extends Row>(name: string, options: DeriveOptions<In, Out>): Collection<Out> {
  const {from, reads = [], rows} = options;
  return collection(name, {
    kind: 'derive',
    name,
    from,
    reads,
    outputs: new Map([['rows', name]]),
    output: 'rows',
    run: (ctx, row) => new Map([['rows', toRows(rows(ctx, row))]]),
  });
}

/**
 * Like derive, with several outputs that commit together, such as rows and status: `outputs` names the collection
 * of each property that the transform returns.
 */
export function deriveOutputs<In, O extends Readonly<Record<string, Row>>>(
  name: string,
  options: {
    readonly from: Collection<In>;
    readonly reads?: readonly AnyCollection[];
    readonly outputs: {readonly [K in keyof O]: string};
    readonly rows: (ctx: Context, row: In) => {readonly [K in keyof O]: Produced<O[K]>};
  },
): {readonly [K in keyof O]: Collection<O[K]>} {
  const {from, reads = [], rows} = options;
  const outputs = new Map<string, string>(Object.entries(options.outputs));
  const run: DeriveDefinition['run'] = (ctx, row) => {
    const produced: Readonly<Record<string, Produced<Row>>> = rows(ctx, row);
    return new Map([...outputs.keys()].map((output) => [output, toRows(produced[output])]));
  };
  const made: Record<string, Collection<Row>> = {};
  for (const [output, outputName] of outputs) {
    made[output] = collection(outputName, {kind: 'derive', name, from, reads, outputs, output, run});
  }
  // The loop above makes exactly one collection per key of O; TypeScript cannot follow a computed record.
  return made as unknown as {readonly [K in keyof O]: Collection<O[K]>};
}

/** One row made from nothing but what it reads: a summary, a default. */
export function singleton<Out extends Row>(
  name: string,
  options: {readonly reads?: readonly AnyCollection[]; readonly rows: (ctx: Context) => Produced<Out>},
): Collection<Out> {
  const {reads = [], rows} = options;
  return collection(name, {
    kind: 'derive',
    name,
    from: undefined,
    reads,
    outputs: new Map([['rows', name]]),
    output: 'rows',
    run: (ctx) => new Map([['rows', toRows(rows(ctx))]]),
  });
}

/** Finds rows by a value computed from them. Cheap; made once, beside the collection, and shared. */
export function index<T>(
  of: Collection<T>,
  name: string,
  values: (row: T) => string | readonly string[] | undefined,
): Index<T> {
  return {
    name,
    of,
    values: (row) => {
      const found = values(row);
      if (typeof found === 'string') return [found];
      return isArray(found) ? found : [];
    },
  };
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
export function join<T extends Row>(name: string, sources: readonly Collection<T>[]): Collection<T> {
  return collection(name, {kind: 'join', name, sources, disjoint: false});
}

/** All rows of several collections that never share a key; a shared key is reported, and the earlier wins. */
export function union<T extends Row>(name: string, sources: readonly Collection<T>[]): Collection<T> {
  return collection(name, {kind: 'join', name, sources, disjoint: true});
}

function collection<T extends Row>(name: string, definition: Definition): Collection<T> {
  return {name, keyOf: rowKey, definition};
}
