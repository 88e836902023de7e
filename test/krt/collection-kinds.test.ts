import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  type AnyCollection,
  type Collection,
  createGraph,
  derive,
  deriveOutputs,
  distinct,
  type Graph,
  group,
  index,
  input,
  join,
  matchJoin,
  merge,
  nested,
  type Row,
  singleton,
  transformErrors,
  union,
} from '../../src/krt/index.ts';
import {Fold} from './fold.ts';
import type {Operation} from './program.ts';
import {cell, operation, runs} from './program-arbitrary.ts';
import {
  canonical,
  type Cell,
  indexValues,
  type IndexName,
  labelsOf,
  mergeRows,
  nOf,
  selectorOf,
} from './program-rows.ts';

/** One contract for every kind of collection: what indexes find, and what lists, gets, counts and streams say. */
const traits = {key: ({key}: Cell) => key, labels: labelsOf, selector: selectorOf};
const left = input<Cell>('left', traits);
const right = input<Cell>('right', traits);
const byTag = index(left, 'tag', ({tag}) => tag);
const split = deriveOutputs<Cell, {rows: Cell; status: Cell}>('split', {
  from: left,
  outputs: {rows: 'split-rows', status: 'split-status'},
  rows: (_, row) => ({rows: [row, {...row, key: `${row.key}-2`}], status: {key: row.key, n: row.n ?? 0}}),
});
const match = matchJoin('match', {selectors: left, targets: right});
const brittle = derive('brittle', {
  from: left,
  rows: (_, row) => {
    if (nOf(row) % 2 === 1) throw new Error(`no ${row.tag}`);
    return row;
  },
});

type Kind = {
  readonly collection: Collection<Cell>;
  /** What has to be alive beside it. */
  readonly beside?: readonly AnyCollection[];
  readonly permanent?: 'rows';
};

/** Rows of any kind are Cells, but a Collection is not covariant in its rows, because of keyOf. */
const cells = <T>(collection: Collection<T>): Collection<Cell> => collection as unknown as Collection<Cell>;

const kinds: Readonly<Record<string, Kind>> = {
  input: {collection: left},
  derive: {collection: derive('derived', {from: left, rows: (_, row): Cell => ({...row, n: nOf(row) + 1})})},
  'first of several outputs': {collection: split.rows},
  'second of several outputs': {collection: split.status},
  singleton: {
    collection: singleton('summary', {rows: (ctx): Cell => ({key: 'x', n: ctx.count(left), tag: 'x'})}),
    permanent: 'rows',
  },
  group: {collection: cells(group('grouped', byTag))},
  distinct: {collection: distinct('tags', byTag)},
  join: {collection: join('joined', [left, right])},
  union: {collection: union('united', [left, right])},
  merge: {collection: merge('merged', [left, right], mergeRows)},
  nested: {
    collection: nested('nested', {from: left, member: (row) => [right, split.rows, undefined][nOf(row) % 3]}),
  },
  'nested, merging': {
    collection: nested('nested-merged', {
      from: left,
      member: (row) => [right, split.rows, undefined][nOf(row) % 3],
      merge: mergeRows,
    }),
  },
  'group over the targets of a match': {collection: cells(group('targets', match.targets))},
  'group over the selectors of a match': {collection: cells(group('selectors', match.selectors))},
  'distinct over a match': {collection: distinct('selecting', match.targets)},
  'transform errors': {collection: cells(transformErrors), beside: [brittle]},
};

type Question = Row & {readonly value: string};
const questions = input<Question>('questions', {key: ({key}) => key});

const INDEXES: readonly IndexName[] = ['tag', 'parity', 'multi', 'some'];
const VALUES = ['x', 'y', 'z', 'a', 'b'];

const steps = fc.array(fc.array(operation, {minLength: 1, maxLength: 4}), {maxLength: 8, size: 'max'});

function write(graph: Graph, operations: readonly Operation[]): void {
  graph.commit((tx) => {
    for (const one of operations) {
      if (one.kind === 'fire') continue;
      const target = one.input === 0 ? left : right;
      if (one.kind === 'set') tx.set(target, one.row);
      else if (one.kind === 'delete') tx.delete(target, one.key);
      else tx.replaceAll(target, one.rows);
    }
  });
}

/** Rows but for the epoch in which they were made, which the rows of errors tell. */
const contentOf = (rows: readonly Cell[]): string => canonical(rows.map((row) => ({...row, epoch: undefined})));

