import {describe, expect, it} from 'vitest';
import {createGraph, derive, deriveOutputs, input, type Row} from '../../src/krt/index.ts';

type Item = Row & {readonly n: number; readonly mood: 'yield' | 'discard' | 'throw'};

const items = input<Item>('items', {key: ({key}) => key});
const limits = input<Row & {readonly open: boolean; readonly n: number}>('limits', {key: ({key}) => key});

const item = (n: number, mood: Item['mood']): Item => ({key: 'a', n, mood});

/** Has nothing to tell while the limit is not open: the shape of a value that must not flap while its source is away. */
const held = derive('held', {
  from: items,
  rows: (ctx, {key, n, mood}) => {
    const limit = ctx.get(limits, 'limit');
    if (mood === 'throw') throw new Error(`no ${key}`);
    if (mood === 'discard' || limit?.open !== true) ctx.discard();
    return {key, n, limit: limit?.n};
  },
});

function made() {
  const graph = createGraph({outputs: [held]});
  graph.commit((tx) => tx.set(items, item(1, 'yield')));
  return graph;
}

describe('a run that discards', () => {
  it('counts when it is the first, since there is nothing else', () => {
    expect(made().list(held)).toEqual([{key: 'a', n: 1, limit: undefined}]);
  });

  it('leaves the last rows, tells nobody, and runs again when what it read changes', () => {
    const graph = made();
    const deltas: unknown[] = [];
    graph.subscribe(held, ({changes}) => deltas.push(changes));
    graph.commit((tx) => tx.set(items, item(2, 'yield')));
    graph.commit((tx) => tx.set(limits, {key: 'limit', open: false, n: 3}));
    expect(graph.list(held)).toEqual([{key: 'a', n: 1, limit: undefined}]);
    expect(deltas).toEqual([]);
    expect(graph.counters().get('held')).toMatchObject({runs: 3, changed: 1, cutOff: 2});
    graph.commit((tx) => tx.set(limits, {key: 'limit', open: true, n: 4}));
    expect(graph.list(held)).toEqual([{key: 'a', n: 2, limit: 4}]);
    graph.commit((tx) => tx.delete(limits, 'limit'));
    expect(graph.list(held)).toEqual([{key: 'a', n: 2, limit: 4}]);
    expect(graph.errors()).toEqual([]);
  });

  it('has nothing to hold on to when the row was deleted in between', () => {
    const graph = made();
    graph.commit((tx) => tx.delete(items, 'a'));
    expect(graph.list(held)).toEqual([]);
    expect(graph.registrations()).toBe(0);
    graph.commit((tx) => tx.set(items, item(5, 'yield')));
    expect(graph.list(held)).toEqual([{key: 'a', n: 5, limit: undefined}]);
  });

  it('heals a failure, with the rows from before it', () => {
    const graph = made();
    graph.commit((tx) => tx.set(items, item(2, 'throw')));
    expect(graph.errors()).toHaveLength(1);
    graph.commit((tx) => tx.set(items, item(3, 'discard')));
    expect(graph.errors()).toEqual([]);
    expect(graph.list(held)).toEqual([{key: 'a', n: 1, limit: undefined}]);
  });

  it('keeps all of several outputs', () => {
    const {rows, status} = deriveOutputs<Item, {rows: Row & {readonly n: number}; status: Row & {readonly n: number}}>(
      'both',
      {
        from: items,
        outputs: {rows: 'both-rows', status: 'both-status'},
        rows: (ctx, {key, n, mood}) => {
          if (mood === 'discard') ctx.discard();
          return {rows: [{key, n}], status: {key: `${key}-status`, n}};
        },
      },
    );
    const graph = createGraph({outputs: [rows, status]});
    graph.commit((tx) => tx.set(items, item(1, 'yield')));
    graph.commit((tx) => tx.set(items, item(2, 'discard')));
    expect(graph.list(rows)).toEqual([{key: 'a', n: 1}]);
    expect(graph.list(status)).toEqual([{key: 'a-status', n: 1}]);
  });

  it('is no impurity in development', () => {
    const reported: string[] = [];
    const graph = createGraph({
      outputs: [held],
      development: true,
      onDiagnostic: ({message}) => reported.push(message),
    });
    graph.commit((tx) => tx.set(items, item(1, 'yield')));
    graph.commit((tx) => tx.set(items, item(2, 'discard')));
    expect(graph.list(held)).toEqual([{key: 'a', n: 1, limit: undefined}]);
    expect(reported).toEqual([]);
  });
});
