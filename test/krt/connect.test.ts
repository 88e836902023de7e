import {Subject} from 'rxjs';
import {describe, expect, it} from 'vitest';
import {
  type Conflated,
  createGraph,
  derive,
  input,
  type Input,
  type InputChange,
  type Row,
} from '../../src/krt/index.ts';

type Item = Row & {readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const doubled = derive('doubled', {from: items, rows: (_, {key, n}): Item => ({key, n: n * 2})});

function made() {
  const reported: string[] = [];
  const graph = createGraph({
    outputs: [doubled],
    onDiagnostic: ({node, message}) => reported.push(`${node}: ${message}`),
  });
  return {graph, reported};
}

describe('an input that is connected', () => {
  it('holds exactly the rows of the last snapshot, a commit for each', () => {
    const {graph} = made();
    const snapshots = new Subject<Iterable<Item>>();
    graph.connect(items, {snapshots});
    const {epoch} = graph;
    snapshots.next([
      {key: 'a', n: 1},
      {key: 'b', n: 2},
    ]);
    snapshots.next(new Set([{key: 'b', n: 3}]));
    expect(graph.list(doubled)).toEqual([{key: 'b', n: 6}]);
    expect(graph.epoch).toBe(epoch + 2);
  });

  it('takes changes on top of what is there; what is deleted and set again is set', () => {
    const {graph} = made();
    const changes = new Subject<InputChange<Item>>();
    graph.connect(items, {changes});
    changes.next({
      set: [
        {key: 'a', n: 1},
        {key: 'b', n: 2},
      ],
    });
    changes.next({delete: ['a', 'b', 'never there'], set: [{key: 'b', n: 3}]});
    changes.next({});
    expect(graph.list(doubled)).toEqual([{key: 'b', n: 6}]);
  });

  it('keeps its rows when it is let go of, when the source completes, and when it fails, which is reported', () => {
    const endings: readonly ((source: Subject<Iterable<Item>>, disconnect: () => void) => void)[] = [
      (_, disconnect) => disconnect(),
      (source) => source.complete(),
      (source) => source.error(new Error('the wire is cut')),
    ];
    const told = endings.map((end) => {
      const {graph, reported} = made();
      const snapshots = new Subject<Iterable<Item>>();
      const disconnect = graph.connect(items, {snapshots});
      snapshots.next([{key: 'a', n: 1}]);
      end(snapshots, disconnect);
      snapshots.next([{key: 'b', n: 1}]);
      expect(graph.list(doubled)).toEqual([{key: 'a', n: 2}]);
      expect(snapshots.observed).toBe(false);
      return reported;
    });
    expect(told).toEqual([[], [], [expect.stringContaining('the wire is cut')]]);
  });

  it('goes on after an emission that cannot be committed, which is reported', () => {
    const {graph, reported} = made();
    const changes = new Subject<InputChange<Item | null>>();
    // What an untyped provider may emit.
    graph.connect(items as Input<Item | null>, {changes});
    changes.next({set: [null]});
    changes.next({set: [{key: 'a', n: 1}]});
    expect(graph.list(doubled)).toEqual([{key: 'a', n: 2}]);
    expect(reported).toHaveLength(1);
  });

  it('is let go of with its graph', () => {
    const {graph} = made();
    const snapshots = new Subject<Iterable<Item>>();
    graph.connect(items, {snapshots});
    graph.dispose();
    expect(snapshots.observed).toBe(false);
  });
});

describe('the streams of a graph', () => {
  it('are complete when the graph is disposed of', () => {
    const {graph} = made();
    const complete: string[] = [];
    graph.deltas$(doubled).subscribe({complete: () => complete.push('deltas')});
    graph.commits$([items, doubled]).subscribe({complete: () => complete.push('commits')});
    graph.conflated$(doubled).subscribe({complete: () => complete.push('conflated')});
    graph.dispose();
    expect(complete).toEqual(['deltas', 'commits', 'conflated']);
  });

  it('offer what waits once, until it is taken', () => {
    const {graph} = made();
    const set = (n: number) => graph.commit((tx) => tx.set(items, {key: 'a', n}));
    set(1);
    const offered: Conflated<Item>[] = [];
    const told: unknown[] = [];
    const take = () => {
      const delta = offered.at(-1)?.take();
      told.push(delta && [delta.snapshot, ...delta.changes.map(({old, new: now}) => [old?.n, now?.n])]);
    };
    graph.conflated$(doubled).subscribe((handle) => offered.push(handle));
    set(2);
    set(3);
    expect(offered).toHaveLength(1);
    take();
    take();
    set(4);
    set(5);
    expect(offered).toHaveLength(2);
    take();
    set(6);
    set(5);
    take();
    expect(told).toEqual([[true, [undefined, 6]], undefined, [false, [6, 10]], undefined]);
  });

  it('start when they are subscribed to, and end when they are unsubscribed from', () => {
    const {graph} = made();
    const deltas = graph.deltas$(doubled);
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    const heard: boolean[] = [];
    const subscription = deltas.subscribe(({snapshot}) => heard.push(snapshot));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 2}));
    subscription.unsubscribe();
    graph.commit((tx) => tx.set(items, {key: 'a', n: 3}));
    expect(heard).toEqual([true, false]);
  });
});
