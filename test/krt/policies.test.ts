import {describe, expect, it} from 'vitest';
import {createGraph, derive, input, type Row, singleton, transformErrors} from '../../src/krt/index.ts';

type Item = Row & {readonly n: number};
type Policy = 'keep' | 'drop' | 'fail';

const items = input<Item>('items', {key: ({key}) => key});
const clock = input<Item>('clock', {key: ({key}) => key});
const halves = (onError: Policy) =>
  derive('halves', {
    from: items,
    onError,
    rows: (ctx, {key, n}): Item => {
      ctx.get(clock, 'now');
      if (n % 2 === 1) throw new Error(`${n} is odd`);
      return {key, n: n / 2};
    },
  });
const copies = derive('copies', {from: items, rows: (_, row) => ({...row})});

function made(onError: Policy) {
  const reported: string[] = [];
  const rows = halves(onError);
  const graph = createGraph({outputs: [rows, copies], onDiagnostic: ({message}) => reported.push(message)});
  graph.commit((tx) => tx.set(items, {key: 'a', n: 2}));
  return {graph, rows, reported, set: (n: number) => graph.commit((tx) => tx.set(items, {key: 'a', n}))};
}

describe('a transform that throws', () => {
  it('keeps its last good rows under `keep`', () => {
    const {graph, rows, reported, set} = made('keep');
    set(3);
    expect(graph.list(rows)).toEqual([{key: 'a', n: 1}]);
    expect(reported).toEqual(['the transform failed for a, its last good rows stand: 3 is odd']);
    set(4);
    expect(graph.list(rows)).toEqual([{key: 'a', n: 2}]);
    expect(graph.errors()).toEqual([]);
  });

  it('loses its rows under `drop`, is listed all the same, and heals', () => {
    const {graph, rows, set} = made('drop');
    set(3);
    expect(graph.list(rows)).toEqual([]);
    expect(graph.errors()).toMatchObject([{key: 'halves/a', collection: 'halves', input: 'a', message: '3 is odd'}]);
    set(4);
    expect(graph.list(rows)).toEqual([{key: 'a', n: 2}]);
    expect(graph.errors()).toEqual([]);
  });

  it('makes the commit throw under `fail`, once everything else is in effect and everybody has been told', () => {
    const {graph, rows, set} = made('fail');
    const told: unknown[] = [];
    graph.subscribe(copies, ({changes}) => told.push(...changes.map(({new: row}) => row)));
    const {epoch} = graph;
    expect(() => set(3)).toThrow(/halves.*3 is odd/s);
    expect(graph.epoch).toBeGreaterThan(epoch);
    expect(graph.list(rows)).toEqual([{key: 'a', n: 1}]);
    expect(graph.list(copies)).toEqual([{key: 'a', n: 3}]);
    expect(told).toEqual([{key: 'a', n: 3}]);
    expect(graph.errors()).toMatchObject([{key: 'halves/a'}]);
    set(4);
    expect(graph.list(rows)).toEqual([{key: 'a', n: 2}]);
  });

  it('throws once for a failure, not again for commits that have nothing to do with it', () => {
    const {graph, set} = made('fail');
    expect(() => set(3)).toThrow('3 is odd');
    graph.commit((tx) => tx.set(items, {key: 'b', n: 2}));
    expect(graph.errors()).toHaveLength(1);
  });
});

describe('a transform with the policy `fail` that comes alive when it is asked for', () => {
  it('is nothing that a later commit is to blame for', () => {
    const graph = createGraph({outputs: [items]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    const rows = halves('fail');
    expect(() => graph.list(rows)).toThrow('3 is odd');
    expect(graph.list(rows)).toEqual([]);
    graph.commit((tx) => tx.set(items, {key: 'b', n: 2}));
    expect(graph.list(rows)).toEqual([{key: 'b', n: 1}]);
  });
});

describe('the errors of transforms', () => {
  it('are a collection that transforms can read, and subscribers too, in an epoch that follows', () => {
    const summary = singleton('summary', {
      rows: (ctx) => ({key: 'all', failed: ctx.list(transformErrors).map(({key, message}) => `${key}: ${message}`)}),
    });
    const graph = createGraph({outputs: [halves('keep'), summary]});
    const epochs: number[] = [];
    graph.subscribe(summary, ({epoch}) => epochs.push(epoch));
    const epoch = graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    expect(graph.list(summary)).toEqual([{key: 'all', failed: ['halves/a: 3 is odd']}]);
    expect(graph.list(transformErrors)).toEqual(graph.errors());
    expect(epochs).toEqual([epoch + 1]);
    graph.commit((tx) => tx.delete(items, 'a'));
    expect(graph.list(summary)).toEqual([{key: 'all', failed: []}]);
    expect(graph.list(transformErrors)).toEqual([]);
  });

  it('go with the transform, when it is let go of', () => {
    const rows = halves('keep');
    const graph = createGraph({outputs: [rows, transformErrors]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    expect(graph.list(transformErrors)).toHaveLength(1);
    graph.retire(rows);
    expect(graph.errors()).toEqual([]);
    expect(graph.list(transformErrors)).toEqual([]);
  });

  it('are all there when the collection comes alive late, and cannot be written by anybody else', () => {
    const graph = createGraph({outputs: [halves('keep')]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    expect(graph.list(transformErrors)).toEqual(graph.errors());
    expect(() => graph.commit((tx) => tx.delete(transformErrors, 'halves/a'))).toThrow(/written by the graph itself/);
    expect(graph.list(transformErrors)).toHaveLength(1);
  });

  it('are all there again when the collection was let go of in between', () => {
    const graph = createGraph({outputs: [halves('keep'), transformErrors]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    graph.retire(transformErrors);
    expect(graph.find('transform-errors')).toBeUndefined();
    graph.commit((tx) => tx.set(items, {key: 'b', n: 3}));
    expect(graph.list(transformErrors).map(({key}) => key)).toEqual(['halves/a', 'halves/b']);
  });

  it('last as long as they say the same, and say since when', () => {
    const graph = createGraph({outputs: [halves('keep'), transformErrors]});
    const told: string[] = [];
    graph.subscribe(transformErrors, ({changes}) => told.push(...changes.map((change) => change.new?.message ?? '')));
    const since = graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    const {epoch} = graph;
    graph.commit((tx) => tx.set(clock, {key: 'now', n: 1}));
    graph.commit((tx) => tx.set(clock, {key: 'now', n: 2}));
    expect(graph.epoch).toBe(epoch + 2);
    expect(graph.errors()).toMatchObject([{key: 'halves/a', epoch: since}]);
    graph.commit((tx) => tx.set(items, {key: 'a', n: 5}));
    expect(graph.errors()).toMatchObject([{key: 'halves/a', message: '5 is odd', epoch: graph.epoch - 1}]);
    expect(told).toEqual(['3 is odd', '5 is odd']);
  });

  it('can be read by a transform that fails itself', () => {
    const strict = derive('strict', {
      from: items,
      rows: (ctx, {key}) => {
        if (ctx.exists(transformErrors, 'halves/a')) throw new Error('halves has failed');
        return {key};
      },
    });
    const graph = createGraph({outputs: [halves('keep'), strict]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    expect(graph.errors().map(({key}) => key)).toEqual(['halves/a', 'strict/a']);
    expect(graph.list(transformErrors)).toEqual(graph.errors());
    graph.commit((tx) => tx.set(items, {key: 'a', n: 4}));
    expect(graph.errors()).toEqual([]);
    expect(graph.list(strict)).toEqual([{key: 'a'}]);
  });
});
