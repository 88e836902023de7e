import {describe, expect, it} from 'vitest';
import {
  type Context,
  createGraph,
  derive,
  type Graph,
  group,
  index,
  input,
  merge,
  type Row,
} from '../../src/krt/index.ts';

type Item = Row & {readonly n: number; readonly list?: number[]};

const items = input<Item>('items', {key: ({key}) => key});
const byN = index(items, 'n', ({n}) => String(n));

/** A graph of one transform, and all that it reports. */
function graphOf(rows: (ctx: Context, row: Item) => Row, development = true): {graph: Graph; reported: string[]} {
  const reported: string[] = [];
  const made = derive('made', {from: items, rows});
  const graph = createGraph({outputs: [made], development, onDiagnostic: ({message}) => reported.push(message)});
  return {graph, reported};
}

describe('in development', () => {
  it('the mutation of an input row fails the transform that tries', () => {
    const {graph} = graphOf((_, row) => {
      row.list?.push(1);
      return {key: row.key};
    });
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1, list: []}));
    expect(graph.errors()).toMatchObject([{input: 'a', message: expect.stringContaining('not extensible')}]);
  });

  it('the mutation of a row that was fetched fails the transform that tries', () => {
    const {graph} = graphOf((ctx, row) => {
      ctx.get(items, row.key)?.list?.pop();
      return {key: row.key};
    });
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1, list: [3]}));
    expect(graph.errors()).toHaveLength(1);
  });

  it('rows that come out are frozen, those of groups too, and so for subscribers', () => {
    const {graph} = graphOf((_, {key, n}) => ({key, n, deep: {list: [n]}}));
    const frozen: boolean[] = [];
    graph.subscribe(items, ({changes}) => changes.forEach(({new: row}) => frozen.push(Object.isFrozen(row))));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1, list: [1]}));
    expect(frozen).toEqual([true]);
    expect(Object.isFrozen(graph.get(items, 'a')?.list)).toBe(true);
    const [{row} = {row: undefined}] = graph.dump('made');
    expect(row).toMatchObject({deep: {list: [1]}});
    expect(Object.isFrozen(row)).toBe(true);
  });

  it('rows of groups and joins are frozen, too', () => {
    const groups = group('groups', byN);
    const joined = merge('joined', [items], ([first], key) => ({key, n: first?.n ?? 0}));
    const graph = createGraph({outputs: [groups, joined], development: true});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    for (const row of [graph.get(groups, '1'), graph.get(groups, '1')?.rows, graph.get(joined, 'a')]) {
      expect([typeof row, Object.isFrozen(row)]).toEqual(['object', true]);
    }
  });

  it('a transform that is not pure is reported', () => {
    let calls = 0;
    const {graph, reported} = graphOf((_, {key}) => ({key, call: calls++}));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(reported).toEqual(['not pure: two runs for a gave different rows']);
  });

  it('a transform that throws the second time is reported, and its rows stand', () => {
    let calls = 0;
    const {graph, reported} = graphOf((_, {key}) => {
      if (calls++ > 0) throw new Error('second call');
      return {key};
    });
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(reported).toEqual(['not pure: two runs for a gave different rows']);
    expect(graph.dump('made')).toHaveLength(1);
    expect(graph.errors()).toEqual([]);
  });

  it('a pure transform is not reported, whatever it reads', () => {
    const {graph, reported} = graphOf((ctx, {key, n}) => ({
      key,
      all: ctx.list(items).length,
      same: ctx.list(byN, String(n), (row) => row.key),
      counts: [ctx.count(items), ctx.count(byN, '1')],
      exist: [ctx.exists(items, 'b'), ctx.exists(byN, '2')],
      got: ctx.get(items, 'b', (row) => row.n),
    }));
    graph.commit((tx) =>
      tx.replaceAll(items, [
        {key: 'a', n: 1},
        {key: 'b', n: 1},
      ]),
    );
    graph.commit((tx) => tx.set(items, {key: 'b', n: 2}));
    expect(reported).toEqual([]);
    expect(graph.counters().get('made')).toMatchObject({runs: 4});
  });
});

describe.each([true, false])('with development = %s', (development) => {
  it('reading the graph around the context fails the transform', () => {
    const reads: readonly (() => unknown)[] = [
      () => graph.list(items),
      () => graph.get(items, 'a'),
      () => graph.size(items),
      () => graph.dump(items),
      () => graph.why(items, 'a'),
      () => graph.subscribe(items, () => {}),
    ];
    let read: (() => unknown) | undefined;
    const {graph} = graphOf((_, {key}) => {
      read?.();
      return {key};
    }, development);
    for (const [n, one] of reads.entries()) {
      read = one;
      graph.commit((tx) => tx.set(items, {key: 'a', n}));
      expect(graph.errors()).toMatchObject([
        {message: expect.stringContaining('made: items is read without the context')},
      ]);
    }
    read = undefined;
    graph.commit((tx) => tx.set(items, {key: 'a', n: -1}));
    expect(graph.errors()).toEqual([]);
  });

  it('writing to the graph fails the transform', () => {
    const {graph} = graphOf((_, {key}) => {
      graph.commit((tx) => tx.set(items, {key: 'b', n: 1}));
      return {key};
    }, development);
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.errors()).toMatchObject([{message: 'made: a transform must not write'}]);
    expect(graph.size(items)).toBe(1);
  });

  it('a context that is used after its transform returned throws', () => {
    const kept: Context[] = [];
    const {graph} = graphOf((ctx, {key}) => {
      kept.push(ctx);
      return {key};
    }, development);
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(kept).toHaveLength(development ? 2 : 1);
    for (const ctx of kept) {
      expect(() => ctx.get(items, 'a')).toThrow('made: a context was used after its transform had returned');
      expect(() => ctx.count(byN, '1')).toThrow('after its transform had returned');
    }
    expect(graph.registrations()).toBe(0);
  });
});
