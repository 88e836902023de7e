import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Collection, createGraph, derive, input, merge, nested, type Row} from '../../src/krt/index.ts';
import {Fold} from './fold.ts';
import {runs} from './program-arbitrary.ts';

type Item = Row & {readonly from: string; readonly n: number};

const sources = ['first', 'second', 'third'].map((name) => input<Item>(name, {key: ({key}) => key}));
const [first, second, third] = sources;
if (first === undefined || second === undefined || third === undefined) throw new Error('three sources');

/** A row that shows of which rows it is made, in which order. */
const together = (rows: readonly Item[], key: string): Item => ({
  key,
  from: rows.map(({from}) => from).join(' '),
  n: rows.reduce((sum, {n}) => sum + n, 0),
});
const merged = merge('merged', sources, together);

/** Which sources count, and in which order: each row stands for one. */
type Layer = Row & {readonly of: string};
const layers = input<Layer>('layers', {key: ({key}) => key});
const member = ({of}: Layer) => sources.find(({name}) => name === of);
const stacked = nested('stacked', {from: layers, member});
const blended = nested('blended', {from: layers, member, merge: together});

const KEYS = ['a', 'b', 'c'];
const step = fc.record({
  source: fc.nat(2),
  key: fc.constantFrom(...KEYS),
  n: fc.option(fc.nat(2), {nil: undefined}),
});
const layer = fc.record({
  layer: fc.constantFrom('1', '2', '3', '4'),
  of: fc.option(fc.constantFrom('first', 'second', 'third', 'nothing'), {nil: undefined}),
});

describe('merge', () => {
  it('holds one row of all rows of a key, in the order of the sources, and says only what changed', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, {maxLength: 4}), {maxLength: 10, size: 'max'}), (commits) => {
        const graph = createGraph({outputs: [merged]});
        const fold = new Fold<Item>();
        graph.subscribe(merged, (delta) => fold.add(delta));
        for (const steps of commits) {
          graph.commit((tx) => {
            for (const {source, key, n} of steps) {
              const target = sources[source] ?? first;
              if (n === undefined) tx.delete(target, key);
              else tx.set(target, {key, from: target.name, n});
            }
          });
          const expected = KEYS.flatMap((key) => {
            const rows = sources.flatMap((source) => graph.get(source, key) ?? []);
            return rows.length === 0 ? [] : [together(rows, key)];
          });
          expect(graph.list(merged)).toEqual(expected);
          expect(fold.list()).toEqual(expected);
        }
      }),
      runs(500),
    );
  });

  it('makes a row once for all changes of a commit, and none for a key that nobody has any more', () => {
    const made: string[] = [];
    const counted = merge('counted', sources, (rows: readonly Item[], key) => {
      made.push(`${key} of ${rows.length}`);
      return together(rows, key);
    });
    const graph = createGraph({outputs: [counted]});
    graph.commit((tx) => {
      for (const source of sources) for (const key of KEYS) tx.set(source, {key, from: source.name, n: 1});
    });
    expect(made.sort()).toEqual(['a of 3', 'b of 3', 'c of 3']);
    made.length = 0;
    graph.commit((tx) => {
      tx.delete(second, 'a');
      for (const source of sources) tx.delete(source, 'b');
    });
    expect(made).toEqual(['a of 2']);
    expect(graph.list(counted).map(({key, from}) => [key, from])).toEqual([
      ['a', 'first third'],
      ['c', 'first second third'],
    ]);
  });

  it('keeps the last good row of a key while the function throws or returns what is not a row of it', () => {
    const reported: string[] = [];
    const fragile = merge('fragile', sources, (rows: readonly Item[], key): Item => {
      if (rows.length === 2) throw new Error('not two');
      return rows.length === 3 ? {key: `not ${key}`, from: '', n: 0} : together(rows, key);
    });
    const graph = createGraph({outputs: [fragile], onDiagnostic: ({message}) => reported.push(message)});
    graph.commit((tx) => tx.set(first, {key: 'a', from: 'first', n: 1}));
    for (const source of [second, third]) {
      graph.commit((tx) => tx.set(source, {key: 'a', from: source.name, n: 1}));
      expect(graph.list(fragile)).toEqual([{key: 'a', from: 'first', n: 1}]);
    }
    expect(reported).toEqual([expect.stringContaining('not two'), expect.stringContaining('not a row with the key a')]);
    graph.commit((tx) => [first, second].forEach((source) => tx.delete(source, 'a')));
    expect(graph.list(fragile)).toEqual([{key: 'a', from: 'third', n: 1}]);
  });

  it('may make rows of another type, with traits of their own', () => {
    const namesOf = merge(
      'names',
      sources,
      (rows: readonly Item[], key) => ({key, names: rows.map(({from}) => from)}),
      {labels: ({names}) => Object.fromEntries(names.map((name) => [name, 'yes']))},
    );
    const graph = createGraph({outputs: [namesOf]});
    graph.commit((tx) => {
      tx.set(first, {key: 'a', from: 'first', n: 1});
      tx.set(third, {key: 'a', from: 'third', n: 1});
    });
    expect(graph.list(namesOf)).toEqual([{key: 'a', names: ['first', 'third']}]);
  });
});

