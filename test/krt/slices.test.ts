import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {createGraph, derive, input, type Row, type Transaction} from '../../src/krt/index.ts';
import {runs} from './program-arbitrary.ts';

type Item = Row & {readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const doubled = derive('doubled', {from: items, rows: (_, {key, n}): Item => ({key, n: n * 2})});

type Write = (tx: Transaction) => void;
const set =
  (key: string, n: number): Write =>
  (tx) =>
    tx.set(items, {key, n});
const many = (count: number): readonly Write[] => Array.from({length: count}, (_, n) => set(`k${n}`, n));

describe('a commit in slices', () => {
  it('ends like one commit of all writes, however it is cut, and resolves with the last epoch', async () => {
    const write = fc.record({key: fc.constantFrom('a', 'b', 'c'), n: fc.nat(3)});
    await fc.assert(
      fc.asyncProperty(fc.array(write, {maxLength: 60, size: 'max'}), fc.nat(1), async (list, budget) => {
        const [whole, cut] = [createGraph({outputs: [doubled]}), createGraph({outputs: [doubled]})];
        const writes = list.map(({key, n}) => set(key, n));
        whole.commit((tx) => writes.forEach((one) => one(tx)));
        expect(await cut.commitInSlices(writes, {budget})).toBe(cut.epoch);
        expect(cut.list(doubled)).toEqual(whole.list(doubled));
      }),
      runs(60),
    );
  });

  it('lets the event loop turn between slices, and never cuts a write', async () => {
    const graph = createGraph({outputs: [doubled]});
    const sizes: number[] = [];
    graph.subscribe(doubled, ({changes}) => sizes.push(changes.length));
    let turns = 0;
    const turn = () => {
      turns++;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    const pair = (n: number): Write => {
      return (tx) => {
        set(`left-${n}`, n)(tx);
        set(`right-${n}`, n)(tx);
      };
    };
    const before = graph.epoch;
    const epoch = await graph.commitInSlices(
      Array.from({length: 2000}, (_, n) => pair(n)),
      {budget: 1},
    );
    clearImmediate(timer);
    expect(epoch - before).toBe(sizes.length);
    expect(sizes.length).toBeGreaterThan(2);
    expect(turns).toBeGreaterThanOrEqual(sizes.length - 1);
    expect(sizes.filter((size) => size % 2 === 1)).toEqual([]);
    expect(graph.size(doubled)).toBe(4000);
  });

  it('makes of writes that take long no more at once than the budget is for', async () => {
    const graph = createGraph({outputs: [doubled]});
    const sizes: number[] = [];
    graph.subscribe(doubled, ({changes}) => sizes.push(changes.length));
    const slow = (n: number): Write => {
      return (tx) => {
        const end = performance.now() + 1;
        while (performance.now() < end);
        set(`k${n}`, n)(tx);
      };
    };
    await graph.commitInSlices(
      Array.from({length: 60}, (_, n) => slow(n)),
      {budget: 5},
    );
    // How long the first ones take is not known before; the machine may hold one up, and so mislead for the next.
    const inOrder = sizes.slice(1).sort((a, b) => a - b);
    expect(inOrder[Math.floor(inOrder.length * 0.75)]).toBeLessThanOrEqual(5);
    expect(inOrder.at(-1)).toBeLessThanOrEqual(10);
    expect(graph.size(doubled)).toBe(60);
  });

  it('goes no further when a write throws: the slices before it are in effect, its own is not', async () => {
    const graph = createGraph({outputs: [doubled]});
    const bad: Write = () => {
      throw new Error('no luck');
    };
    await expect(graph.commitInSlices([...many(500), bad, set('never', 1)], {budget: 0})).rejects.toThrow('no luck');
    expect(graph.size(items)).toBeGreaterThan(0);
    expect(graph.get(items, 'never')).toBeUndefined();
    graph.commit(set('after', 1));
    expect(graph.get(doubled, 'after')).toEqual({key: 'after', n: 2});
  });

  it('stops between slices when it is told to', async () => {
    const graph = createGraph({outputs: [doubled]});
    const abort = new AbortController();
    graph.subscribe(doubled, () => abort.abort(new Error('enough')));
    await expect(graph.commitInSlices(many(500), {budget: 0, signal: abort.signal})).rejects.toThrow('enough');
    expect(graph.size(doubled)).toBeGreaterThan(0);
    expect(graph.size(doubled)).toBeLessThan(500);
    await expect(graph.commitInSlices(many(1), {signal: abort.signal})).rejects.toThrow('enough');
  });

  it('of nothing is no epoch', async () => {
    const graph = createGraph({outputs: [doubled]});
    const {epoch} = graph;
    expect(await graph.commitInSlices([])).toBe(epoch);
    expect(graph.epoch).toBe(epoch);
  });
});
