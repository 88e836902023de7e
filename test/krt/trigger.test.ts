import {describe, expect, it} from 'vitest';
import {type Context, createGraph, derive, input, type Row, singleton, trigger} from '../../src/krt/index.ts';

type Item = Row & {readonly listens: boolean};

const items = input<Item>('items', {key: ({key}) => key});
const clock = trigger('clock');
let outside = 0;
const listeners = derive('listeners', {
  from: items,
  rows: (ctx, {key, listens}) => {
    if (listens) ctx.get(clock, clock.name);
    return {key, outside: listens ? outside : -1};
  },
});

function made() {
  outside = 0;
  const graph = createGraph({outputs: [listeners]});
  graph.commit((tx) => {
    tx.set(items, {key: 'a', listens: true});
    tx.set(items, {key: 'b', listens: false});
    tx.set(items, {key: 'c', listens: true});
  });
  graph.resetCounters();
  return graph;
}

describe('a trigger', () => {
  it('makes exactly those run again that read it, once each, however often it is fired in a commit', () => {
    const graph = made();
    outside = 1;
    graph.commit((tx) => {
      tx.fire(clock);
      tx.fire(clock);
    });
    expect(graph.counters().get('listeners')).toMatchObject({runs: 2, changed: 2});
    expect(graph.list(listeners)).toEqual([
      {key: 'a', outside: 1},
      {key: 'b', outside: -1},
      {key: 'c', outside: 1},
    ]);
    graph.commit((tx) => tx.fire(clock));
    expect(graph.counters().get('listeners')).toMatchObject({runs: 4, changed: 2, cutOff: 2});
  });

  it('adds no run to one that is due anyway, and is nothing to those who no longer read it', () => {
    const graph = made();
    graph.commit((tx) => {
      tx.fire(clock);
      tx.set(items, {key: 'a', listens: false});
      tx.set(items, {key: 'b', listens: true});
    });
    expect(graph.counters().get('listeners')).toMatchObject({runs: 3});
    graph.resetCounters();
    graph.commit((tx) => tx.fire(clock));
    expect(graph.counters().get('listeners')).toMatchObject({runs: 2});
  });

  it('can be fired before anybody has read it, and when nobody does', () => {
    const graph = made();
    graph.commit((tx) => tx.replaceAll(items, []));
    expect(graph.registrations()).toBe(0);
    graph.commit((tx) => tx.fire(clock));
    graph.commit((tx) => tx.set(items, {key: 'd', listens: true}));
    graph.resetCounters();
    graph.commit((tx) => tx.fire(clock));
    expect(graph.counters().get('listeners')).toMatchObject({runs: 1});
  });

  it('is undone with the commit that fired it when its write throws', () => {
    const graph = made();
    const attempt = () =>
      graph.commit((tx) => {
        tx.fire(clock);
        throw new Error('no luck');
      });
    expect(attempt).toThrow('no luck');
    graph.commit(() => {});
    expect(graph.counters().get('listeners')).toMatchObject({runs: 0});
  });

  it('reaches singletons too, and comes alive with the first who reads it', () => {
    const late = trigger('late');
    const once = singleton('once', {
      rows: (ctx: Context) => {
        ctx.get(late, late.name);
        return {key: 'only', outside};
      },
    });
    outside = 5;
    const graph = createGraph({outputs: [once]});
    outside = 6;
    graph.commit(() => {});
    expect(graph.list(once)).toEqual([{key: 'only', outside: 5}]);
    graph.commit((tx) => tx.fire(late));
    expect(graph.list(once)).toEqual([{key: 'only', outside: 6}]);
  });
});
