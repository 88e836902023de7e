import type {Observable} from 'rxjs';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {describe, expect, it} from 'vitest';
import {
  type AnyCollection,
  createGraph,
  derive,
  distinct,
  group,
  index,
  input,
  join,
  type Labels,
  matchJoin,
  merge,
  nested,
  type Row,
  singleton,
} from '../../src/krt/index.ts';

/** What is let go of while its sources live on: it hears nothing more of them, and they forget it. */
type Pod = Row & {readonly labels: Labels};

const traits = {key: ({key}: Row) => key};
const pods = input<Pod>('pods', {
  ...traits,
  labels: ({labels}) => labels,
  selector: ({labels}) => ({matchLabels: labels}),
});
const spare = input<Pod>('spare', traits);
const byApp = index(pods, 'app', ({labels}) => labels['app']);

/** One of every kind, made anew, with what has to be asked for to bring it alive. */
const kinds: Readonly<Record<string, () => AnyCollection>> = {
  derive: () => derive('made', {from: pods, rows: (_, {key}) => ({key})}),
  singleton: () => singleton('made', {rows: (ctx) => ({key: 'all', n: ctx.count(pods), some: ctx.exists(byApp, 'p')})}),
  'derive that selects': () =>
    derive('made', {
      from: pods,
      rows: (ctx, {key, labels}) => ({key, n: ctx.select(pods, {matchLabels: labels}).length}),
    }),
  'derive that is selected': () =>
    derive('made', {from: pods, rows: (ctx, {key, labels}) => ({key, n: ctx.selecting(pods, labels).length})}),
  group: () => group('made', byApp),
  distinct: () => distinct('made', byApp),
  join: () => join('made', [pods, spare]),
  merge: () => merge('made', [pods, spare], ([row], key) => ({...row, key})),
  nested: () => nested('made', {from: spare, member: ({key}) => (key === 'pods' ? pods : undefined)}),
  'a group of a match': () => group('made', matchJoin('match', {selectors: pods, targets: pods}).targets),
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function isFreed(reference: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 10 && reference.deref() !== undefined; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return reference.deref() === undefined;
}

describe.each(Object.entries(kinds))('a %s that is let go of', (_, make) => {
  function made() {
    const graph = createGraph({outputs: [pods, spare]});
    const before = graph.edges().length;
    graph.commit((tx) => {
      tx.set(pods, {key: 'a', labels: {app: 'p'}});
      tx.set(pods, {key: 'b', labels: {app: 'q'}});
      tx.set(spare, {key: 'pods', labels: {}});
    });
    const collection = make();
    const leave = graph.onCommit([collection], () => {});
    graph.commit((tx) => tx.set(pods, {key: 'a', labels: {app: 'q'}}));
    expect(graph.history().some(({node}) => node === 'made')).toBe(true);
    leave();
    graph.retire(collection);
    return {graph, before, definition: new WeakRef<object>(collection.definition)};
  }

  const change = (graph: ReturnType<typeof createGraph>): number =>
    graph.commit((tx) => {
      tx.set(pods, {key: 'a', labels: {app: 'p', tier: 'x'}});
      tx.set(pods, {key: 'c', labels: {app: 'p'}});
      tx.delete(pods, 'b');
      tx.set(spare, {key: 'other', labels: {}});
    });

  it('does nothing more, and is in no edge', () => {
    const {graph, before} = made();
    const epoch = change(graph);
    expect(graph.nodes().map(({name}) => name)).toEqual(['pods', 'spare']);
    expect(graph.edges()).toHaveLength(before);
    const busy = graph.history().filter((entry) => entry.epoch === epoch);
    expect([...new Set(busy.map(({node}) => node))].sort()).toEqual(['pods', 'spare']);
    expect(graph.registrations()).toBe(0);
  });

  it('is forgotten, with its definition, by the sources that live on', async () => {
    const {graph, definition} = made();
    change(graph);
    expect(await isFreed(definition)).toBe(true);
    expect(graph.size(pods)).toBe(2);
  });
});

describe('what is let go of', () => {
  it('leaves what others need as it was', () => {
    const base = derive('base', {from: pods, rows: (_, {key}) => ({key})});
    const [left, right] = ['left', 'right'].map((name) =>
      derive(name, {
        from: base,
        rows: (ctx, {key}) => ({key, app: ctx.count(byApp, 'p'), labelled: ctx.selecting(pods, {app: 'p'}).length}),
      }),
    );
    if (left === undefined || right === undefined) throw new Error('two of them');
    const graph = createGraph({outputs: [left, right]});
    graph.commit((tx) => tx.set(pods, {key: 'a', labels: {app: 'p'}}));
    graph.retire(left);
    graph.commit((tx) => tx.set(pods, {key: 'b', labels: {app: 'p'}}));
    expect(graph.list(right)).toEqual(['a', 'b'].map((key) => ({key, app: 2, labelled: 2})));
    expect(graph.find('left')).toBeUndefined();
  });

  it('stays while somebody is subscribed, in whatever way, and not a commit longer', () => {
    const graph = createGraph({outputs: [pods]});
    const made = derive('made', {from: pods, rows: (_, {key}) => ({key})});
    const stays: readonly (() => () => void)[] = [
      () => graph.subscribe(made, () => {}),
      () => graph.onCommit([made, made], () => {}),
      ...[graph.deltas$(made), graph.commits$([made]), graph.conflated$(made)].map(
        (stream: Observable<unknown>) => () => {
          const subscription = stream.subscribe(() => {});
          return () => subscription.unsubscribe();
        },
      ),
    ];
    for (const stay of stays) {
      const leave = stay();
      graph.retire(made);
      expect(graph.find('made')).toBeDefined();
      graph.commit((tx) => tx.set(pods, {key: 'a', labels: {}}));
      leave();
      graph.retire(made);
      expect(graph.find('made')).toBeUndefined();
    }
  });
});
