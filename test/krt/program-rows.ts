/**
 * What a "user" would have written about rows: their traits, indexes, projections, and what transforms make of what they
 * read. All pure, and shared by the graph of a program and by its oracle.
 */
import type {Labels, LabelSelector, Row} from '../../src/krt/index.ts';

/** One row type for all collections: groups have `rows`, a trigger has `fired`, all others the rest. */
export type Cell = Row & {
  readonly n?: number;
  readonly tag?: string;
  readonly ref?: string;
  readonly ns?: string;
  readonly labels?: Labels;
  readonly selector?: LabelSelector;
  readonly rows?: readonly Cell[];
  readonly fired?: number;
  /** Digest of everything the transform was answered. */
  readonly digest?: number;
};

export const nOf = (row: Cell): number => row.n ?? row.fired ?? row.rows?.length ?? row.key.length;
export const tagOf = (row: Cell): string => row.tag ?? row.key.slice(0, 1);
export const refOf = (row: Cell): string => row.ref ?? row.key;
export const namespaceOf = (row: Cell): string => row.ns ?? (nOf(row) % 2 === 0 ? 'm' : 'n');

/** Names that every object inherits are in, since labels may be called that. */
const LABELS: readonly Labels[] = [
  {app: 'p'},
  {app: 'q', tier: 'p'},
  {},
  {tier: 'q', constructor: 'p'},
  {app: '', tier: 'q'},
];

const SELECTORS: readonly (LabelSelector | undefined)[] = [
  {matchLabels: {app: 'p'}},
  {},
  {matchExpressions: [{key: 'app', operator: 'In', values: ['p', '']}]},
  undefined,
  {matchLabels: {}, matchExpressions: [{key: 'app', operator: 'NotIn', values: ['p', 'q']}]},
  {matchLabels: {tier: 'q'}, matchExpressions: [{key: 'app', operator: 'Exists'}]},
  {matchExpressions: [{key: 'constructor', operator: 'DoesNotExist'}]},
];

const spread = (row: Cell): number => nOf(row) + tagOf(row).charCodeAt(0);

export const labelsOf = (row: Cell): Labels => row.labels ?? LABELS[spread(row) % LABELS.length] ?? {};
export const selectorOf = (row: Cell): LabelSelector | undefined =>
  row.selector ?? SELECTORS[spread(row) % SELECTORS.length];

export type IndexName = 'tag' | 'parity' | 'multi' | 'some';

export function indexValues(index: IndexName, row: Cell): readonly string[] {
  switch (index) {
    case 'tag':
      return [tagOf(row)];
    case 'parity':
      return [nOf(row) % 2 === 0 ? 'x' : 'y'];
    case 'multi':
      return [tagOf(row), refOf(row)];
    case 'some':
      return nOf(row) % 2 === 0 ? [] : [tagOf(row)];
  }
}

export type ProjectionName = 'n' | 'tag' | 'parity';

export function projectRow(projection: ProjectionName | undefined, row: Cell): unknown {
  switch (projection) {
    case undefined:
      return row;
    case 'n':
      return nOf(row);
    case 'tag':
      return {tag: tagOf(row)};
    case 'parity':
      return nOf(row) % 2;
  }
}

export type Shape = 'one' | 'fan' | 'maybe' | 'by-tag' | 'coarse';

const TAGS = ['x', 'y', 'z'];

/** The rows that a transform makes of its input row and of what it was answered. */
export function emitRows(shape: Shape, row: Cell, answers: readonly unknown[]): readonly Cell[] {
  const digest = hash(canonical([nOf(row), answers]));
  const made = (key: string, more: number): Cell => {
    if (shape === 'coarse') return {key, n: digest % 2, tag: 'x'};
    const tag = TAGS[(digest + more) % TAGS.length] ?? 'x';
    return {key, n: (digest + more) % 5, tag, ref: refOf(row), ns: namespaceOf(row), digest};
  };
  switch (shape) {
    case 'one':
    case 'coarse':
      return [made(row.key, 0)];
    case 'fan':
      return Array.from({length: nOf(row) % 3}, (_, i) => made(`${row.key}.${i}`, i));
    case 'maybe':
      return digest % 2 === 0 ? [] : [made(row.key, 0)];
    case 'by-tag':
      return [made(tagOf(row), 0)];
  }
}

/** A second output, such as a status: one row per input, and one that inputs fight over. */
export const emitStatus = (row: Cell, answers: readonly unknown[]): readonly Cell[] => [
  {key: row.key, n: answers.length, tag: tagOf(row)},
  {key: `of-${tagOf(row)}`, n: nOf(row)},
];

/** One row of all that have a key: it tells their order apart. */
export function mergeRows(rows: readonly Cell[], key: string): Cell {
  const n = rows.reduce((sum, row) => sum + nOf(row), 0) % 5;
  const [first] = rows;
  if (first === undefined) throw new Error(`a merge of nothing for ${key}`);
  return {key, n, tag: tagOf(first), ref: refOf(first), ns: namespaceOf(first), digest: hash(canonical(rows))};
}

export function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619) >>> 0;
  return value;
}

const texts = new WeakMap<object, string>();

/** JSON with sorted keys: equal texts mean equal trees. What it was given once must not be changed. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = Array.isArray(value) ? `[${value.map(canonical).join()}]` : `{${members(value).join()}}`;
  texts.set(value, text);
  return text;
}

const members = (value: object): readonly string[] =>
  Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
    .sort();
