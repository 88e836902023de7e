/** What the transforms of all programs do with their context. */
import type {Labels, LabelSelector} from '../../src/krt/index.ts';
import type {Expression, MatchSide, ReadSpec, Scope, TransformSpec} from './program.ts';
import {matchOf, readTargets} from './program.ts';
import {
  type Cell,
  emitRows,
  emitStatus,
  hash,
  canonical,
  type IndexName,
  labelsOf,
  namespaceOf,
  nOf,
  type ProjectionName,
  refOf,
  type Shape,
  tagOf,
} from './program-rows.ts';

/** A read as executed: which rows of which collection, and what of them is used. */
export type Read = {
  readonly from: number;
  readonly where:
    | {readonly kind: 'key'; readonly value: string}
    | {readonly kind: 'index'; readonly index: IndexName; readonly value: string}
    | {
        readonly kind: 'match';
        readonly match: number;
        readonly side: MatchSide;
        readonly other: number;
        readonly namespaced: boolean;
        readonly value: string;
      }
    | {readonly kind: 'all'}
    | {readonly kind: 'select'; readonly selector: LabelSelector | undefined; readonly namespace: string | undefined}
    | {readonly kind: 'selecting'; readonly labels: Labels; readonly namespace: string | undefined};
  readonly interest: 'rows' | 'count' | 'exists';
  readonly project: ProjectionName | undefined;
};

/** How a transform reaches what is around it: `ask` answers one read, `discard` is that of the context. */
export type Surroundings = {readonly ask: (read: Read) => unknown; readonly discard: () => void};

export type Made = {readonly rows: readonly Cell[]; readonly status: readonly Cell[]};

/** What the transforms of moody nodes throw. */
export class Refusal extends Error {}

/** The row that the transforms of singletons make believe to be called with. */
export const ONLY: Cell = {key: 'only'};

/** The transform of a node, as a pure function of its row and of what it is answered. */
export function transform(
  node: TransformSpec & {readonly shape?: Shape},
  row: Cell,
  scope: Scope,
  {ask, discard}: Surroundings,
): Made {
  const {throws, discards} = node.mood;
  const own = hash(canonical([row, 'mood']));
  if (throws === 'early' && own % 3 === 0) throw new Refusal(`no ${row.key}`);
  if (discards === 'early' && own % 5 < 2) discard();
  const answers = performReads(node.reads, row, scope, ask);
  const all = hash(canonical([row, answers]));
  if (throws === 'late' && all % 3 === 0) throw new Refusal(`no more ${row.key}`);
  if (discards === 'late' && all % 5 < 2) discard();
  return {rows: emitRows(node.shape ?? 'one', row, answers), status: emitStatus(row, answers)};
}

function performReads(
  specs: readonly ReadSpec[],
  row: Cell,
  scope: Scope,
  ask: (read: Read) => unknown,
): readonly unknown[] {
  const answers: unknown[] = [];
  for (const spec of specs) {
    const previous = answers.at(-1);
    if (spec.when === 'odd' && nOf(row) % 2 === 0) continue;
    if (spec.when === 'found' && (previous === undefined || previous === 0 || previous === false)) continue;
    answers.push(ask(resolveRead(spec, row, scope, previous)));
  }
  return answers;
}

function resolveRead(spec: ReadSpec, row: Cell, scope: Scope, previous: unknown): Read {
  const {where} = spec;
  const project = spec.project === 'varies' ? (nOf(row) % 2 === 0 ? 'n' : 'tag') : spec.project;
  const [from = 0, other] = readTargets(spec, scope);
  const evaluate = (expression: Expression): string => evaluateFor(expression, row, previous);
  const whole = {interest: 'rows', project: undefined} as const;
  // Only what has a namespace can be narrowed to one.
  const namespace =
    'namespaced' in where && where.namespaced && scope.namespaced.has(from) ? namespaceOf(row) : undefined;
  switch (where.kind) {
    case 'key':
      return {from, where: {kind: 'key', value: evaluate(where.key)}, interest: where.interest, project};
    case 'index': {
      const {index, interest} = where;
      return {from, where: {kind: 'index', index, value: evaluate(where.value)}, interest, project};
    }
    case 'match': {
      const match = matchOf(spec, scope);
      if (match === undefined || other === undefined) return {from, where: {kind: 'all'}, ...whole};
      const {side, interest} = where;
      const {namespaced} = match;
      const value = evaluate(where.value);
      const found = {kind: 'match', match: scope.matches.indexOf(match), side, other, namespaced, value} as const;
      return {from, where: found, interest, project};
    }
    case 'all':
      return {from, where: {kind: 'all'}, interest: where.interest, project: undefined};
    case 'select':
      return {from, where: {kind: 'select', selector: where.selector, namespace}, ...whole};
    case 'selecting': {
      const labels = where.labels === 'own' ? labelsOf(row) : where.labels;
      return {from, where: {kind: 'selecting', labels, namespace}, ...whole};
    }
  }
}

function evaluateFor(expression: Expression, row: Cell, previous: unknown): string {
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
}

/** A key found in what was read before: makes chains of reads. */
function keyIn(answer: unknown): string | undefined {
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (typeof first !== 'object' || first === null) return undefined;
  if ('ref' in first && typeof first.ref === 'string') return first.ref;
  return 'key' in first && typeof first.key === 'string' ? first.key : undefined;
}
