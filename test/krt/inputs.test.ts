import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Change, createGraph, derive, input, type Transaction} from '../../src/krt/index.ts';
import {runs} from './program-arbitrary.ts';

type Item = {readonly key: string; readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const copies = derive('copies', {from: items, rows: (_, row) => ({...row})});

function watched() {
  const graph = createGraph({outputs: [copies]});
  const changes: Change<Item>[] = [];
  graph.subscribe(items, (delta) => changes.push(...delta.changes));
  return {graph, changes};
}

const item = fc.record({key: fc.constantFrom('a', 'b', 'c', 'd'), n: fc.nat(2)});

describe('an input', () => {
  it('turns into exactly the rows of replaceAll by the smallest set of changes, and the second time by none', () => {
    fc.assert(
      fc.property(fc.array(item), fc.array(item), fc.array(item), (first, staged, second) => {
        const {graph, changes} = watched();
        graph.commit((tx) => tx.replaceAll(items, first));
        const before = new Map<string, Item>(graph.list(items).map((row) => [row.key, row]));
        const after = new Map<string, Item>(second.map((row) => [row.key, row]));
        changes.length = 0;
        graph.commit((tx) => {
          for (const row of staged) tx.set(items, row);
          tx.replaceAll(items, second);
        });
        const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
        const expected = keys.filter((key) => before.get(key)?.n !== after.get(key)?.n);
        expect(changes.map(({key}) => key).sort()).toEqual(expected);
        expect(graph.list(items)).toEqual(keys.flatMap((key) => after.get(key) ?? []));
        changes.length = 0;
        graph.resetCounters();
        graph.commit((tx) =>
          tx.replaceAll(
            items,
            [...after.values()].map((row) => ({...row})),
          ),
        );
        expect(changes).toEqual([]);
        expect(graph.counters().get('copies')?.runs).toBe(0);
      }),
      runs(200),
    );
  });

  it('forgets a key that was staged before replaceAll and is in neither', () => {
    const {graph, changes} = watched();
    graph.commit((tx) => {
      tx.set(items, {key: 'staged', n: 1});
      tx.replaceAll(items, [{key: 'a', n: 1}]);
    });
    expect(graph.list(items)).toEqual([{key: 'a', n: 1}]);
    expect(changes).toEqual([{key: 'a', new: {key: 'a', n: 1}}]);
  });

  it('takes the last of several writes to a key in one commit, and nothing of those that cancel out', () => {
    const {graph, changes} = watched();
    graph.commit((tx) => {
      tx.set(items, {key: 'a', n: 1});
      tx.set(items, {key: 'a', n: 2});
      tx.set(items, {key: 'b', n: 1});
      tx.delete(items, 'b');
      tx.delete(items, 'never there');
    });
    expect(changes).toEqual([{key: 'a', new: {key: 'a', n: 2}}]);
    graph.commit((tx) => {
      tx.delete(items, 'a');
      tx.set(items, {key: 'a', n: 2});
    });
    expect(changes).toHaveLength(1);
  });

  it('keeps the old reference of a row that is written again with equal content', () => {
    const {graph} = watched();
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    const [row] = graph.list(items);
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.list(items)[0]).toBe(row);
  });

  it('can be written before anything reads it, and is then alive', () => {
    const graph = createGraph({outputs: []});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.list(copies)).toEqual([{key: 'a', n: 1}]);
  });

  it('is the only kind of collection that can be written', () => {
    const {graph} = watched();
    // What TypeScript forbids, untyped extensions may try.
    const notAnInput = copies as unknown as typeof items;
    expect(() => graph.commit((tx) => tx.set(notAnInput, {key: 'a', n: 1}))).toThrow('copies is not an input');
  });
});

describe('a commit', () => {
  it('returns its epoch, and counts even when it changes nothing', () => {
    const {graph} = watched();
    expect(graph.commit(() => {})).toBe(graph.epoch);
    const epoch = graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(epoch).toBe(graph.epoch);
    expect(graph.commit(() => {})).toBe(epoch + 1);
  });

  it('lends its transaction for the duration of the write only', () => {
    const {graph} = watched();
    let kept: Transaction | undefined;
    graph.commit((tx) => {
      kept = tx;
    });
    expect(() => kept?.set(items, {key: 'a', n: 1})).toThrow('a transaction was used after its commit');
    graph.commit(() => {});
    expect(graph.size(items)).toBe(0);
  });

  it('that throws leaves nothing behind for the next, in none of the inputs that it wrote to', () => {
    const others = input<Item>('others', {key: ({key}) => key});
    const {graph, changes} = watched();
    const set = (key: string, n: number) =>
      graph.commit((tx) => {
        tx.set(items, {key, n});
        tx.set(others, {key, n});
      });
    set('a', 1);
    changes.length = 0;
    const attempt = () =>
      graph.commit((tx) => {
        for (const one of [items, others]) {
          tx.delete(one, 'a');
          tx.set(one, {key: 'lost', n: 1});
        }
        throw new Error('no luck');
      });
    expect(attempt).toThrow('no luck');
    set('b', 1);
    for (const one of [items, others]) expect(graph.list(one).map(({key}) => key)).toEqual(['a', 'b']);
    expect(changes.map(({key}) => key)).toEqual(['b']);
    expect(attempt).toThrow('no luck');
    set('lost', 2);
    for (const one of [items, others]) expect(graph.get(one, 'lost')).toEqual({key: 'lost', n: 2});
  });

  it('inside the write of another is refused, and undoes that', () => {
    const {graph} = watched();
    const nested = () =>
      graph.commit((tx) => {
        tx.set(items, {key: 'a', n: 1});
        graph.commit((inner) => inner.set(items, {key: 'b', n: 1}));
      });
    expect(nested).toThrow('a commit inside the write of another');
    graph.commit(() => {});
    expect(graph.size(items)).toBe(0);
  });
});
