/**
 * What a program means, said as plainly as possible: every collection is computed from nothing, recursively, from the
 * current rows of the inputs. Nothing of the engine is used here.
 */
import type {LabelSelector, Labels} from '../../src/krt/index.ts';
import {
  canonical,
  type Cell,
  emitRows,
  emitStatus,
  indexValues,
  INPUTS,
  type Operation,
  performReads,
  type Program,
  projectRow,
  type Read,
  resolveProgram,
} from './program.ts';

export type Rows = ReadonlyMap<string, Cell>;
export type Sources = readonly Rows[];

export const NO_SOURCES: Sources = Array.from({length: INPUTS}, () => new Map());

export function applyOperations(sources: Sources, operations: readonly Operation[]): Sources {
  const next = sources.map((rows) => new Map(rows));
  for (const operation of operations) {
    const rows = next[operation.input];
    if (rows === undefined) throw new Error('no such input');
    if (operation.kind === 'set') rows.set(operation.row.key, operation.row);
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

  constructor(program: Program, sources: Sources) {
    const collections: Rows[] = [...sources];
    const at = (number: number): Rows => collections[number] ?? new Map();
    this.collections = collections;
    for (const {node, sources: from} of resolveProgram(program)) {
      const before = collections.length;
      switch (node.kind) {
        case 'derive':
        case 'outputs': {
          const made = byKey(at(from[0] ?? 0)).map((row) => {
            const answers = performReads(node.reads, row, before, (read) => this.answer(read));
            return {rows: emitRows(node.shape, row, answers), status: emitStatus(row, answers)};
          });
          collections.push(firstWins(made.map(({rows}) => rows)));
          if (node.kind === 'outputs') collections.push(firstWins(made.map(({status}) => status)));
          break;
        }
        case 'singleton': {
          const row = {key: 'only'};
          const answers = performReads(node.reads, row, before, (read) => this.answer(read));
          collections.push(firstWins([emitRows('one', row, answers)]));
          break;
        }
        case 'group':
        case 'distinct': {
          const members = new Map<string, Cell[]>();
          for (const row of byKey(at(from[0] ?? 0))) {
            for (const value of new Set(indexValues(node.index, row))) {
              members.set(value, [...(members.get(value) ?? []), row]);
            }
          }
          collections.push(
            new Map([...members].map(([key, rows]) => [key, node.kind === 'group' ? {key, rows} : {key}])),
          );
          break;
        }
        case 'join':
        case 'union':
          collections.push(firstWins(from.map((source) => [...at(source).values()])));
      }
    }
  }

  rows(collection: number): readonly Cell[] {
    return byKey(this.collections[collection] ?? new Map());
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
        case 'all':
          return true;
        case 'select':
          return selects(where.selector, row.labels ?? {});
      }
    });
  }
}

/**
 * Whether what a read was answered, or the part of it that was used, may have changed: the only good reason for a run.
 * A question for existence may be asked again when no row stayed throughout.
 */
export function mayDiffer(read: Read, before: Oracle, after: Oracle): boolean {
  const [old, now] = [before.matches(read), after.matches(read)];
  const keys = (rows: readonly Cell[]) => canonical(rows.map(({key}) => key));
  switch (read.interest) {
    case 'rows':
      return canonical([keys(old), before.answer(read)]) !== canonical([keys(now), after.answer(read)]);
    case 'count':
      return keys(old) !== keys(now);
    case 'exists':
      return keys(old) !== keys(now) && !old.some(({key}) => now.some((row) => row.key === key));
  }
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

const byKey = (rows: Rows): readonly Cell[] => [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));

/** The first of several lists that has a key wins; within a list the last. */
function firstWins(lists: readonly (readonly Cell[])[]): Rows {
  const rows = new Map<string, Cell>();
  for (const list of lists) {
    const own = new Map(list.map((row) => [row.key, row]));
    for (const [key, row] of own) if (!rows.has(key)) rows.set(key, row);
  }
  return rows;
}
