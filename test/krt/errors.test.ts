import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  type AnyCollection,
  createGraph,
  derive,
  type Graph,
  group,
  index,
  input,
  type Labels,
} from '../../src/krt/index.ts';
import {runs} from './program-arbitrary.ts';

type Item = {readonly key: string; readonly ref: string; readonly n: number; readonly bad: boolean};

const items = input<Item>('items', {key: ({key}) => key});
const others = input<Item>('others', {key: ({key}) => key});

/** Fails for bad rows, sometimes before and sometimes after it has read the other collection. */
const fragile = derive('fragile', {
  from: items,
  rows: (ctx, {key, ref, n, bad}) => {
    if (bad && n % 2 === 0) throw new Error(`${key} is bad`);
    const other = ctx.get(others, ref);
    if (other?.bad === true) throw new Error(`${other.key} is bad`);
    if (bad) throw new Error(`${key} is bad`);
    return [
      {key, n: n + (other?.n ?? 0)},
      {key: `${key}-of-${ref}`, n},
    ];
  },
});
const total = derive('total', {
  from: items,
  rows: (ctx, {key}) => ({key, sum: ctx.list(fragile).reduce((sum, {n}) => sum + n, 0)}),
});

type Made = {readonly key: string; readonly n: number};

describe('a transform that throws', () => {
  it('keeps its last good rows, is listed among the errors, and heals', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.record({
      other: fc.boolean(),
      gone: fc.nat(5).map((n) => n === 0),
      row: fc.record({key, ref: key, n: fc.nat(3), bad: fc.boolean()}),
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, {maxLength: 4}), {maxLength: 12, size: 'max'}), (commits) => {
        const graph = createGraph({outputs: [total]});
        const lastGood = new Map<string, readonly Made[]>();
        for (const steps of commits) {
          graph.commit((tx) => {
            for (const {other, gone, row} of steps) {
              const target = other ? others : items;
              if (gone) tx.delete(target, row.key);
              else tx.set(target, row);
            }
          });
          const failing: string[] = [];
          const present = graph.list(items);
          for (const known of lastGood.keys()) if (!present.some((row) => row.key === known)) lastGood.delete(known);
          for (const row of present) {
            const other = graph.get(others, row.ref);
            if (row.bad || other?.bad === true) failing.push(row.key);
            else {
              const made = [
                {key: row.key, n: row.n + (other?.n ?? 0)},
                {key: `${row.key}-of-${row.ref}`, n: row.n},
              ];
              lastGood.set(row.key, made);
            }
          }
          const expected = [...lastGood.values()].flat().sort((a, b) => (a.key < b.key ? -1 : 1));
          expect(graph.list(fragile)).toEqual(expected);
          expect(graph.errors().map(({collection, input: of}) => ({collection, of}))).toEqual(
            failing.map((of) => ({collection: 'fragile', of})),
          );
          const sum = expected.reduce((before, {n}) => before + n, 0);
          for (const row of graph.list(total)) expect(row.sum).toBe(sum);
        }
      }),
      runs(300),
    );
  });

  it('does not stop other rows or other nodes, and says which row failed', () => {
    const {graph, reported} = watched(total);
    graph.commit((tx) => {
      tx.set(items, {key: 'a', ref: 'x', n: 2, bad: true});
      tx.set(items, {key: 'b', ref: 'x', n: 2, bad: false});
    });
    expect(graph.list(fragile).map(({key}) => key)).toEqual(['b', 'b-of-x']);
    expect(graph.errors()).toEqual([
      {key: 'fragile/a', collection: 'fragile', input: 'a', message: 'a is bad', epoch: graph.epoch},
    ]);
    expect(reported).toEqual(['fragile: the transform failed for a, its last good rows stand: a is bad']);
  });

  it('is listed in the order of the keys, whichever row failed first', () => {
    const graph = createGraph({outputs: [total]});
    for (const key of ['b', 'c', 'a']) graph.commit((tx) => tx.set(items, {key, ref: 'x', n: 1, bad: true}));
    expect(graph.errors().map(({key}) => key)).toEqual(['fragile/a', 'fragile/b', 'fragile/c']);
  });

  it('is forgotten with its row', () => {
    const {graph} = watched(fragile);
    graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 1, bad: true}));
    graph.commit((tx) => tx.delete(items, 'a'));
    expect(graph.errors()).toEqual([]);
    expect(graph.registrations()).toBe(0);
  });

  it('may throw anything at all', () => {
    const thrown: readonly unknown[] = [undefined, null, 'text', Object.create(null), Symbol('s')];
    for (const value of thrown) {
      const thrower = derive('thrower', {
        from: items,
        rows: () => {
          throw value;
        },
      });
      const {graph} = watched(thrower);
      graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 1, bad: false}));
      expect(graph.errors()).toMatchObject([{key: 'thrower/a', message: expect.any(String)}]);
    }
  });

  it('may return what is not a row, which fails it alike', () => {
    const returned: readonly unknown[] = [null, [undefined], [{}], {key: 1}, 'text', [[{key: 'a'}]]];
    for (const value of returned) {
      // What an extension that nobody type-checked may do.
      const wild = derive('wild', {from: items, rows: () => value as {key: string}});
      const {graph, reported} = watched(wild);
      graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 1, bad: false}));
      expect(graph.list(wild)).toEqual([]);
      expect(reported).toEqual([expect.stringContaining('a row is an object with a key')]);
    }
  });
});