describe('nested', () => {
  it('holds the rows of the collections that rows stand for, the lowest row winning or all merged', () => {
    const steps = fc.array(fc.array(fc.oneof(step, layer), {maxLength: 5}), {maxLength: 12, size: 'max'});
    fc.assert(
      fc.property(steps, (commits) => {
        const graph = createGraph({outputs: [stacked, blended]});
        const folds = [stacked, blended].map((collection) => {
          const fold = new Fold<Item>();
          graph.subscribe(collection, (delta) => fold.add(delta));
          return {collection, fold};
        });
        for (const list of commits) {
          graph.commit((tx) => {
            for (const one of list) {
              if ('layer' in one) {
                if (one.of === undefined) tx.delete(layers, one.layer);
                else tx.set(layers, {key: one.layer, of: one.of});
              } else {
                const target = sources[one.source] ?? first;
                if (one.n === undefined) tx.delete(target, one.key);
                else tx.set(target, {key: one.key, from: target.name, n: one.n});
              }
            }
          });
          // What several rows stand for counts once, in the place of the lowest.
          const members = [...new Set(graph.list(layers).flatMap((row) => member(row) ?? []))];
          const holders = KEYS.map((key) => members.flatMap((source) => graph.get(source, key) ?? []));
          expect(graph.list(stacked)).toEqual(holders.flatMap(([winner]) => winner ?? []));
          expect(graph.list(blended)).toEqual(
            holders.flatMap((rows, i) => (rows.length === 0 ? [] : [together(rows, KEYS[i] ?? '')])),
          );
          for (const {collection, fold} of folds) expect(fold.list()).toEqual(graph.list(collection));
        }
      }),
      runs(500),
    );
  });

  it('follows collections that change places', () => {
    const graph = createGraph({outputs: [stacked, blended]});
    graph.commit((tx) => {
      for (const source of [first, second]) tx.set(source, {key: 'a', from: source.name, n: 1});
    });
    for (const [upper, lower] of [
      ['first', 'second'],
      ['second', 'first'],
    ] as const) {
      graph.commit((tx) => {
        tx.set(layers, {key: '1', of: upper});
        tx.set(layers, {key: '2', of: lower});
      });
      expect(graph.get(stacked, 'a')?.from).toBe(upper);
      expect(graph.get(blended, 'a')?.from).toBe(`${upper} ${lower}`);
    }
  });

  it('refuses, by name, a row that stands for what depends on it, and goes on with the others', () => {
    const reported: string[] = [];
    const knot: Collection<Item> = nested<Layer, Item>('knot', {
      from: layers,
      member: ({of}) => (of === 'loop' ? loop : first),
    });
    const loop = derive('loop', {from: knot, rows: (_, row) => ({...row, key: `${row.key}!`})});
    const graph = createGraph({outputs: [knot, loop], onDiagnostic: ({message}) => reported.push(message)});
    graph.commit((tx) => {
      tx.set(layers, {key: '1', of: 'loop'});
      tx.set(layers, {key: '2', of: 'first'});
      tx.set(first, {key: 'a', from: 'first', n: 1});
    });
    expect(reported).toEqual([expect.stringContaining('depend on each other: knot -> loop -> knot')]);
    expect(graph.list(loop)).toEqual([{key: 'a!', from: 'first', n: 1}]);
    graph.commit((tx) => tx.set(first, {key: 'b', from: 'first', n: 1}));
    expect(graph.size(loop)).toBe(2);
  });

  it('waits for what a row brings alive, and makes each row once', () => {
    let made: string[] = [];
    const copy = (name: string, from: Collection<Item>) => derive(name, {from, rows: (_, row) => ({...row})});
    const deep = copy('third-copy', copy('second-copy', copy('first-copy', first)));
    const combined = nested<Layer, Item>('combined', {
      from: layers,
      member: ({of}) => (of === 'deep' ? deep : first),
      merge: (rows, key) => {
        made.push(key);
        return together(rows, key);
      },
    });
    const after = copy('after', combined);
    const graph = createGraph({outputs: [after]});
    graph.commit((tx) => {
      tx.set(layers, {key: '1', of: 'first'});
      tx.set(first, {key: 'a', from: 'first', n: 1});
    });
    graph.resetCounters();
    made = [];
    graph.commit((tx) => {
      tx.set(layers, {key: '2', of: 'deep'});
      tx.set(first, {key: 'a', from: 'first', n: 2});
      tx.set(first, {key: 'b', from: 'first', n: 3});
    });
    expect(graph.list(after).map(({key, n}) => [key, n])).toEqual([
      ['a', 4],
      ['b', 6],
    ]);
    expect(made.sort()).toEqual(['a', 'b']);
    expect(graph.counters().get('after')).toMatchObject({runs: 2});
  });

  it('brings alive what a row stands for', () => {
    const graph = createGraph({outputs: [stacked]});
    expect(graph.find('second')).toBeUndefined();
    graph.commit((tx) => tx.set(layers, {key: '1', of: 'second'}));
    expect(graph.find('second')).toBe(second);
    expect(graph.edges()).toContainEqual(expect.objectContaining({from: 'second', to: 'stacked'}));
  });
});
