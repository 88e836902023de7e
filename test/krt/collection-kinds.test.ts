import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  type Collection,
  createGraph,
  derive,
  deriveOutputs,
  distinct,
  group,
  index,
  input,
  join,
  type Row,
  singleton,
  union,
} from '../../src/krt/index.ts';
import {canonical, type Cell, indexValues, type IndexName} from './program.ts';
import {cell, operation, runs} from './program-arbitrary.ts';

/** One contract for every kind of collection: what indexes find, and what lists, gets, counts and streams say. */
const left = input<Cell>('left', {key: ({key}) => key});
const right = input<Cell>('right', {key: ({key}) => key});
const byTag = index(left, 'tag', ({tag}) => tag);
const split = deriveOutputs<Cell, {rows: Cell; status: Cell}>('split', {
  from: left,
  outputs: {rows: 'split-rows', status: 'split-status'},
  rows: (_, row) => ({rows: [row, {...row, key: `${row.key}-2`}], status: {key: row.key, n: row.n ?? 0}}),
});

const kinds: Readonly<Record<string, Collection<Cell>>> = {
  input: left,
  derive: derive('derived', {from: left, rows: (_, row): Cell => ({...row, n: (row.n ?? 0) + 1})}),
  'first of several outputs': split.rows,
  'second of several outputs': split.status,
  // A group row is a Cell; a Collection is not covariant in its rows, because of keyOf.
  group: group('grouped', byTag) as unknown as Collection<Cell>,
  distinct: distinct('tags', byTag),
  join: join('joined', [left, right]),
  union: union('united', [left, right]),
  singleton: singleton('summary', {rows: (ctx): Cell => ({key: 'x', n: ctx.count(left), tag: 'x'})}),
};

type Question = Row & {readonly value: string};
const questions = input<Question>('questions', {key: ({key}) => key});

const INDEXES: readonly IndexName[] = ['tag', 'parity', 'multi', 'some'];
const VALUES = ['x', 'y', 'z', 'a', 'b'];

describe.each(Object.entries(kinds))('a collection of kind %s', (_, collection) => {
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
      fc.property(
        fc.array(fc.array(operation, {minLength: 1, maxLength: 4}), {maxLength: 8, size: 'max'}),
        (commits) => {
          const graph = createGraph({outputs: [answers]});
          graph.commit((tx) =>
            tx.replaceAll(
              questions,
              VALUES.map((value) => ({key: value, value})),
            ),
          );
          for (const operations of commits) {
            graph.commit((tx) => {
              for (const one of operations) {
                const target = one.input === 0 ? left : right;
                if (one.kind === 'set') tx.set(target, one.row);
                else if (one.kind === 'delete') tx.delete(target, one.key);
                else tx.replaceAll(target, one.rows);
              }
            });
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
        },
      ),
      runs(60),
    );
  });

  it('is listed by key, and got, sized and dumped alike', () => {
    fc.assert(
      fc.property(fc.array(cell), fc.array(cell), (some, others) => {
        const graph = createGraph({outputs: [collection]});
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
      runs(60),
    );
  });

  it('ends empty, with nobody registered, when its sources are emptied', () => {
    const indexed = index(collection, 'tag', (row) => indexValues('tag', row));
    const reader = derive('reader', {
      from: left,
      rows: (ctx, {key}) => ({key, n: ctx.count(indexed, key), all: ctx.list(collection).length}),
    });
    const graph = createGraph({outputs: [reader]});
    graph.commit((tx) => {
      tx.set(left, {key: 'a', n: 1, tag: 'x'});
      tx.set(right, {key: 'b', n: 1, tag: 'x'});
    });
    graph.commit((tx) => {
      tx.replaceAll(left, []);
      tx.replaceAll(right, []);
    });
    const single = collection.name === 'summary';
    expect(graph.size(reader)).toBe(0);
    expect(graph.size(collection)).toBe(single ? 1 : 0);
    expect(graph.registrations()).toBe(single ? 1 : 0);
  });
});
