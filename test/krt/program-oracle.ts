/**
 * What a program means, said as plainly as possible: every collection is computed from nothing, recursively, from the
 * current rows of the inputs. Only what transforms that threw or discarded leave standing comes from before: the last
 * rows of each run, which an oracle hands on to the next. Nothing of the engine is used here.
 */
import type {LabelSelector, Labels} from '../../src/krt/index.ts';
import {
  INPUTS,
  type Operation,
  type Program,
  type Resolved,
  resolveProgram,
  TRIGGER,
  type TransformSpec,
} from './program.ts';
import {type Made, ONLY, type Read, Refusal, transform} from './program-reads.ts';
import {type Cell, indexValues, labelsOf, mergeRows, namespaceOf, nOf, projectRow, selectorOf} from './program-rows.ts';

export type Rows = ReadonlyMap<string, Cell>;
/** The rows of the inputs, and last those of the trigger. */
export type Sources = readonly Rows[];
/** By node and input key: what stands of the last run. */
export type Lasting = ReadonlyMap<string, ReadonlyMap<string, Made>>;

export const NO_SOURCES: Sources = Array.from({length: INPUTS + 1}, () => new Map());

export function applyOperations(sources: Sources, operations: readonly Operation[]): Sources {
  const next = sources.map((rows) => new Map(rows));
  for (const operation of operations) {
    const rows = next[operation.kind === 'fire' ? TRIGGER : operation.input];
    if (rows === undefined) throw new Error('no such input');
    if (operation.kind === 'fire') rows.set('trigger', {key: 'trigger', fired: (rows.get('trigger')?.fired ?? 0) + 1});
    else if (operation.kind === 'set') rows.set(operation.row.key, operation.row);
    else if (operation.kind === 'delete') rows.delete(operation.key);
    else {
      rows.clear();
      for (const row of operation.rows) rows.set(row.key, row);
    }
  }
  return next;
}

export class Oracle {
  readonly collections: readonly Rows[];
  readonly #sorted = new Map<number, readonly Cell[]>();
  readonly lasting: Lasting;
  /** The transforms that threw, as 'node/input key'. */
  readonly failures: readonly string[];

  constructor(program: Program, sources: Sources, before: Lasting = new Map()) {
    const collections: Rows[] = [...sources];
    const lasting = new Map<string, ReadonlyMap<string, Made>>();
    const failures: string[] = [];
    [this.collections, this.lasting, this.failures] = [collections, lasting, failures];
    const at = (number: number | undefined): readonly Cell[] => this.rows(number ?? 0);
    for (const resolved of resolveProgram(program)) {
      const {node, name, sources: from, members} = resolved;
      switch (node.kind) {
        case 'derive':
        case 'outputs':
        case 'singleton': {
          const standing = new Map<string, Made>();
          for (const row of node.kind === 'singleton' ? [ONLY] : at(from[0])) {
            const made = this.#run(node, resolved, row, before.get(name)?.get(row.key), failures);
            if (made !== undefined) standing.set(row.key, made);
          }
          lasting.set(name, standing);
          collections.push(firstWins([...standing.values()].map(({rows}) => rows)));
          if (node.kind === 'outputs') collections.push(firstWins([...standing.values()].map(({status}) => status)));
          break;
        }
        case 'group':
        case 'distinct':
          collections.push(gather(node.kind, at(from[0]), (row) => indexValues(node.index, row)));
          break;
        case 'match': {
          const [selectors, targets] = from.map(at);
          const namespaced = from.every((number) => resolved.scope.namespaced.has(number));
          const [rows, others] = node.side === 'targets' ? [targets, selectors] : [selectors, targets];
          collections.push(
            gather(node.as, rows ?? [], (row) =>
              (others ?? []).filter((other) => pairs(node.side, row, other, namespaced)).map(({key}) => key),
            ),
          );
          break;
        }
        case 'join':
        case 'union':
          collections.push(firstWins(from.map(at)));
          break;
        case 'merge':
          collections.push(merged(from.map(at)));
          break;
        case 'nested': {
          // A collection that several rows stand for counts once, in the place of the first.
          const chosen = new Set(at(from[0]).flatMap((row) => members[nOf(row) % (members.length + 1)] ?? []));
          const lists = [...chosen].map(at);
          collections.push(node.merges ? merged(lists) : firstWins(lists));
        }
      }
    }
  }

