import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  type Context,
  createGraph,
  derive,
  type Graph,
  group,
  index,
  input,
  matchJoin,
  type Row,
} from '../../src/krt/index.ts';
import {anyProgram, operation, runs} from './program-arbitrary.ts';
import {canonical} from './program-rows.ts';
import {Twin} from './program-twin.ts';

const someOperations = fc.array(operation, {minLength: 1, maxLength: 6, size: 'max'});
const action = fc.oneof(
  {weight: 4, arbitrary: fc.record({kind: fc.constant('commit' as const), operations: someOperations})},
  {weight: 2, arbitrary: fc.record({kind: fc.constantFrom('ask', 'subscribe', 'retire'), collection: fc.nat()})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('leave' as const), who: fc.nat()})},
);

describe('what nobody needs any more', () => {
  it('is freed, and nothing else, whoever asks, subscribes, leaves and lets go in whatever order', () => {
    fc.assert(
      fc.property(anyProgram, fc.array(action, {maxLength: 20, size: 'max'}), (definitions, actions) => {
        const twin = new Twin(definitions);
        const {graph, collections, wanted} = twin.made;
        const held = new Set(wanted.map(({name}) => name));
        const subscribers: {readonly name: string; readonly leave: () => void}[] = [];
        const leave = (who: number) => {
          for (const one of subscribers.splice(who, 1)) one.leave();
        };
        for (const step of actions) {
          let swept = false;
          const collection = 'collection' in step ? collections[step.collection % collections.length] : undefined;
          if (step.kind === 'commit') twin.commit(step.operations);
          else if (step.kind === 'leave') leave(step.who % Math.max(1, subscribers.length));
          else if (collection === undefined) continue;
          else if (step.kind === 'retire') {
            swept = graph.find(collection.name) !== undefined;
            graph.retire(collection);
            held.delete(collection.name);
          } else {
            held.add(collection.name);
            if (step.kind === 'ask') graph.list(collection);
            else subscribers.push({name: collection.name, leave: graph.subscribe(collection, () => {})});
          }
          twin.forgetInputs();
          const needed = new Set([...held, ...subscribers.map(({name}) => name)]);
          for (const name of needed) expect([name, graph.find(name)?.name]).toEqual([name, name]);
          // What a subscriber leaves behind goes with the next that is let go of.
          if (swept) expectNoOrphans(graph, needed);
          for (const number of twin.made.live()) {
            // A dump by name, since whoever lists holds.
            const rows = graph.dump(collections[number]?.name ?? '').map(({row}) => row);
            expect(canonical([number, rows])).toBe(canonical([number, twin.oracle.rows(number)]));
          }
        }
        while (subscribers.length > 0) leave(0);
        for (const collection of collections) graph.retire(collection);
        expect(graph.nodes()).toEqual([]);
        expect(graph.registrations()).toBe(0);
      }),
      runs(200),
    );
  });
});

/** Every node that lives has an output that is needed, or is read by another that lives. */
function expectNoOrphans(graph: Graph, needed: ReadonlySet<string>): void {
  const read = new Set(graph.edges().map(({from}) => from));
  const orphans = graph
    .nodes()
    .filter(
      ({name, kind, outputs}) => kind !== 'input' && !read.has(name) && !outputs.some((name) => needed.has(name)),
    );
  expect(orphans.map(({name}) => name)).toEqual([]);
}

type Pod = Row & {readonly labels: Readonly<Record<string, string>>};

const pods = input<Pod>('pods', {key: ({key}) => key, labels: ({labels}) => labels});
const policies = input<Pod>('policies', {key: ({key}) => key, selector: ({labels}) => ({matchLabels: labels})});
const match = matchJoin('match', {selectors: policies, targets: pods});
const byApp = index(pods, 'app', ({labels}) => labels['app']);
const groups = group('groups', byApp);
const matched = derive('matched', {
  from: policies,
  rows: (ctx, {key, labels}) => ({key, pods: [ctx.list(match.targets, key), ctx.select(pods, {matchLabels: labels})]}),
});

const QUESTIONS = 2000;
/** Bytes that come and go whatever is done. */
const NOISE = 10_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Lets the present job end, since what it has seen lives as long as it. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
}

/** Bytes in use, once nothing more is freed: what others have left behind may take some rounds to go. */
async function bytesInUse(): Promise<number> {
  let bytes = Infinity;
  for (let round = 0; round < 5; round++) {
    await settle();
    const now = process.memoryUsage().heapUsed;
    if (now > bytes - NOISE) return now;
    bytes = now;
  }
  return bytes;
}

/** Whether the memory of each is free, once the garbage is collected: a stale register may take some rounds to go. */
async function freed(references: readonly WeakRef<object>[]): Promise<readonly boolean[]> {
  let free: readonly boolean[] = [];
  for (let round = 0; round < 10 && (round === 0 || free.includes(false)); round++) {
    await settle();
    free = references.map((reference) => reference.deref() === undefined);
  }
  return free;
}

