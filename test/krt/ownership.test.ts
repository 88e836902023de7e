import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Change, createGraph, derive, deriveOutputs, type Graph, input} from '../../src/krt/index.ts';
import {Fold} from './fold.ts';
import {runs} from './program-arbitrary.ts';

/** Inputs that say which output keys they yield: moving one from input to input is a transfer of ownership. */
type Claim = {readonly key: string; readonly yields: readonly string[]; readonly n: number};
type Out = {readonly key: string; readonly by: string; readonly n: number};

const claims = input<Claim>('claims', {key: ({key}) => key});
const outs = derive('outs', {
  from: claims,
  rows: (_, {key, yields, n}): readonly Out[] => yields.map((out) => ({key: out, by: key, n})),
});
const anonymous = derive('anonymous', {
  from: claims,
  rows: (_, {yields, n}) => yields.map((out) => ({key: out, n})),
});

function made(): {readonly graph: Graph; readonly reported: string[]} {
  const reported: string[] = [];
  const graph = createGraph({
    outputs: [outs, anonymous],
    onDiagnostic: ({node, message}) => reported.push(`${node}: ${message}`),
  });
  return {graph, reported};
}

describe('the keys that a transform yields', () => {
  it('belong to the lowest input key that yields them, whatever the history', () => {
    const claim = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      yields: fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), {maxLength: 3}),
      n: fc.nat(1),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(fc.array(claim, {maxLength: 4}), {maxLength: 10, size: 'max'}), (commits) => {
        const {graph, reported} = made();
        const fold = new Fold<Out>();
        graph.subscribe(outs, (delta) => fold.add(delta));
        for (const steps of commits) {
          reported.length = 0;
          graph.commit((tx) => {
            for (const {key, yields, n, gone} of steps) {
              if (gone) tx.delete(claims, key);
              else tx.set(claims, {key, yields, n});
            }
          });
          const present = graph.list(claims);
          const expected = ['p', 'q', 'r'].flatMap((out) => {
            const winner = present.find(({yields}) => yields.includes(out));
            return winner === undefined ? [] : [{key: out, by: winner.key, n: winner.n}];
          });
          expect(graph.list(outs)).toEqual(expected);
          expect(fold.list()).toEqual(expected);
          // What is reported is disputed, and by those who are named.
          for (const text of reported) {
            const [, out = '', names = ''] = /: (\w) is yielded by (.+); the first wins$/.exec(text) ?? [];
            const claimants = present.filter(({yields}) => yields.includes(out)).map(({key}) => key);
            expect(claimants.length).toBeGreaterThan(1);
            expect(names.split(/ and by |, /)).toEqual(claimants);
          }
        }
      }),
      runs(300),
    );
  });

  it('pass from one input to another inside a commit as one update, with nothing reported', () => {
    const {graph, reported} = made();
    graph.commit((tx) => tx.set(claims, {key: 'a', yields: ['p'], n: 1}));
    const changes: Change<Out>[] = [];
    graph.subscribe(outs, (delta) => changes.push(...delta.changes));
    const silent: unknown[] = [];
    graph.subscribe(anonymous, (delta) => silent.push(delta));
    graph.commit((tx) => {
      tx.set(claims, {key: 'b', yields: ['p'], n: 1});
      tx.set(claims, {key: 'a', yields: [], n: 1});
    });
    graph.commit((tx) => {
      tx.delete(claims, 'b');
      tx.set(claims, {key: 'c', yields: ['p'], n: 1});
    });
    expect(changes).toEqual([
      {key: 'p', old: {key: 'p', by: 'a', n: 1}, new: {key: 'p', by: 'b', n: 1}},
      {key: 'p', old: {key: 'p', by: 'b', n: 1}, new: {key: 'p', by: 'c', n: 1}},
    ]);
    expect(silent).toEqual([]);
    expect(reported).toEqual([]);
  });

  it('change as the input says: a row under another key is another row', () => {
    const {graph} = made();
    const claim = (...yields: readonly string[]) => graph.commit((tx) => tx.set(claims, {key: 'a', yields, n: 1}));
    claim('p');
    claim('q');
    expect(graph.get(outs, 'p')).toBeUndefined();
    expect(graph.get(outs, 'q')).toEqual({key: 'q', by: 'a', n: 1});
  });

  it('are those of one output, whatever it yields for another', () => {
    const both = deriveOutputs<Claim, {rows: Out; status: Out}>('both', {
      from: claims,
      outputs: {rows: 'both-rows', status: 'both-status'},
      rows: (_, {key, yields, n}) => ({
        rows: yields.map((out) => ({key: out, by: key, n})),
        status: {key, by: key, n},
      }),
    });
    const graph = createGraph({outputs: [both.rows, both.status]});
    for (const [n, yields] of [['p', 'q'], ['q'], ['p', 'q', 'r'], [], ['a', 'p']].entries()) {
      graph.commit((tx) => tx.set(claims, {key: 'a', yields, n}));
      expect(graph.list(both.rows)).toEqual(yields.map((key) => ({key, by: 'a', n})));
      expect(graph.list(both.status)).toEqual([{key: 'a', by: 'a', n}]);
    }
  });

  it('are reported when two inputs yield one, and pass on when the winner lets go', () => {
    const {graph, reported} = made();
    graph.commit((tx) => tx.set(claims, {key: 'b', yields: ['p'], n: 1}));
    graph.commit((tx) => tx.set(claims, {key: 'a', yields: ['p'], n: 2}));
    expect(graph.list(outs)).toEqual([{key: 'p', by: 'a', n: 2}]);
    expect(reported).toContain('outs: p is yielded by a and by b; the first wins');
    graph.commit((tx) => tx.delete(claims, 'a'));
    expect(graph.list(outs)).toEqual([{key: 'p', by: 'b', n: 1}]);
    expect(graph.why(outs, 'p').causes).toMatchObject([{collection: 'claims', key: 'b'}]);
  });

  it('are reported when one input yields one twice, and the last row counts', () => {
    const {graph, reported} = made();
    graph.commit((tx) => tx.set(claims, {key: 'a', yields: ['p', 'p'], n: 1}));
    expect(reported).toContain('outs: a yields one key twice; the last row counts');
    expect(graph.list(outs)).toEqual([{key: 'p', by: 'a', n: 1}]);
  });
});
