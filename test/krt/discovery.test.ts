import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  type AnyCollection,
  type Collection,
  createGraph,
  derive,
  deriveOutputs,
  type Graph,
  index,
  input,
  type Row,
  singleton,
} from '../../src/krt/index.ts';
import {runs} from './program-arbitrary.ts';

/** What a transform reads need not be declared: collections come alive, and ranks rise, when it is met. */
type Item = Row & {readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const plusOne = (name: string, from: Collection<Item>): Collection<Item> =>
  derive(name, {from, rows: (_, {key, n}) => ({key, n: n + 1})});
const one = plusOne('one', items);
const two = plusOne('two', one);
const three = plusOne('three', two);

describe('a collection met inside a transform', () => {
  it('comes alive in that epoch, and every row of the reader runs once, with it complete', () => {
    const seen: number[] = [];
    const reader = derive('reader', {
      from: items,
      rows: (ctx, {key}) => {
        const all = ctx.list(three);
        seen.push(all.length);
        return {key, all: all.map(({n}) => n)};
      },
    });
    const graph = createGraph({outputs: [reader]});
    expect(graph.find('three')).toBeUndefined();
    graph.commit((tx) =>
      tx.replaceAll(
        items,
        ['a', 'b', 'c'].map((key) => ({key, n: 0})),
      ),
    );
    expect(graph.find('three')).toBeDefined();
    expect(graph.get(reader, 'b')).toEqual({key: 'b', all: [3, 3, 3]});
    expect(seen).toEqual([3, 3, 3]);
    expect(graph.counters().get('reader')).toMatchObject({runs: 3, changed: 3});
  });

  it('raises the reader, and all who read that, above it', () => {
    const low = derive('low', {from: items, rows: (ctx, {key, n}) => ({key, n: n === 0 ? 0 : ctx.count(three)})});
    const above = derive('above', {from: low, rows: (_, {key, n}) => ({key, n})});
    const graph = createGraph({outputs: [above, three]});
    const rank = (name: string) => graph.nodes().find((node) => node.name === name)?.rank ?? -1;
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    expect([rank('low'), rank('above'), rank('three')]).toEqual([1, 2, 3]);
    graph.resetCounters();
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect([rank('low'), rank('above'), rank('three')]).toEqual([4, 5, 3]);
    expect(graph.list(above)).toEqual([{key: 'a', n: 1}]);
    expect(graph.counters().get('low')).toMatchObject({runs: 1});
    expect(graph.counters().get('above')).toMatchObject({runs: 1});
    expect(graph.edges()).toContainEqual({from: 'three', to: 'low', how: 'fetch'});
  });

  it('may rank far below its reader, which waits for it all the same', () => {
    const late = plusOne('late', items);
    const reader = derive('reader', {from: three, rows: (ctx, {key}) => ({key, all: ctx.list(late).map(({n}) => n)})});
    const graph = createGraph({outputs: [reader]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    expect(graph.list(reader)).toEqual([{key: 'a', all: [1]}]);
    expect(graph.counters().get('reader')).toMatchObject({runs: 1});
  });

  it('raises those that wait for their turn, who then come after it', () => {
    const low = derive('low', {from: items, rows: (ctx, {key, n}) => ({key, n: n === 0 ? 0 : ctx.get(three, key)?.n})});
    const above = ['x', 'y', 'z'].map((name) =>
      derive(name, {from: items, rows: (ctx, {key}) => ({key, n: ctx.get(low, key)?.n})}),
    );
    const graph = createGraph({outputs: [...above, three]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    graph.resetCounters();
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    for (const one of [low, ...above]) {
      expect(graph.list(one)).toEqual([{key: 'a', n: 4}]);
      expect(graph.counters().get(one.name)).toMatchObject({runs: 1});
    }
  });

  it('is told to the subscribers of the reader as one delta', () => {
    const reader = derive('reader', {from: items, rows: (ctx, {key}) => ({key, n: ctx.get(three, key)?.n})});
    const graph = createGraph({outputs: [reader]});
    const deltas: unknown[] = [];
    graph.subscribe(reader, ({changes}) => deltas.push(changes));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    expect(deltas).toEqual([[{key: 'a', new: {key: 'a', n: 3}}]]);
  });

  it('holds back what the other rows yield until all have run, so that a key may pass between them', () => {
    type Claim = Item & {readonly yields: readonly string[]};
    const claims = input<Claim>('claims', {key: ({key}) => key});
    const owned = derive('owned', {
      from: claims,
      rows: (ctx, {key, n, yields}) =>
        yields.length > 0 ? yields.map((out) => ({key: out, by: key})) : n > 0 && ctx.count(three) > 0 ? {key} : [],
    });
    const reported: string[] = [];
    const graph = createGraph({outputs: [owned], onDiagnostic: ({message}) => reported.push(message)});
    graph.commit((tx) => tx.set(claims, {key: 'a', n: 1, yields: ['p']}));
    graph.resetCounters();
    graph.commit((tx) => {
      tx.set(claims, {key: 'b', n: 1, yields: ['p']});
      tx.set(claims, {key: 'a', n: 1, yields: []});
    });
    expect(graph.list(owned)).toEqual([{key: 'p', by: 'b'}]);
    expect(graph.counters().get('owned')).toMatchObject({runs: 2, changed: 1});
    expect(reported).toEqual([]);
  });

  it('may be swallowed by a transform that catches everything, and is still waited for', () => {
    const careless = derive('careless', {
      from: items,
      rows: (ctx, {key}) => {
        try {
          return {key, n: ctx.get(three, key)?.n};
        } catch {
          return {key, n: -1};
        }
      },
    });
    const graph = createGraph({outputs: [careless]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    expect(graph.list(careless)).toEqual([{key: 'a', n: 3}]);
  });

  it('can be asked for between commits and by subscribers, and starts with what is there', () => {
    const graph = createGraph({outputs: [one]});
    const asked: unknown[] = [];
    graph.subscribe(one, () => asked.push(graph.list(three)));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    expect(asked).toEqual([[{key: 'a', n: 3}]]);
    expect(graph.why(three, 'a')).toMatchObject({causes: [{collection: 'two', causes: [{collection: 'one'}]}]});
  });

  it('can be asked for while a commit is being written, and shows the state before it', () => {
    const graph = createGraph({outputs: [items]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    const deltas: unknown[] = [];
    graph.subscribe(items, ({changes}) => deltas.push(changes));
    graph.commit((tx) => {
      tx.set(items, {key: 'a', n: 5});
      expect(graph.list(three)).toEqual([{key: 'a', n: 3}]);
    });
    expect(graph.list(three)).toEqual([{key: 'a', n: 8}]);
    expect(deltas).toEqual([[{key: 'a', old: {key: 'a', n: 0}, new: {key: 'a', n: 5}}]]);
  });
});

describe('names', () => {
  it('are an error when two collections share one', () => {
    const impostor = plusOne('one', items);
    expect(() => createGraph({outputs: [one, impostor]})).toThrow('two collections are named one');
    const otherItems = input<Item>('items', {key: ({key}) => key});
    expect(() => createGraph({outputs: [one, otherItems]})).toThrow('two collections are named items');
    expect(() => createGraph({outputs: [one]}).list(impostor)).toThrow('two collections are named one');
  });

  it('fail the transform that meets the second, and leave no trace of it', () => {
    let ran = 0;
    const impostor = derive('two', {from: one, rows: (_, {key, n}) => (ran++, {key, n})});
    const reader = derive('reader', {from: items, rows: (ctx, {key}) => ({key, n: ctx.count(impostor)})});
    const graph = createGraph({outputs: [reader, two]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 0}));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.errors()).toMatchObject([{key: 'reader/a', message: 'two collections are named two'}]);
    expect(graph.list(two)).toEqual([{key: 'a', n: 3}]);
    expect(ran).toBe(0);
  });

  it('are an error when a transform of several outputs takes one twice, or one that is taken', () => {
    const outputs = (rows: string, status: string) =>
      deriveOutputs<Item, {rows: Row; status: Row}>('outputs', {
        from: items,
        outputs: {rows, status},
        rows: (_, {key}) => ({rows: {key}, status: {key}}),
      });
    expect(() => createGraph({outputs: [one, outputs('free', 'one').rows]})).toThrow('two collections are named one');
    expect(() => createGraph({outputs: [outputs('same', 'same').rows]})).toThrow('two collections are named same');
    const graph = createGraph({outputs: [one, outputs('free', 'other').rows]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.dump('other')).toHaveLength(1);
  });

  it('tell what there is when one is unknown', () => {
    const graph = createGraph({outputs: [two]});
    expect(() => graph.dump('tow')).toThrow('there is no collection tow; there are: items, one, two');
  });
});

/** Transforms that read each other: sums over the nodes named by `edges`, those of `odd` only for odd rows. */
function tangle(size: number, edges: readonly (readonly number[])[], odd: readonly (readonly number[])[]) {
  const made: Collection<Item>[] = [];
  for (let i = 0; i < size; i++) {
    made.push(
      derive(`node-${i}`, {
        from: items,
        rows: (ctx, {key, n}) => ({
          key,
          n: [...(edges[i] ?? []), ...(n % 2 === 1 ? (odd[i] ?? []) : [])].reduce((sum, target) => {
            const other = made[target % size];
            return sum + (other === undefined ? 0 : (ctx.get(other, key)?.n ?? 0));
          }, n + 1),
        }),
      }),
    );
  }
  return made;
}

describe('a cycle', () => {
  it('is an error of the transform that would close it, names its nodes, and stops nothing else', () => {
    const edges = [[1], [2], [0], [4], []];
    const [zero, , , next, last] = tangle(5, edges, []);
    if (zero === undefined || next === undefined || last === undefined) throw new Error('five nodes');
    const graph = createGraph({outputs: [zero, next]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.errors()).toHaveLength(1);
    expect(graph.errors()[0]?.message).toBe('collections depend on each other: node-2 -> node-1 -> node-0 -> node-2');
    expect(graph.list(next)).toEqual([{key: 'a', n: 4}]);
    // What reads the failed node finds no row there, and works.
    expect(graph.list(zero)).toEqual([{key: 'a', n: 4}]);
    graph.commit((tx) => tx.set(items, {key: 'b', n: 1}));
    expect(graph.list(next)).toHaveLength(2);
  });

  it('may be as short as a collection that reads itself', () => {
    const [self] = tangle(1, [[0]], []);
    if (self === undefined) throw new Error('one node');
    const graph = createGraph({outputs: [self]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.errors()).toMatchObject([{message: 'collections depend on each other: node-0 -> node-0'}]);
  });

  it('that is declared is refused by the graph with its names, where it used to end in too deep a recursion', () => {
    const reads: AnyCollection[] = [];
    const first = derive('first', {from: items, reads, rows: (_, {key}) => ({key})});
    reads.push(derive('second', {from: first, rows: (_, {key}) => ({key})}));
    expect(() => createGraph({outputs: [first]})).toThrow('depend on each other: first -> second -> first');
  });

  it('of any shape leaves every other row as it should be', () => {
    const targets = fc.array(fc.array(fc.nat(5), {maxLength: 2}), {minLength: 6, maxLength: 6});
    const commits = fc.array(fc.array(fc.record({key: fc.constantFrom('a', 'b'), n: fc.nat(3)}), {maxLength: 2}), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(targets, targets, commits, (edges, odd, steps) => {
        const made = tangle(6, edges, odd);
        const graph = createGraph({outputs: made});
        for (const rows of steps) {
          graph.commit((tx) => rows.forEach((row) => tx.set(items, row)));
          const failed = new Set(graph.errors().map(({collection, input: of}) => `${collection}/${of}`));
          for (const {message} of graph.errors()) expect(message).toMatch(/^collections depend on each other: node-\d/);
          const reaches = reachable(edges.map((list, i) => [...list, ...(odd[i] ?? [])]));
          for (const [i, node] of made.entries()) {
            for (const {key, n} of graph.list(items)) {
              const isFailed = failed.has(`node-${i}/${key}`);
              const read = [...(edges[i] ?? []), ...(n % 2 === 1 ? (odd[i] ?? []) : [])];
              const sum = read.reduce((before, target) => before + valueOf(graph, made[target], key), n + 1);
              // Only a node that can reach itself may be refused; all others add up what is there.
              const right = isFailed ? reaches[i]?.has(i) === true : graph.get(node, key)?.n === sum;
              expect({node: node.name, key, isFailed, right}).toEqual({node: node.name, key, isFailed, right: true});
            }
          }
        }
      }),
      runs(200),
    );
  });
});

const valueOf = (graph: Graph, node: Collection<Item> | undefined, key: string): number =>
  node === undefined ? 0 : (graph.get(node, key)?.n ?? 0);

function reachable(edges: readonly (readonly number[])[]): readonly ReadonlySet<number>[] {
  const sets = edges.map((targets) => new Set(targets));
  for (let round = 0; round < edges.length; round++) {
    for (const set of sets) for (const via of set) for (const target of sets[via] ?? []) set.add(target);
  }
  return sets;
}

describe('a reader of two views of one source', () => {
  it('never sees them at different versions, however long the ways and whatever is declared', () => {
    const way = fc.record({length: fc.nat(6), declared: fc.boolean(), lazy: fc.boolean()});
    fc.assert(
      fc.property(
        fc.array(way, {minLength: 2, maxLength: 4}),
        fc.array(fc.nat(3), {maxLength: 6}),
        (ways, versions) => {
          const ends = ways.map(({length}, i) => {
            let end: Collection<Item> = items;
            for (let step = 0; step < length; step++) {
              const from = end;
              end = derive(`way-${i}-${step}`, {from, rows: (_, row) => ({...row})});
            }
            return end;
          });
          let mixed = 0;
          const detector = singleton('detector', {
            reads: ends.filter((_, i) => ways[i]?.declared === true),
            rows: (ctx) => {
              const found: (number | undefined)[] = [];
              for (const end of ends) {
                found.push(ctx.get(end, 'a')?.n);
                if (new Set(found).size > 1) mixed++;
              }
              return {key: 'only', found};
            },
          });
          const outputs = [detector, ...ends.filter((_, i) => ways[i]?.lazy === false)];
          const graph = createGraph({outputs});
          for (const n of versions) graph.commit((tx) => tx.set(items, {key: 'a', n}));
          expect(mixed).toBe(0);
          const last = versions.at(-1);
          expect(graph.get(detector, 'only')?.found).toEqual(ends.map(() => last));
        },
      ),
      runs(200),
    );
  });
});

describe('an index', () => {
  it('is reported when it is made anew instead of being shared', () => {
    const reported: string[] = [];
    const wasteful = derive('wasteful', {
      from: items,
      rows: (ctx, {key}) => ({
        key,
        n: ctx.count(
          index(items, 'n', ({n}) => String(n)),
          '1',
        ),
      }),
    });
    const graph = createGraph({outputs: [wasteful], onDiagnostic: ({message}) => reported.push(message)});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 2}));
    expect(reported).toEqual(['index n exists twice; an index is made once and shared']);
  });
});