describe.each(Object.entries(kinds))('a collection of kind %s', (_, {collection, beside = [], permanent}) => {
  const made = (...outputs: readonly AnyCollection[]): Graph =>
    createGraph({outputs: [left, right, ...beside, ...outputs]});

  it('has indexes that find what a filter finds, and readers of them that keep up', () => {
    const indexes = INDEXES.map((name) => index(collection, name, (row) => indexValues(name, row)));
    const answers = derive('answers', {
      from: questions,
      rows: (ctx, {key, value}) => ({
        key,
        lists: indexes.map((by) => ctx.list(by, value)),
        tags: indexes.map((by) => ctx.list(by, value, ({tag}) => tag)),
        counts: indexes.map((by) => ctx.count(by, value)),
        exist: indexes.map((by) => ctx.exists(by, value)),
        row: ctx.get(collection, value),
        there: ctx.exists(collection, value),
        size: ctx.count(collection),
      }),
    });
    fc.assert(
      fc.property(steps, (commits) => {
        const graph = made(answers);
        graph.commit((tx) =>
          tx.replaceAll(
            questions,
            VALUES.map((value) => ({key: value, value})),
          ),
        );
        for (const operations of commits) {
          write(graph, operations);
          const all = graph.list(collection);
          const expected = [...VALUES].sort().map((value) => {
            const found = INDEXES.map((name) => all.filter((row) => indexValues(name, row).includes(value)));
            const row = all.find(({key}) => key === value);
            return {
              key: value,
              lists: found,
              tags: found.map((rows) => rows.map(({tag}) => tag)),
              counts: found.map((rows) => rows.length),
              exist: found.map((rows) => rows.length > 0),
              row,
              there: row !== undefined,
              size: all.length,
            };
          });
          expect(canonical(graph.list(answers))).toBe(canonical(expected));
        }
      }),
      runs(60),
    );
  });

  it('is listed by key, and got, sized and dumped alike', () => {
    fc.assert(
      fc.property(fc.array(cell), fc.array(cell), (some, others) => {
        const graph = made(collection);
        graph.commit((tx) => {
          tx.replaceAll(left, some);
          tx.replaceAll(right, others);
        });
        const all = graph.list(collection);
        const keys = all.map(({key}) => key);
        expect(keys).toEqual([...new Set(keys)].sort());
        expect(graph.size(collection)).toBe(all.length);
        for (const row of all) expect(graph.get(collection, row.key)).toBe(row);
        expect(graph.get(collection, 'no such key')).toBeUndefined();
        expect(graph.dump(collection).map(({key, row}) => ({key, row}))).toEqual(
          all.map((row) => ({key: row.key, row})),
        );
      }),
      runs(30),
    );
  });

  it('tells those who come late what it told the early ones, and is the same when it is brought alive late', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const [graph, other] = [made(collection), made()];
        const early = new Fold<Cell>(graph.list(collection));
        graph.subscribe(collection, (delta) => early.add(delta));
        for (const operations of before) {
          write(graph, operations);
          write(other, operations);
        }
        const late = new Fold<Cell>();
        graph.subscribe(collection, (delta) => late.add(delta), {replay: true});
        const lazy = new Fold<Cell>();
        other.subscribe(collection, (delta) => lazy.add(delta), {replay: true});
        for (const operations of [[], ...after]) {
          write(graph, operations);
          write(other, operations);
          const all = contentOf(graph.list(collection));
          for (const fold of [early, late, lazy]) expect(contentOf(fold.list())).toBe(all);
        }
      }),
      runs(40),
    );
  });

  it('says nothing when its sources are replaced by equal rows, and all that goes when they are deleted', () => {
    fc.assert(
      fc.property(fc.array(cell), fc.array(cell), (some, others) => {
        const graph = made(collection);
        const replace = (one: readonly Cell[], other: readonly Cell[]) =>
          graph.commit((tx) => {
            tx.replaceAll(left, structuredClone(one));
            tx.replaceAll(right, structuredClone(other));
          });
        replace(some, others);
        const present = graph.list(collection);
        const fold = new Fold<Cell>(present);
        graph.subscribe(collection, (delta) => fold.add(delta));
        replace(some, others);
        expect(fold.deltas).toBe(0);
        expect(graph.list(collection)).toEqual(present);
        replace([], []);
        expect(fold.list()).toEqual(graph.list(collection));
        expect(graph.size(collection)).toBe(permanent === 'rows' ? 1 : 0);
        replace(some, others);
        expect(contentOf(graph.list(collection))).toBe(contentOf(present));
        expect(contentOf(fold.list())).toBe(contentOf(present));
      }),
      runs(30),
    );
  });

  it('ends empty, with nobody registered, when its sources are emptied', () => {
    const indexed = index(collection, 'tag', (row) => indexValues('tag', row));
    const reader = derive('reader', {
      from: left,
      rows: (ctx, {key}) => ({key, n: ctx.count(indexed, key), all: ctx.list(collection).length}),
    });
    const graph = made(reader);
    graph.commit((tx) => {
      tx.set(left, {key: 'a', n: 1, tag: 'x'});
      tx.set(right, {key: 'b', n: 1, tag: 'x'});
    });
    graph.commit((tx) => {
      tx.replaceAll(left, []);
      tx.replaceAll(right, []);
    });
    expect(graph.size(reader)).toBe(0);
    expect(graph.size(collection)).toBe(permanent === 'rows' ? 1 : 0);
    expect(graph.registrations()).toBe(permanent === 'rows' ? 1 : 0);
  });

  it('can be let go of, is freed with all that only it needed, and comes back as it would be', () => {
    const isInput = collection === left;
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const graph = made();
        const names = () => graph.nodes().map(({name}) => name);
        const start = names();
        for (const operations of before) write(graph, operations);
        const present = contentOf(graph.list(collection));
        graph.retire(collection);
        expect(names()).toEqual(isInput ? start.filter((name) => name !== 'left') : start);
        expect(graph.registrations()).toBe(0);
        // An input that nobody needs forgets its rows; everything else is made again from those of others.
        expect(contentOf(graph.list(collection))).toBe(isInput ? '[]' : present);
        graph.retire(collection);
        for (const operations of after) write(graph, operations);
        if (isInput) return;
        const fresh = made();
        for (const operations of [...before, ...after]) write(fresh, operations);
        expect(contentOf(graph.list(collection))).toBe(contentOf(fresh.list(collection)));
      }),
      runs(30),
    );
  });

  it('is gone with its graph, which then says nothing more and answers nothing', () => {
    const graph = made(collection);
    const fold = new Fold<Cell>();
    graph.subscribe(collection, (delta) => fold.add(delta));
    graph.dispose();
    expect(() => graph.list(collection)).toThrow(/disposed/);
    expect(() => graph.get(collection, 'a')).toThrow(/disposed/);
    expect(() => graph.subscribe(collection, () => {})).toThrow(/disposed/);
    expect(() => write(graph, [])).toThrow(/disposed/);
    expect(fold.deltas).toBe(0);
  });
});