/** The graph of a collection, with all that it reports. */
function watched(collection: AnyCollection): {readonly graph: Graph; readonly reported: readonly string[]} {
  const reported: string[] = [];
  const onDiagnostic = ({node, message}: {node: string; message: string}) => reported.push(`${node}: ${message}`);
  return {graph: createGraph({outputs: [collection], onDiagnostic}), reported};
}

type Tagged = {readonly key: string; readonly tag: string; readonly labels: Labels};

const tagged = (key: string, tag: string): Tagged => ({key, tag, labels: {tag}});
const refuse = (tag: string): string => {
  if (tag === 'boom') throw new Error('no boom');
  return tag;
};

describe('functions given by users that throw', () => {
  const rows = input<Tagged>('rows', {
    key: (row) => refuse(row.key),
    labels: ({labels: {tag = ''}}) => ({tag: refuse(tag)}),
  });
  const byTag = index(rows, 'tag', ({tag}) => refuse(tag));
  const copies = derive('copies', {from: rows, rows: (_, {key, tag}) => ({key, tag})});
  const grouped = group('grouped', byTag);
  const selected = derive('selected', {
    from: rows,
    rows: (ctx, {key, tag}) => ({
      key,
      same: ctx.select(rows, {matchLabels: {tag}}).map((row) => row.key),
      any: ctx.select(rows, {matchExpressions: [{key: 'tag', operator: 'Exists'}]}).map((row) => row.key),
    }),
  });

  it('leave the row out of the index when that of the index throws, and everything else consistent', () => {
    const reported: string[] = [];
    const graph = createGraph({
      outputs: [copies, grouped],
      onDiagnostic: ({node, message}) => reported.push(`${node}: ${message}`),
    });
    const groups = () => graph.list(grouped).map(({key, rows: members}) => [key, members.map((row) => row.key)]);
    graph.commit((tx) => {
      tx.set(rows, tagged('a', 'x'));
      tx.set(rows, tagged('b', 'boom'));
      tx.set(rows, tagged('c', 'x'));
    });
    expect(groups()).toEqual([['x', ['a', 'c']]]);
    expect(graph.list(copies).map(({key}) => key)).toEqual(['a', 'b', 'c']);
    expect(reported).toEqual(['rows: index tag failed for b, which it does not find: no boom']);
    graph.commit((tx) => tx.set(rows, tagged('a', 'boom')));
    expect(groups()).toEqual([['x', ['c']]]);
    graph.commit((tx) => {
      tx.set(rows, tagged('b', 'x'));
      tx.delete(rows, 'a');
    });
    expect(groups()).toEqual([['x', ['b', 'c']]]);
  });

  it('leave the row without labels when that of the labels throws', () => {
    const reported: string[] = [];
    const graph = createGraph({outputs: [selected], onDiagnostic: ({message}) => reported.push(message)});
    graph.commit((tx) => {
      tx.set(rows, tagged('a', 'x'));
      tx.set(rows, tagged('b', 'boom'));
    });
    expect(graph.list(selected)).toEqual([
      {key: 'a', same: ['a'], any: ['a']},
      {key: 'b', same: [], any: ['a']},
    ]);
    expect(new Set(reported)).toEqual(new Set(['the labels of b failed, it counts as without any: no boom']));
    graph.commit((tx) => tx.set(rows, tagged('b', 'x')));
    expect(graph.get(selected, 'b')).toEqual({key: 'b', same: ['a', 'b'], any: ['a', 'b']});
    expect(graph.errors()).toEqual([]);
  });

  it('undo the whole commit when that of the key, or the writer, throws', () => {
    const graph = createGraph({outputs: [copies]});
    graph.commit((tx) => tx.set(rows, tagged('a', 'x')));
    const before = graph.epoch;
    const attempt = () =>
      graph.commit((tx) => {
        tx.delete(rows, 'a');
        tx.set(rows, tagged('b', 'x'));
        tx.set(rows, tagged('boom', 'x'));
      });
    expect(attempt).toThrow('no boom');
    expect(graph.epoch).toBe(before);
    graph.commit(() => {});
    expect(graph.list(copies)).toEqual([{key: 'a', tag: 'x'}]);
  });

  it('cost a run, and an error of the transform, when a projection throws', () => {
    const projected = derive('projected', {
      from: items,
      rows: (ctx, {key}) => ({key, tag: ctx.get(rows, 'a', ({tag}) => refuse(tag))}),
    });
    const {graph} = watched(projected);
    graph.commit((tx) => {
      tx.set(items, {key: 'i', ref: '', n: 0, bad: false});
      tx.set(rows, tagged('a', 'x'));
    });
    graph.commit((tx) => tx.set(rows, tagged('a', 'boom')));
    expect(graph.errors()).toMatchObject([{key: 'projected/i', message: 'no boom'}]);
    expect(graph.list(projected)).toEqual([{key: 'i', tag: 'x'}]);
    graph.commit((tx) => tx.set(rows, tagged('a', 'y')));
    expect(graph.errors()).toEqual([]);
    expect(graph.list(projected)).toEqual([{key: 'i', tag: 'y'}]);
  });

  it('cost nothing but the transform when a selector is malformed', () => {
    type Query = {readonly key: string; readonly selector: {readonly matchExpressions: unknown}};
    const queries = input<Query>('queries', {key: ({key}) => key});
    const answers = derive('answers', {
      from: queries,
      // A selector as a user wrote it, which nothing has validated.
      rows: (ctx, {key, selector}) => ({key, n: ctx.select(rows, selector as object).length}),
    });
    const {graph} = watched(answers);
    graph.commit((tx) => {
      tx.set(rows, tagged('a', 'x'));
      tx.set(queries, {key: 'object', selector: {matchExpressions: {}}});
      tx.set(queries, {key: 'number', selector: {matchExpressions: 3}});
      tx.set(queries, {key: 'null', selector: {matchExpressions: [{key: 'tag', operator: 'In', values: null}]}});
      tx.set(queries, {key: 'good', selector: {matchExpressions: []}});
    });
    graph.commit((tx) => tx.set(rows, tagged('b', 'x')));
    expect(graph.get(answers, 'good')).toEqual({key: 'good', n: 2});
    expect(graph.errors().map(({input: of}) => of)).toEqual(['null', 'number', 'object']);
  });

  it('are not to read or write the graph while it is at work', () => {
    const reported: string[] = [];
    const sneaky = index(rows, 'sneaky', () => String(graph.list(copies).length));
    const writer = index(rows, 'writer', () => String(graph.commit(() => {})));
    const graph = createGraph({
      outputs: [copies, group('by-sneaky', sneaky), group('by-writer', writer)],
      onDiagnostic: ({message}) => reported.push(message),
    });
    graph.commit((tx) => tx.set(rows, tagged('a', 'x')));
    expect(reported).toEqual([
      expect.stringContaining('copies is read without the context'),
      expect.stringContaining('must not write'),
    ]);
    expect(graph.list(copies)).toEqual([{key: 'a', tag: 'x'}]);
  });

  it('may be the one that is told of diagnostics', () => {
    const graph = createGraph({
      outputs: [fragile],
      onDiagnostic: () => {
        throw new Error('deaf');
      },
    });
    graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 2, bad: true}));
    graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 2, bad: false}));
    expect(graph.size(fragile)).toBe(2);
  });

  it('may write to the graph when told of diagnostics', () => {
    const graph: Graph = createGraph({
      outputs: [fragile, others],
      onDiagnostic: ({message}) => {
        graph.commit((tx) => tx.set(others, {key: message, ref: '', n: graph.size(fragile), bad: false}));
      },
    });
    graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 2, bad: true}));
    expect(graph.list(others)).toHaveLength(1);
    expect(graph.epoch).toBe(3);
  });
});

describe('rows that are no plain data', () => {
  it('may contain themselves: they count as changed whenever they are made', () => {
    type Knot = {readonly key: string; readonly n: number; self?: Knot};
    const knots = derive('knots', {
      from: items,
      rows: (_, {key, n}): Knot => {
        const knot: Knot = {key, n};
        knot.self = knot;
        return knot;
      },
    });
    const {graph, reported} = watched(knots);
    graph.commit((tx) => tx.set(items, {key: 'a', ref: 'x', n: 2, bad: false}));
    graph.commit((tx) => tx.set(items, {key: 'a', ref: 'y', n: 2, bad: false}));
    expect(graph.get(knots, 'a')?.self?.n).toBe(2);
    expect(graph.counters().get('knots')).toMatchObject({runs: 2, changed: 2, cutOff: 0});
    expect(reported).toEqual([]);
  });
});
