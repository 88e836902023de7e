/**
 * Small generated programs over collections. A program is data: the graph of the engine is compiled from it
 * (program-graph.ts), and a naive interpreter says what it means (program-oracle.ts). What a "user" would have written,
 * the expressions inside transforms, is here and shared by both.
 */
import type {LabelSelector, Labels, Row} from '../../src/krt/index.ts';

/** One row type for all collections: groups have `rows`, all others the rest. */
export type Cell = Row & {
  readonly n?: number;
  readonly tag?: string;
  readonly ref?: string;
  readonly labels?: Labels;
  readonly rows?: readonly Cell[];
  /** Digest of everything the transform was answered. */
  readonly digest?: number;
};

export type IndexName = 'tag' | 'parity' | 'multi' | 'some';
export type ProjectionName = 'n' | 'tag' | 'parity';
/** `varies`: another projection for odd rows than for even ones, in the same place of the transform. */
export type ProjectionSpec = ProjectionName | 'varies' | undefined;
type Expression = 'own' | 'ref' | 'tag' | 'previous' | {readonly constant: string};

/** A read as written: `from` is any number, taken modulo the collections defined before. */
export type ReadSpec = {
  readonly from: number;
  readonly where:
    | {readonly kind: 'key'; readonly key: Expression; readonly interest: 'rows' | 'exists'}
    | {
        readonly kind: 'index';
        readonly index: IndexName;
        readonly value: Expression;
        readonly interest: 'rows' | 'count' | 'exists';
      }
    | {readonly kind: 'all'; readonly interest: 'rows' | 'count'}
    | {readonly kind: 'select'; readonly selector: LabelSelector};
  readonly project: ProjectionSpec;
  /** Reads that are made only sometimes make the dependencies move. */
  readonly when: 'always' | 'odd' | 'found';
};

/** A read as executed: which rows of which collection, and what of them is used. */
export type Read = {
  readonly from: number;
  readonly where:
    | {readonly kind: 'key'; readonly value: string}
    | {readonly kind: 'index'; readonly index: IndexName; readonly value: string}
    | {readonly kind: 'all'}
    | {readonly kind: 'select'; readonly selector: LabelSelector};
  readonly interest: 'rows' | 'count' | 'exists';
  readonly project: ProjectionName | undefined;
};

export type Shape = 'one' | 'fan' | 'maybe' | 'by-tag' | 'coarse';

/** All references are any number, taken modulo what is defined before, so that shrinking a program keeps it valid. */
export type NodeSpec =
  | {
      readonly kind: 'derive';
      readonly from: number;
      readonly reads: readonly ReadSpec[];
      readonly shape: Shape;
      readonly declared: boolean;
    }
  | {
      readonly kind: 'outputs';
      readonly from: number;
      readonly reads: readonly ReadSpec[];
      readonly shape: Shape;
      readonly declared: boolean;
    }
  | {readonly kind: 'singleton'; readonly reads: readonly ReadSpec[]; readonly declared: boolean}
  | {readonly kind: 'group' | 'distinct'; readonly from: number; readonly index: IndexName}
  | {readonly kind: 'join' | 'union'; readonly sources: readonly number[]};

export type Program = {
  readonly nodes: readonly NodeSpec[];
  /** Which collections the graph is asked for; the others come alive when, and if, something reads them. */
  readonly wanted: readonly boolean[];
};

export const INPUTS = 3;

export type Operation =
  | {readonly kind: 'set'; readonly input: number; readonly row: Cell}
  | {readonly kind: 'delete'; readonly input: number; readonly key: string}
  | {readonly kind: 'replaceAll'; readonly input: number; readonly rows: readonly Cell[]};

/** A program with its references resolved: collections are numbered, inputs first. */
export type Resolved = {
  readonly node: NodeSpec;
  readonly name: string;
  /** Numbers of its collections: two for `outputs`. */
  readonly collections: readonly number[];
  readonly sources: readonly number[];
};

const MAX_DEPTH = 5;

