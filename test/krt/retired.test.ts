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

/** One of every kind, made anew. */
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

/** Of the collection and of the match that it is made of, if it is. */
const definitionsOf = ({definition}: AnyCollection): readonly object[] =>
  definition.kind === 'group' && definition.index.match !== undefined
    ? [definition, definition.index.match.definition]
    : [definition];

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
    return {graph, before, definitions: definitionsOf(collection).map((one) => new WeakRef<object>(one))};
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
    const {graph, definitions} = made();
    change(graph);
    for (const definition of definitions) expect(await isFreed(definition)).toBe(true);
    expect(graph.size(pods)).toBe(2);
  });
});

describe('what is let go of', () => {
  it.each([0, 1])('leaves what others need as it was: %d', (which) => {
    const base = derive('base', {from: pods, rows: (_, {key}) => ({key})});
    const made = (name: string) =>
      [
        derive(name, {
          from: base,
          rows: (ctx, {key}) => ({key, app: ctx.count(byApp, 'p'), labelled: ctx.selecting(pods, {app: 'p'}).length}),
        }),
        join(`joined-${name}`, [base]),
      ] as const;
    const [left, right] = [made('left'), made('right')];
    const graph = createGraph({outputs: [...left, ...right]});
    graph.commit((tx) => tx.set(pods, {key: 'a', labels: {app: 'p'}}));
    const [gone, [rest, joined]] = which === 0 ? [left, right] : [right, left];
    for (const one of gone) graph.retire(one);
    graph.commit((tx) => tx.set(pods, {key: 'b', labels: {app: 'p'}}));
    expect(graph.list(rest)).toEqual(['a', 'b'].map((key) => ({key, app: 2, labelled: 2})));
    expect(graph.list(joined)).toEqual([{key: 'a'}, {key: 'b'}]);
    expect(graph.nodes()).toHaveLength(4);
  });

  it('is forgotten by the history, which goes on with the rest', () => {
    const base = derive('base', {from: pods, rows: (_, {key}) => ({key})});
    const made = derive('made', {from: base, rows: (_, {key}) => ({key})});
    const graph = createGraph({outputs: [base, made], history: 10});
    const set = (...keys: readonly string[]) =>
      graph.commit((tx) => keys.forEach((key) => tx.set(pods, {key, labels: {}})));
    const told = () => graph.history().map(({node, key}) => `${node} ${key}`);
    set('a');
    set('b');
    graph.retire(made);
    const both = (key: string) => [`pods ${key}`, `base ${key}`];
    expect(told()).toEqual([...both('a'), ...both('b')]);
    for (const key of ['c', 'd', 'e', 'f']) set(key);
    expect(told()).toEqual(['b', 'c', 'd', 'e', 'f'].flatMap(both));
  });

  it('leaves no index behind: functions that only it needed are called no more', () => {
    const calls: string[] = [];
    const called = <T>(name: string, result: T): T => {
      calls.push(name);
      return result;
    };
    const watched = input<Pod>('watched', {
      ...traits,
      labels: ({labels}) => called('labels', labels),
      selector: ({labels}) => called('selector', {matchLabels: labels}),
    });
    const byKey = index(watched, 'key', ({key}) => called('index', key));
    const asking = derive('asking', {
      from: pods,
      rows: (ctx, {key, labels}) => ({
        key,
        n: [ctx.count(byKey, key), ctx.select(watched, {matchLabels: labels}), ctx.selecting(watched, labels)].length,
      }),
    });
    const graph = createGraph({outputs: [asking, watched]});
    graph.commit((tx) => tx.set(pods, {key: 'a', labels: {app: 'p'}}));
    const callsOf = (labels: Labels): readonly string[] => {
      calls.length = 0;
      graph.commit((tx) => tx.set(watched, {key: 'w', labels}));
      return [...new Set(calls)].sort();
    };
    expect(callsOf({app: 'q'})).toEqual(['index', 'labels', 'selector']);
    graph.retire(asking);
    expect(callsOf({app: 'p'})).toEqual([]);
    graph.list(asking);
    expect(callsOf({app: 'q'})).toEqual(['index', 'labels', 'selector']);
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
      expect(graph.find('made')).toBeUndefined();
    }
    // Who leaves as it is told does so in the middle of a commit.
    const leave = graph.subscribe(made, () => leave());
    graph.retire(made);
    graph.commit((tx) => tx.set(pods, {key: 'b', labels: {}}));
    expect(graph.find('made')).toBeUndefined();
  });
});
