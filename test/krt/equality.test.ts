import {describe, expect, it} from 'vitest';
import {
  createGraph,
  derive,
  type Equality,
  group,
  index,
  input,
  join,
  type Row,
  structurallyEqual,
} from '../../src/krt/index.ts';

/** A class of its own, as rows should not contain. */
class Thing {
  readonly key = 'thing';
}

const thing = new Thing();
const act = (): void => {};
const values: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => 0,
  () => 1,
  () => Number.NaN,
  () => '1',
  () => '',
  () => false,
  () => 1n,
  () => ({}),
  () => ({a: 1}),
  () => ({a: 2}),
  () => ({b: 1}),
  () => ({a: 1, b: 1}),
  () => ({a: {b: [1, {c: 2}]}}),
  () => ({a: {b: [1, {c: 3}]}}),
  () => [],
  () => [1],
  () => [1, 2],
  () => [2, 1],
  () => [undefined],
  () => ({length: 0}),
  () => new Uint8Array(),
  () => new Uint8Array([1]),
  () => new Uint8Array([1, 2]),
  () => new Uint8Array([1, 3]),
  () => thing,
  () => act,
];

describe('structural equality', () => {
  it('holds between a value and the same made anew, and between no others', () => {
    for (const [i, one] of values.entries()) {
      for (const [j, other] of values.entries()) {
        expect([i, j, structurallyEqual(one(), other())]).toEqual([i, j, i === j]);
      }
    }
  });

  it('takes a property that is undefined for one that is not there, and looks at no order of properties', () => {
    expect(structurallyEqual({a: 1, b: undefined}, {a: 1})).toBe(true);
    expect(structurallyEqual({a: 1}, {c: undefined, a: 1})).toBe(true);
    expect(structurallyEqual({a: undefined}, {b: undefined})).toBe(true);
    expect(structurallyEqual({a: 1, b: 2}, {b: 2, a: 1})).toBe(true);
    expect(structurallyEqual({a: 1, b: undefined}, {b: 1, a: undefined})).toBe(false);
    expect(structurallyEqual(Object.assign(Object.create(null), {a: 1}), {a: 1})).toBe(true);
  });

  it('compares what is no plain data by identity', () => {
    expect(structurallyEqual(new Thing(), new Thing())).toBe(false);
    expect(structurallyEqual({thing}, {thing})).toBe(true);
    expect(structurallyEqual(new Date(0), new Date(0))).toBe(false);
    expect(
      structurallyEqual(
        () => {},
        () => {},
      ),
    ).toBe(false);
  });
});

type Item = Row & {readonly n: number; readonly note: string};

const items = input<Item>('items', {key: ({key}) => key, equals: 'identity'});
const noted = (key: string, n: number, note: string): Item => ({key, n, note});

/** The items as they are, under an equality of its own, alone, joined and grouped. */
function made(equals: Equality<Item>) {
  const copies = derive('copies', {from: items, equals, rows: (_, row) => ({...row})});
  const joined = join('joined', [items], {equals});
  const groups = group(
    'groups',
    index(copies, 'n', ({n}) => String(n)),
  );
  const reported: string[] = [];
  const graph = createGraph({
    outputs: [copies, joined, groups],
    onDiagnostic: ({node, message}) => reported.push(`${node}: ${message}`),
  });
  const told: string[] = [];
  graph.onCommit([copies, joined, groups], ({deltas}) => told.push(...deltas.keys()));
  graph.commit((tx) => tx.set(items, noted('a', 1, 'first')));
  /** Who has something to tell of that row. */
  const after = (row: Item): readonly string[] => {
    told.length = 0;
    graph.commit((tx) => tx.set(items, row));
    return told.sort();
  };
  return {graph, copies, joined, after, reported};
}

describe('a collection', () => {
  it('tells of every row that is made anew where identity counts, but not of what equals what others have', () => {
    const {after} = made('identity');
    // A group of equal rows is an equal group: it compares as rows usually do.
    expect(after(noted('a', 1, 'first'))).toEqual(['copies', 'joined']);
    expect(after(noted('a', 1, 'second'))).toEqual(['copies', 'groups', 'joined']);
  });

  it('tells of nothing that its own function says is equal, and keeps the row that it has', () => {
    const {graph, copies, joined, after} = made((old, now) => old.n === now.n);
    expect(after(noted('a', 1, 'second'))).toEqual([]);
    expect([graph.get(copies, 'a')?.note, graph.get(joined, 'a')?.note]).toEqual(['first', 'first']);
    expect(after(noted('a', 2, 'third'))).toEqual(['copies', 'groups', 'joined']);
    expect([graph.get(copies, 'a')?.note, graph.get(joined, 'a')?.note]).toEqual(['third', 'third']);
  });

  it('joins rows by its own function, whatever that of their source is', () => {
    const plain = input<Item>('plain', {key: ({key}) => key});
    const joined = join('joined', [plain, items], {equals: (old, now) => old.n === now.n});
    const graph = createGraph({outputs: [joined]});
    const notes: unknown[] = [];
    graph.subscribe(joined, ({changes}) => notes.push(...changes.map((change) => change.new?.note)));
    graph.commit((tx) => tx.set(plain, noted('a', 1, 'first')));
    graph.commit((tx) => tx.set(plain, noted('a', 1, 'second')));
    graph.commit((tx) => tx.set(plain, noted('a', 2, 'third')));
    expect(notes).toEqual(['first', 'third']);
  });

  it('takes rows for different, and reports it, where its own function throws', () => {
    const {graph, copies, after, reported} = made(() => {
      throw new Error('no idea');
    });
    expect(after(noted('a', 1, 'second'))).toEqual(['copies', 'groups', 'joined']);
    expect(graph.get(copies, 'a')?.note).toBe('second');
    expect(reported.sort()).toEqual([
      'copies: comparing two rows failed, they count as different: no idea',
      'joined: comparing two rows failed, they count as different: no idea',
    ]);
  });
});
