import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Conflated, createGraph, type Delta, derive, input, structurallyEqual} from '../../src/krt/index.ts';
import {Fold} from './fold.ts';
import {canonical, type Cell, type Operation} from './program.ts';
import {commits, operation, program, runs} from './program-arbitrary.ts';
import {ProgramGraph} from './program-graph.ts';
import {applyOperations, NO_SOURCES, Oracle} from './program-oracle.ts';

type Item = {readonly key: string; readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const echoes = input<Item>('echoes', {key: ({key}) => key});
const doubled = derive('doubled', {from: items, rows: (_, {key, n}): Item => ({key, n: n * 2})});

const someOperations = fc.array(operation, {minLength: 1, maxLength: 6, size: 'max'});

describe('the deltas of random graphs', () => {
  it('fold to the list after every commit, with every old row the one of the change before, none empty or equal', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions);
        const folds = made.wanted.map((collection) => {
          const fold = new Fold<Cell>();
          made.graph.subscribe(collection, (delta) => fold.add(delta));
          return {collection, fold};
        });
        const together = new Map(made.wanted.map(({name}) => [name, new Fold<Cell>()]));
        made.graph.onCommit(made.wanted, ({deltas}) => {
          for (const [name, delta] of deltas) together.get(name)?.add(delta as Delta<Cell>);
        });
        // Singletons have rows from the start, which nobody was told of.
        for (const {collection, fold} of folds) {
          for (const row of made.graph.list(collection)) {
            fold.rows.set(row.key, row);
            together.get(collection.name)?.rows.set(row.key, row);
          }
        }
        for (const operations of steps) {
          made.commit(operations);
          for (const {collection, fold} of folds) {
            const list = canonical(made.graph.list(collection));
            expect(canonical(fold.list())).toBe(list);
            expect(canonical(together.get(collection.name)?.list())).toBe(list);
          }
        }
        // Subscriber errors become diagnostics: the expectations inside must not be among them.
        expect(made.diagnostics.filter((text) => text.startsWith('subscriber'))).toEqual([]);
      }),
      runs(200),
    );
  });

  it('are the same to those who come late, and nothing to those who have left', () => {
    const action = fc.oneof(
      {weight: 3, arbitrary: fc.record({kind: fc.constant('commit' as const), operations: someOperations})},
      {
        weight: 2,
        arbitrary: fc.record({kind: fc.constant('join' as const), collection: fc.nat(), replay: fc.boolean()}),
      },
      {weight: 1, arbitrary: fc.record({kind: fc.constant('leave' as const), who: fc.nat()})},
    );
    fc.assert(
      fc.property(program, fc.array(action, {maxLength: 16, size: 'max'}), (definitions, actions) => {
        const made = new ProgramGraph(definitions);
        const present: {readonly collection: number; readonly fold: Fold<Cell>; readonly leave: () => void}[] = [];
        const gone: {readonly fold: Fold<Cell>; readonly deltas: number}[] = [];
        for (const step of actions) {
          if (step.kind === 'commit') made.commit(step.operations);
          else if (step.kind === 'leave') {
            const [who] = present.splice(step.who % Math.max(1, present.length), 1);
            if (who === undefined) continue;
            who.leave();
            gone.push({fold: who.fold, deltas: who.fold.deltas});
          } else {
            const number = step.collection % made.collections.length;
            const collection = made.collections[number];
            if (collection === undefined) continue;
            const fold = new Fold<Cell>(step.replay ? [] : made.graph.list(collection));
            const leave = made.graph.subscribe(collection, (delta) => fold.add(delta), {replay: step.replay});
            present.push({collection: number, fold, leave});
          }
          for (const {collection, fold} of present)
            expect(canonical(fold.list())).toBe(canonical(made.rows(collection)));
        }
        for (const {fold, deltas} of gone) expect(fold.deltas).toBe(deltas);
        expect(made.diagnostics.filter((text) => text.startsWith('subscriber'))).toEqual([]);
      }),
      runs(150),
    );
  });

  it('conflate to the same: what is taken folds to the list, however rarely it is taken', () => {
    const steps = fc.array(fc.record({operations: someOperations, take: fc.boolean()}), {maxLength: 12, size: 'max'});
    fc.assert(
      fc.property(program, steps, fc.boolean(), (definitions, list, early) => {
        const made = new ProgramGraph(definitions);
        const collection = made.wanted.at(-1) ?? made.input(0);
        // A change that another undid leaves nothing but an equal row in the place of the old one.
        const fold = new Fold<Cell>([], structurallyEqual);
        let handle: Conflated<Cell> | undefined;
        let offers = 0;
        const subscribe = () =>
          made.graph.conflated$(collection).subscribe((offered) => {
            handle = offered;
            offers++;
          });
        const take = () => {
          const delta = handle?.take();
          if (delta !== undefined) fold.add(delta);
          expect(canonical(fold.list())).toBe(canonical(made.graph.list(collection)));
          expect(handle?.take()).toBeUndefined();
        };
        if (early) subscribe();
        for (const step of list) {
          made.commit(step.operations);
          if (early && step.take) take();
        }
        if (!early) subscribe();
        const direct = new Fold<Cell>();
        made.graph.deltas$(collection).subscribe((delta) => direct.add(delta));
        take();
        expect(canonical(direct.list())).toBe(canonical(fold.list()));
        expect(offers).toBeLessThanOrEqual(list.length + 1);
      }),
      runs(150),
    );
  });
});