/** A graph with rows, none of which is known to anybody else. */
function made(): {readonly graph: Graph; readonly rows: readonly WeakRef<object>[]; readonly leave: () => void} {
  const graph = createGraph({outputs: [groups, matched]});
  const leave = graph.subscribe(matched, () => {});
  const subscription = graph.conflated$(groups).subscribe(() => {});
  graph.commit((tx) => {
    for (let n = 0; n < 3; n++) {
      tx.set(pods, {key: `pod-${n}`, labels: {app: 'p'}});
      tx.set(policies, {key: `policy-${n}`, labels: {app: 'p'}});
    }
  });
  const rows = [graph.list(pods), graph.list(policies), graph.list(groups), graph.list(matched)]
    .flat<readonly (readonly object[])[]>()
    .map((row) => new WeakRef<object>(row));
  return {
    graph,
    rows,
    leave: () => {
      leave();
      subscription.unsubscribe();
    },
  };
}

describe('the memory of rows', () => {
  it('is held by a graph, and by nothing but the graph: definitions know no rows', async () => {
    let kept: ReturnType<typeof made> | undefined = made();
    const {rows} = kept;
    const graph = new WeakRef(kept.graph);
    expect(await freed(rows)).toEqual(rows.map(() => false));
    kept = undefined;
    expect(await freed([graph, ...rows])).toEqual([graph, ...rows].map(() => true));
  });

  it('is free when the graph is disposed of, even where it and its subscriptions are still known', async () => {
    const {graph, rows, leave} = made();
    graph.dispose();
    expect(await freed(rows)).toEqual(rows.map(() => true));
    expect(() => graph.list(pods)).toThrow(/disposed/);
    leave();
  });

  it('is free when its collections are let go of', async () => {
    const {graph, rows, leave} = made();
    leave();
    for (const collection of [matched, groups, policies, pods]) graph.retire(collection);
    expect(graph.nodes()).toEqual([]);
    expect(await freed(rows)).toEqual(rows.map(() => true));
    expect(graph.list(groups)).toEqual([]);
  });

  it('is free, row by row, when rows are deleted', async () => {
    const {graph, rows, leave} = made();
    leave();
    graph.commit((tx) => {
      tx.replaceAll(pods, []);
      tx.replaceAll(policies, []);
    });
    expect(graph.registrations()).toBe(0);
    expect(await freed(rows)).toEqual(rows.map(() => true));
    expect(graph.size(pods)).toBe(0);
  });
});

describe('a graph that is disposed of', () => {
  it('by a subscriber does nothing of what that subscriber has written before', () => {
    const graph = createGraph({outputs: [pods]});
    const told: unknown[] = [];
    graph.subscribe(pods, () => {
      graph.commit((tx) => tx.set(pods, {key: 'late', labels: {}}));
      graph.dispose();
    });
    graph.subscribe(pods, (delta) => told.push(delta));
    const epoch = graph.commit((tx) => tx.set(pods, {key: 'early', labels: {}}));
    expect(told).toEqual([]);
    expect(graph.epoch).toBe(epoch);
  });
});

describe('the memory of questions', () => {
  const namespaced = input<Pod & {readonly namespace: string}>('namespaced', {
    key: ({key}) => key,
    labels: ({labels}) => labels,
    selector: ({labels}) => ({matchLabels: labels}),
    namespace: ({namespace}) => namespace,
  });
  const others = matchJoin('others', {selectors: namespaced, targets: namespaced});
  const ways: Readonly<Record<string, (ctx: Context, value: string) => unknown>> = {
    'by key': (ctx, value) => ctx.get(namespaced, value),
    'by index': (ctx, value) => ctx.list(byApp, value),
    'by selector': (ctx, value) => ctx.select(namespaced, {matchLabels: {zone: value, tier: value}}),
    'by selector, in a namespace': (ctx, value) =>
      ctx.select(namespaced, {matchLabels: {zone: value, tier: value}}, value),
    'by labels': (ctx, value) => ctx.selecting(namespaced, {app: value}),
    'by labels, in a namespace': (ctx, value) => ctx.selecting(namespaced, {app: value}, value),
    'by match': (ctx, value) => ctx.list(others.targets, value),
    'by a match with a row that moves': (ctx) => ctx.count(others.selectors, 'moving'),
  };

  it.each(Object.entries(ways))('is free when they are asked no more: %s', async (_, ask) => {
    const asked = derive('asked', {from: pods, rows: (ctx, {key}) => ({key, answer: ask(ctx, key)})});
    const graph = createGraph({outputs: [asked], history: 0});
    graph.commit((tx) => tx.set(namespaced, {key: 'still', namespace: 'm', labels: {app: 'p', tier: 'q'}}));
    let n = 0;
    /** Bytes that are held more after so many questions, none of which is asked any more. */
    const grown = async (): Promise<number> => {
      const before = await bytesInUse();
      for (let i = 0; i < QUESTIONS; i++) {
        const value = `question-${n++}`;
        graph.commit((tx) => {
          tx.replaceAll(pods, [{key: value, labels: {}}]);
          tx.set(namespaced, {key: 'moving', namespace: value, labels: {app: value}});
        });
      }
      return (await bytesInUse()) - before;
    };
    await grown();
    // What else goes on in the process is told apart by asking again: what is really held is held each time.
    let least = Infinity;
    for (let tries = 0; tries < 5 && least >= 80; tries++) least = Math.min(least, (await grown()) / QUESTIONS);
    expect(least).toBeLessThan(80);
    expect(graph.registrations()).toBe(1);
  });
});
