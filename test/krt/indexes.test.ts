import {describe, expect, it} from 'vitest';
import {createGraph, derive, group, index, input, type Row} from '../../src/krt/index.ts';

type Item = Row & {readonly tags: readonly string[]; readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const byTag = index(items, 'tag', ({tags}) => tags);
const groups = group('groups', byTag);
const readers = input('readers', {key: ({key}: Row) => key});
const counts = derive('counts', {from: readers, rows: (ctx, {key}) => ({key, n: ctx.count(byTag, key)})});
const lists = derive('lists', {
  from: readers,
  rows: (ctx, {key}) => ({key, tags: ctx.list(byTag, key, ({tags}) => tags.length), all: ctx.count(items)}),
});

const tags = (from: number, to: number): readonly string[] =>
  Array.from({length: to - from}, (_, i) => `t${String(from + i).padStart(2, '0')}`);

describe('an index', () => {
  it('follows rows of many values, some of which stay', () => {
    const graph = createGraph({outputs: [groups]});
    const found = () => graph.list(groups).map(({key, rows}) => [key, rows.map((row) => row.key)]);
    for (const [from, to] of [
      [0, 20],
      [10, 30],
      [5, 12],
      [7, 40],
      [7, 8],
    ] as const) {
      graph.commit((tx) => tx.set(items, {key: 'a', tags: tags(from, to), n: from}));
      expect(found()).toEqual(tags(from, to).map((tag) => [tag, ['a']]));
    }
    graph.commit((tx) => tx.delete(items, 'a'));
    expect(found()).toEqual([]);
  });

  it('counts a row once that has a value twice', () => {
    const graph = createGraph({outputs: [counts]});
    const count = () => graph.get(counts, 't')?.n;
    graph.commit((tx) => {
      tx.set(readers, {key: 't'});
      tx.set(items, {key: 'a', tags: ['t', 't'], n: 1});
      tx.set(items, {key: 'b', tags: ['t'], n: 1});
    });
    expect(count()).toBe(2);
    graph.commit((tx) => tx.set(items, {key: 'a', tags: ['u', 'u'], n: 1}));
    expect(count()).toBe(1);
    graph.commit((tx) => tx.set(items, {key: 'b', tags: ['t', 'u', 't'], n: 1}));
    expect(count()).toBe(1);
    graph.commit((tx) => tx.delete(items, 'b'));
    expect(count()).toBe(0);
  });

  it('lists a row once that has a value twice, and loses no other when it goes', () => {
    const graph = createGraph({outputs: [lists]});
    const listed = () => graph.get(lists, 't')?.tags;
    graph.commit((tx) => {
      tx.set(readers, {key: 't'});
      for (const key of ['b', 'c']) tx.set(items, {key, tags: ['t'], n: 1});
    });
    expect(listed()).toEqual([1, 1]);
    graph.commit((tx) => tx.set(items, {key: 'a', tags: ['t', 't'], n: 1}));
    expect(listed()).toEqual([2, 1, 1]);
    graph.commit((tx) => tx.delete(items, 'a'));
    expect(listed()).toEqual([1, 1]);
  });

  it.each(['structural', 'identity'] as const)(
    'groups all rows that share a value, those that were there and those that come: rows of %s equality',
    (equals) => {
      const rows = input<Item>('rows', {key: ({key}) => key, equals});
      const grouped = group(
        'grouped',
        index(rows, 'tag', ({tags}) => tags),
      );
      const graph = createGraph({outputs: [rows]});
      const set = (key: string, ...values: readonly string[]) =>
        graph.commit((tx) => tx.set(rows, {key, tags: values, n: 1}));
      const found = () => graph.list(grouped).map((one) => [one.key, one.rows.map(({key}) => key)]);
      set('a', 't');
      set('b', 't', 'u');
      expect(found()).toEqual([
        ['t', ['a', 'b']],
        ['u', ['b']],
      ]);
      set('c', 't');
      expect(found()).toEqual([
        ['t', ['a', 'b', 'c']],
        ['u', ['b']],
      ]);
      set('b', 'u');
      expect(found()).toEqual([
        ['t', ['a', 'c']],
        ['u', ['b']],
      ]);
      const other = {key: 'c', tags: ['t'], n: 2};
      graph.commit((tx) => tx.set(rows, other));
      expect(graph.get(grouped, 't')?.rows.at(1)).toBe(other);
    },
  );

  it('tells who counts nothing of a row that keeps the value among others', () => {
    const graph = createGraph({outputs: [counts]});
    graph.commit((tx) => {
      tx.set(readers, {key: 't'});
      tx.set(items, {key: 'a', tags: ['t', 'u'], n: 1});
    });
    graph.resetCounters();
    graph.commit((tx) => tx.set(items, {key: 'a', tags: ['v', 't'], n: 2}));
    expect(graph.counters().get('counts')).toMatchObject({runs: 0});
  });
});

describe('any number of readers', () => {
  it.each([1, 2, 3, 12, 13, 14, 40])('of one value and of one collection are told: %d', (many) => {
    const shared = input('shared', {key: ({key}: Row) => key});
    const reads = derive('reads', {
      from: shared,
      rows: (ctx, {key}) => ({key, listed: ctx.list(byTag, 't').length, all: ctx.list(items).length}),
    });
    const graph = createGraph({outputs: [reads, lists]});
    const keys = Array.from({length: many}, (_, i) => `r${String(i).padStart(2, '0')}`);
    graph.commit((tx) => keys.forEach((key) => tx.set(shared, {key})));
    expect(graph.registrations()).toBe(2 * many);
    const expectAll = (listed: number) =>
      expect(graph.list(reads)).toEqual(keys.map((key) => ({key, listed, all: listed})));
    graph.commit((tx) => tx.set(items, {key: 'a', tags: ['t'], n: 1}));
    expectAll(1);
    // They go from both ends, so that others take their places.
    while (keys.length > 0) {
      for (const key of [keys.shift(), keys.pop()]) if (key !== undefined) graph.commit((tx) => tx.delete(shared, key));
      expect(graph.registrations()).toBe(2 * keys.length);
      graph.commit((tx) => tx.set(items, {key: 'b', tags: ['t'], n: keys.length}));
      expectAll(2);
      graph.commit((tx) => tx.delete(items, 'b'));
      expectAll(1);
    }
    expect(graph.size(reads)).toBe(0);
  });
});