describe('subscribers that write', () => {
  it('make epochs of their own, in order, at the numbers they were promised', () => {
    fc.assert(
      fc.property(program, commits, fc.array(someOperations, {maxLength: 6}), (definitions, steps, written) => {
        const made = new ProgramGraph(definitions);
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
            for (const one of operations) {
              if (one.kind === 'set') tx.set(made.input(one.input), one.row);
              else if (one.kind === 'delete') tx.delete(made.input(one.input), one.key);
              else tx.replaceAll(made.input(one.input), one.rows);
            }
          });
          promised.push(epoch);
        };
        for (const collection of made.wanted) made.graph.subscribe(collection, write);
        made.graph.onCommit(made.inputs, ({epoch}) => {
          epochs.push(epoch);
          write();
        });
        let sources = NO_SOURCES;
        for (const operations of steps) {
          applied.push([...operations]);
          made.commit(operations);
          for (const one of applied.splice(0)) sources = applyOperations(sources, one);
          const oracle = new Oracle(definitions, sources);
          for (const i of made.live()) expect(canonical(made.rows(i))).toBe(canonical(oracle.rows(i)));
        }
        expect(promised).toEqual([...promised].sort((a, b) => a - b));
        expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
        expect(made.diagnostics.filter((text) => text.startsWith('subscriber'))).toEqual([]);
      }),
      runs(150),
    );
  });

  it('are stopped with an error that names the input when they never stop', () => {
    const graph = createGraph({outputs: [doubled]});
    const stop = graph.subscribe(doubled, ({changes: [change]}) => {
      const n = change?.new?.n ?? 0;
      graph.commit((tx) => tx.set(items, {key: 'a', n: n + 1}));
    });
    expect(() => graph.commit((tx) => tx.set(items, {key: 'a', n: 1}))).toThrow(/do not stop writing to items/);
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

  it('hear nothing after the graph is disposed of, which takes no more commits', () => {
    const graph = createGraph({outputs: [items]});
    const fold = new Fold<Item>();
    graph.subscribe(items, (delta) => fold.add(delta));
    graph.dispose();
    expect(() => graph.commit((tx) => tx.set(items, {key: 'a', n: 1}))).toThrow(/disposed/);
    expect(fold.deltas).toBe(0);
  });
});
