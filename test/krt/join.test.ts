import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Change, createGraph, input, join, union} from '../../src/krt/index.ts';
import {runs} from './program-arbitrary.ts';

type Item = {readonly key: string; readonly from: string; readonly n: number};

const sources = ['first', 'second', 'third'].map((name) => input<Item>(name, {key: ({key}) => key}));
const [first, second, third] = sources;
if (first === undefined || second === undefined || third === undefined) throw new Error('three sources');
const joined = join('joined', sources);
const united = union('united', sources);

const step = fc.record({
  source: fc.nat(2),
  key: fc.constantFrom('a', 'b', 'c'),
  n: fc.option(fc.nat(2), {nil: undefined}),
});

describe('join', () => {
  it('holds the row of the first source that has the key, and says only what changed', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, {maxLength: 4}), {maxLength: 10, size: 'max'}), (commits) => {
        const graph = createGraph({outputs: [joined]});
        const told = new Map<string, Item>();
        graph.subscribe(joined, ({changes}) => {
          for (const change of changes) {
            if (change.new === undefined) told.delete(change.key);
            else told.set(change.key, change.new);
          }
        });
        for (const steps of commits) {
          graph.commit((tx) => {
            for (const {source, key, n} of steps) {
              const target = sources[source] ?? first;
              if (n === undefined) tx.delete(target, key);
              else tx.set(target, {key, from: target.name, n});
            }
          });
          const expected = ['a', 'b', 'c'].flatMap((key) => {
            const winner = sources.find((source) => graph.get(source, key) !== undefined);
            return winner === undefined ? [] : [graph.get(winner, key)];
          });
          expect(graph.list(joined)).toEqual(expected);
          expect([...told.values()].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(expected);
        }
      }),
      runs(200),
    );
  });

  it('turns to the runner-up with one update when the winner is deleted, and back when it returns', () => {
    const graph = createGraph({outputs: [joined]});
    const winner = {key: 'a', from: 'first', n: 1};
    const runnerUp = {key: 'a', from: 'third', n: 3};
    graph.commit((tx) => {
      tx.set(first, winner);
      tx.set(third, runnerUp);
    });
    const changes: Change<Item>[] = [];
    graph.subscribe(joined, (delta) => changes.push(...delta.changes));
    graph.commit((tx) => tx.delete(first, 'a'));
    graph.commit((tx) => tx.set(first, winner));
    graph.commit((tx) => tx.delete(third, 'a'));
    expect(changes).toEqual([
      {key: 'a', old: winner, new: runnerUp},
      {key: 'a', old: runnerUp, new: winner},
    ]);
  });

  it('is silent when the runner-up equals the winner', () => {
    const graph = createGraph({outputs: [joined]});
    graph.commit((tx) => {
      tx.set(first, {key: 'a', from: 'both', n: 1});
      tx.set(second, {key: 'a', from: 'both', n: 1});
    });
    const changes: unknown[] = [];
    graph.subscribe(joined, (delta) => changes.push(delta));
    graph.commit((tx) => tx.delete(first, 'a'));
    expect(changes).toEqual([]);
    expect(graph.list(joined)).toEqual([{key: 'a', from: 'both', n: 1}]);
  });
});

describe('union', () => {
  it('reports a key that two sources share, and lets the first win', () => {
    const reported: string[] = [];
    const graph = createGraph({
      outputs: [united],
      onDiagnostic: ({node, message}) => reported.push(`${node}: ${message}`),
    });
    graph.commit((tx) => {
      tx.set(first, {key: 'a', from: 'first', n: 1});
      tx.set(second, {key: 'b', from: 'second', n: 1});
    });
    expect(reported).toEqual([]);
    graph.commit((tx) => tx.set(third, {key: 'a', from: 'third', n: 1}));
    expect(reported).toEqual(['united: a is in first and in third; the first wins']);
    expect(graph.list(united).map(({from}) => from)).toEqual(['first', 'second']);
  });

  it('lets a key move from one source to another inside a commit', () => {
    const reported: string[] = [];
    const graph = createGraph({outputs: [united], onDiagnostic: ({message}) => reported.push(message)});
    graph.commit((tx) => tx.set(first, {key: 'a', from: 'first', n: 1}));
    graph.commit((tx) => {
      tx.set(second, {key: 'a', from: 'second', n: 1});
      tx.delete(first, 'a');
    });
    expect(reported).toEqual([]);
    expect(graph.list(united)).toEqual([{key: 'a', from: 'second', n: 1}]);
  });
});
