import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {createGraph, derive, input} from '../../src/krt/index.ts';
import {Fold} from './fold.ts';
import type {Operation} from './program.ts';
import {commits, operation, program, runs} from './program-arbitrary.ts';
import {Twin} from './program-twin.ts';

type Item = {readonly key: string; readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const echoes = input<Item>('echoes', {key: ({key}) => key});
const doubled = derive('doubled', {from: items, rows: (_, {key, n}): Item => ({key, n: n * 2})});

const someOperations = fc.array(operation, {minLength: 1, maxLength: 6, size: 'max'});

describe('subscribers that write', () => {
  it('make epochs of their own, in order, at the numbers they were promised', () => {
    fc.assert(
      fc.property(program, commits, fc.array(someOperations, {maxLength: 6}), (definitions, steps, written) => {
        const twin = new Twin(definitions);
        const {made} = twin;
        const promised: number[] = [];
        const applied: Operation[][] = [];
        const epochs: number[] = [];
        const waiting = [...written];
        const write = () => {
          const operations = waiting.shift();
          if (operations === undefined) return;
          const epoch = made.graph.commit((tx) => {
            applied.push(operations);
            expect(made.graph.epoch + 1).toBe(epoch);
            made.write(tx, operations);
          });
          promised.push(epoch);
        };
        for (const collection of made.wanted) made.graph.subscribe(collection, write);
        made.graph.onCommit(made.inputs, ({epoch}) => {
          epochs.push(epoch);
          write();
        });
        for (const operations of steps) {
          applied.push([...operations]);
          made.commit(operations);
          for (const one of applied.splice(0)) twin.follow(one);
          twin.expectSame();
        }
        expect(promised).toEqual([...promised].sort((a, b) => a - b));
        expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
        expect(made.diagnostics.filter((text) => text.startsWith('subscriber'))).toEqual([]);
      }),
      runs(250),
    );
  });

  it('are stopped with an error that names the input when they never stop', () => {
    const graph = createGraph({outputs: [doubled]});
    let written = 0;
    const stop = graph.subscribe(doubled, () => {
      // Where nobody stops it, it stops itself, so that the test ends all the same.
      if (written < 50_000) graph.commit((tx) => tx.set(items, {key: 'a', n: ++written}));
    });
    expect(() => graph.commit((tx) => tx.set(items, {key: 'a', n: 0}))).toThrow(/do not stop writing to items/);
    stop();
    graph.commit((tx) => tx.set(items, {key: 'a', n: 5}));
    expect(graph.list(doubled)).toEqual([{key: 'a', n: 10}]);
  });

  it('are stopped before they fill the memory when each write causes two more', () => {
    const graph = createGraph({outputs: [items]});
    let n = 0;
    const more = () => graph.commit((tx) => tx.set(items, {key: 'a', n: n++}));
    graph.subscribe(items, more);
    graph.subscribe(items, more);
    expect(more).toThrow(/do not stop writing to items/);
  });

  it('may write as often as they like when no write causes another', () => {
    const graph = createGraph({outputs: [items, echoes]});
    graph.subscribe(items, () => {
      for (let n = 0; n < 3000; n++) graph.commit((tx) => tx.set(echoes, {key: 'e', n}));
    });
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.list(echoes)).toEqual([{key: 'e', n: 2999}]);
  });

  it('may write once on every commit, however many there are', () => {
    const graph = createGraph({outputs: [items, echoes]});
    graph.subscribe(items, ({changes: [change]}) => {
      graph.commit((tx) => tx.set(echoes, {key: 'e', n: change?.new?.n ?? 0}));
    });
    for (let n = 0; n < 1500; n++) graph.commit((tx) => tx.set(items, {key: 'a', n}));
    expect(graph.list(echoes)).toEqual([{key: 'e', n: 1499}]);
  });

  it('see what they committed on their snapshot as the next delta', () => {
    const graph = createGraph({outputs: [items]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    const fold = new Fold<Item>();
    graph.subscribe(
      items,
      (delta) => {
        if (delta.snapshot) graph.commit((tx) => tx.set(items, {key: 'a', n: 2}));
        fold.add(delta);
      },
      {replay: true},
    );
    expect(fold.list()).toEqual([{key: 'a', n: 2}]);
    expect(fold.deltas).toBe(2);
  });

  it('hurt nobody else when their write throws, which is reported', () => {
    const reported: string[] = [];
    const graph = createGraph({outputs: [items, echoes], onDiagnostic: ({message}) => reported.push(message)});
    graph.subscribe(items, () => {
      graph.commit((tx) => {
        tx.set(echoes, {key: 'lost', n: 0});
        throw new Error('no luck');
      });
      graph.commit((tx) => tx.set(echoes, {key: 'kept', n: 0}));
    });
    const epoch = graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(graph.epoch).toBe(epoch + 2);
    expect(graph.list(echoes)).toEqual([{key: 'kept', n: 0}]);
    expect(reported).toEqual([expect.stringContaining('no luck')]);
  });
});

describe('subscribers', () => {
  it('are isolated from each other: one that throws is reported and the others are told', () => {
    const reported: string[] = [];
    const graph = createGraph({
      outputs: [items],
      onDiagnostic: ({node, message}) => reported.push(`${node}: ${message}`),
    });
    const fold = new Fold<Item>();
    graph.subscribe(items, () => {
      throw new Error('broken subscriber');
    });
    graph.subscribe(items, (delta) => fold.add(delta));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(fold.list()).toEqual([{key: 'a', n: 1}]);
    expect(reported).toEqual([expect.stringContaining('broken subscriber')]);
  });

  it('that come while others are being told see the epoch once, in their snapshot', () => {
    const graph = createGraph({outputs: [items]});
    const late = new Fold<Item>();
    const stop = graph.subscribe(items, () => {
      stop();
      graph.subscribe(items, (delta) => late.add(delta), {replay: true});
    });
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(late.deltas).toBe(1);
    graph.commit((tx) => tx.set(items, {key: 'b', n: 1}));
    expect(late.list().map(({key}) => key)).toEqual(['a', 'b']);
  });

  it('that are sent away while others are being told hear nothing more', () => {
    const graph = createGraph({outputs: [items]});
    const second = new Fold<Item>();
    graph.subscribe(items, () => stop());
    const stop = graph.subscribe(items, (delta) => second.add(delta));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(second.deltas).toBe(0);
  });

  it('of several collections are called once per commit', () => {
    const graph = createGraph({outputs: [items, doubled]});
    const calls: string[][] = [];
    graph.commits$([items, doubled]).subscribe(({deltas}) => calls.push([...deltas.keys()]));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    graph.commit(() => {});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(calls).toEqual([['items', 'doubled']]);
  });

  it('of one collection each are told of it, whatever else has changed', () => {
    const graph = createGraph({outputs: [items, doubled]});
    const calls: string[] = [];
    for (const collection of [items, doubled, echoes]) {
      graph.subscribe(collection, ({changes}) => calls.push(`${collection.name}: ${changes.length}`));
    }
    graph.commit((tx) => {
      tx.set(items, {key: 'a', n: 1});
      tx.set(items, {key: 'b', n: 1});
    });
    expect(calls).toEqual(['items: 2', 'doubled: 2']);
  });

  it('are told of each change once, be it the only one of a commit or one of many', () => {
    const graph = createGraph({outputs: [items]});
    const fold = new Fold<Item>();
    graph.subscribe(items, (delta) => fold.add(delta));
    for (const [n, many] of [3, 1, 3, 3, 1, 1, 2].entries()) {
      const keys = ['a', 'b', 'c'].slice(0, many);
      graph.commit((tx) => keys.forEach((key) => tx.set(items, {key, n})));
      expect(fold.list()).toEqual(graph.list(items));
      expect(fold.deltas).toBe(n + 1);
    }
  });

  it('of several collections are told of theirs alone, in the order in which they came', () => {
    const graph = createGraph({outputs: [items, echoes, doubled]});
    const calls: string[] = [];
    graph.onCommit([echoes, doubled], ({deltas}) => calls.push(`second and third: ${[...deltas.keys()].join(' ')}`));
    graph.subscribe(doubled, ({collection}) => calls.push(`third: ${collection}`));
    graph.onCommit([items], ({deltas}) => calls.push(`first: ${[...deltas.keys()].join(' ')}`));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    expect(calls).toEqual(['second and third: doubled', 'third: doubled', 'first: items']);
  });

  it('hear nothing after the graph is disposed of, which takes no more commits', () => {
    const graph = createGraph({outputs: [items]});
    const fold = new Fold<Item>();
    graph.subscribe(items, (delta) => fold.add(delta));
    graph.dispose();
    expect(() => graph.commit((tx) => tx.set(items, {key: 'a', n: 1}))).toThrow(/disposed/);
    expect(fold.deltas).toBe(0);
  });
});