export function resolveProgram({nodes}: Program): readonly Resolved[] {
  const depths: number[] = Array.from({length: INPUTS}, () => 0);
  const pick = (wish: number): number => {
    const found = wish % depths.length;
    return (depths[found] ?? 0) < MAX_DEPTH ? found : wish % INPUTS;
  };
  return nodes.map((node, i) => {
    const sources =
      node.kind === 'singleton' ? [] : 'sources' in node ? [...new Set(node.sources.map(pick))] : [pick(node.from)];
    const reads = 'reads' in node ? node.reads.map((read) => readTarget(read, depths.length)) : [];
    const depth = 1 + Math.max(0, ...[...sources, ...reads].map((source) => depths[source] ?? 0));
    const collections = node.kind === 'outputs' ? [depths.length, depths.length + 1] : [depths.length];
    for (const _ of collections) depths.push(depth);
    return {node, name: `${node.kind}-${i}`, collections, sources};
  });
}

/** Reads see what was defined before the node; only inputs have labels. */
export const readTarget = ({from, where}: ReadSpec, before: number): number =>
  from % (where.kind === 'select' ? INPUTS : before);

export const nOf = (row: Cell): number => row.n ?? row.rows?.length ?? row.key.length;
export const tagOf = (row: Cell): string => row.tag ?? row.key.slice(0, 1);
const refOf = (row: Cell): string => row.ref ?? row.key;

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

/** What the transforms of all programs do with their context; `ask` answers one read. */
export function performReads(
  specs: readonly ReadSpec[],
  row: Cell,
  before: number,
  ask: (read: Read) => unknown,
): readonly unknown[] {
  const answers: unknown[] = [];
  for (const spec of specs) {
    const previous = answers.at(-1);
    if (spec.when === 'odd' && nOf(row) % 2 === 0) continue;
    if (spec.when === 'found' && (previous === undefined || previous === 0 || previous === false)) continue;
    answers.push(ask(resolveRead(spec, row, before, previous)));
  }
  return answers;
}

function resolveRead(spec: ReadSpec, row: Cell, before: number, previous: unknown): Read {
  const {where} = spec;
  const project = spec.project === 'varies' ? (nOf(row) % 2 === 0 ? 'n' : 'tag') : spec.project;
  const from = readTarget(spec, before);
  const evaluate = (expression: Expression): string => {
    if (typeof expression === 'object') return expression.constant;
    switch (expression) {
      case 'own':
        return row.key;
      case 'ref':
        return refOf(row);
      case 'tag':
        return tagOf(row);
      case 'previous':
        return keyIn(previous) ?? row.key;
    }
  };
  switch (where.kind) {
    case 'key':
      return {from, where: {kind: 'key', value: evaluate(where.key)}, interest: where.interest, project};
    case 'index':
      return {
        from,
        where: {kind: 'index', index: where.index, value: evaluate(where.value)},
        interest: where.interest,
        project,
      };
    case 'all':
      return {from, where: {kind: 'all'}, interest: where.interest, project: undefined};
    case 'select':
      return {from, where: {kind: 'select', selector: where.selector}, interest: 'rows', project: undefined};
  }
}

/** A key found in what was read before: makes chains of reads. */
function keyIn(answer: unknown): string | undefined {
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (typeof first !== 'object' || first === null) return undefined;
  if ('ref' in first && typeof first.ref === 'string') return first.ref;
  return 'key' in first && typeof first.key === 'string' ? first.key : undefined;
}

const TAGS = ['x', 'y', 'z'];

/** The rows that a transform makes of its input row and of what it was answered. */
export function emitRows(shape: Shape, row: Cell, answers: readonly unknown[]): readonly Cell[] {
  const digest = hash(canonical([nOf(row), answers]));
  const made = (key: string, more: number): Cell => {
    const tag = TAGS[(digest + more) % TAGS.length] ?? 'x';
    const cell = {key, n: (digest + more) % 5, tag, ref: refOf(row)};
    return shape === 'coarse' ? {key, n: digest % 2, tag: 'x'} : {...cell, digest};
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

export function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619) >>> 0;
  return value;
}

/** JSON with sorted keys: equal texts mean equal trees. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