  #run(node: TransformSpec, {name, scope}: Resolved, row: Cell, last: Made | undefined, failures: string[]) {
    let discarded = false;
    const discard = () => (discarded = true);
    try {
      const made = transform(node, row, scope, {ask: (read) => this.answer(read), discard});
      return discarded ? (last ?? made) : made;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failures.push(`${name}/${row.key}`);
      // Dropped rows are what a later run that discards leaves standing; where nothing ever stood, its rows count.
      return node.mood.onError === 'keep' ? last : last && {rows: [], status: []};
    }
  }

  rows(collection: number): readonly Cell[] {
    const rows = this.collections[collection] ?? new Map<string, Cell>();
    const sorted = this.#sorted.get(collection) ?? [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#sorted.set(collection, sorted);
    return sorted;
  }

  answer(read: Read): unknown {
    const found = this.matches(read);
    if (read.interest === 'count') return found.length;
    if (read.interest === 'exists') return found.length > 0;
    const rows = found.map((row) => projectRow(read.project, row));
    return read.where.kind === 'key' ? rows[0] : rows;
  }

  matches({from, where}: Read): readonly Cell[] {
    return this.rows(from).filter((row) => {
      switch (where.kind) {
        case 'key':
          return row.key === where.value;
        case 'index':
          return indexValues(where.index, row).includes(where.value);
        case 'match': {
          const other = this.collections[where.other]?.get(where.value);
          return other !== undefined && pairs(where.side, row, other, where.namespaced);
        }
        case 'all':
          return true;
        case 'select':
          return selects(where.selector, labelsOf(row)) && (where.namespace ?? namespaceOf(row)) === namespaceOf(row);
        case 'selecting':
          return selects(selectorOf(row), where.labels) && (where.namespace ?? namespaceOf(row)) === namespaceOf(row);
      }
    });
  }
}

/** Whether two rows match; `row` is that of the side asked for. */
function pairs(side: 'targets' | 'selectors', row: Cell, other: Cell, namespaced: boolean): boolean {
  const [selector, target] = side === 'targets' ? [other, row] : [row, other];
  return selects(selectorOf(selector), labelsOf(target)) && (!namespaced || namespaceOf(row) === namespaceOf(other));
}

/** Requirements one by one, as the Kubernetes documentation lists them. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const pairs = new Map(Object.entries(labels));
  const wanted = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => pairs.get(key) === value);
  const required = (selector.matchExpressions ?? []).every(({key, operator, values}) => {
    const value = pairs.get(key);
    if (operator === 'Exists') return pairs.has(key);
    if (operator === 'DoesNotExist') return !pairs.has(key);
    if (operator === 'In') return value !== undefined && (values ?? []).includes(value);
    if (operator === 'NotIn') return value === undefined || !(values ?? []).includes(value);
    return false;
  });
  return wanted && required;
}

/** The first of several lists that has a key wins; within a list the last. */
function firstWins(lists: readonly (readonly Cell[])[]): Rows {
  const rows = new Map<string, Cell>();
  for (const list of lists) {
    const own = new Map(list.map((row) => [row.key, row]));
    for (const [key, row] of own) if (!rows.has(key)) rows.set(key, row);
  }
  return rows;
}

function merged(lists: readonly (readonly Cell[])[]): Rows {
  const all = lists.flat();
  const holders = (key: string) => all.filter((row) => row.key === key);
  return new Map(all.map(({key}) => [key, mergeRows(holders(key), key)]));
}

function gather(kind: 'group' | 'distinct', rows: readonly Cell[], valuesOf: (row: Cell) => readonly string[]): Rows {
  const keys = new Set(rows.flatMap(valuesOf));
  const members = (key: string) => rows.filter((row) => valuesOf(row).includes(key));
  return new Map([...keys].map((key) => [key, kind === 'group' ? {key, rows: members(key)} : {key}]));
}
