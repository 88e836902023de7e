import {describe, expect, it} from 'vitest';
import {
  type Context,
  createGraph,
  derive,
  index,
  input,
  type Labels,
  type LabelSelector,
  type Row,
  type Transaction,
} from '../../src/krt/index.ts';

/** A run that asks almost the same as the one before must not be taken to ask the same. */
type Item = Row & {readonly n: number; readonly tag: string; readonly other: string};
type Question = Row & {readonly how: string};

const items = input<Item>('items', {key: ({key}) => key});
const questions = input<Question>('questions', {key: ({key}) => key});
const byTag = index(items, 'tag', ({tag}) => tag);
const byOther = index(items, 'other', ({other}) => other);

const ways: Readonly<Record<string, (ctx: Context) => unknown>> = {
  'the row': (ctx) => ctx.get(items, 'a'),
  'whether it is there': (ctx) => ctx.exists(items, 'a'),
  'its number': (ctx) => ctx.get(items, 'a', ({n}) => n),
  'its tag': (ctx) => ctx.get(items, 'a', ({tag}) => tag),
  'those of one index': (ctx) => ctx.list(byTag, 'x', ({n}) => n),
  'those of another': (ctx) => ctx.list(byOther, 'x', ({n}) => n),
  'how many': (ctx) => ctx.count(byTag, 'x'),
  'whether there are any': (ctx) => ctx.exists(byTag, 'x'),
  everything: (ctx) => ctx.list(items),
  'how much there is': (ctx) => ctx.count(items),
  nothing: () => undefined,
};

const answers = derive('answers', {
  from: questions,
  rows: (ctx, {key, how}) => ({key, answer: ways[how]?.(ctx), last: ctx.count(byTag, 'z')}),
});

const states: readonly (readonly Item[])[] = [
  [{key: 'a', n: 1, tag: 'x', other: 'y'}],
  [{key: 'a', n: 2, tag: 'x', other: 'y'}],
  [{key: 'a', n: 2, tag: 'y', other: 'x'}],
  [{key: 'a', n: 3, tag: 'z', other: 'x'}],
  [{key: 'b', n: 3, tag: 'x', other: 'x'}],
  [],
];

const names = Object.keys(ways);
const pairs = names.flatMap((first) =>
  names.filter((second) => second !== first).map((second) => [first, second] as const),
);

describe('a transform that asks one thing and then another', () => {
  it.each(pairs)('%s, then %s', (first, second) => {
    for (const [i, before] of states.entries()) {
      const graph = createGraph({outputs: [answers]});
      const ask = (how: string) => graph.commit((tx) => tx.set(questions, {key: 'q', how}));
      graph.commit((tx) => tx.replaceAll(items, before));
      ask(first);
      ask(second);
      expect(graph.registrations()).toBe(second === 'nothing' ? 1 : 2);
      for (const after of [...states.slice(i), ...states]) {
        graph.commit((tx) => tx.replaceAll(items, after));
        const fresh = createGraph({outputs: [answers]});
        fresh.commit((tx) => {
          tx.replaceAll(items, after);
          tx.set(questions, {key: 'q', how: second});
        });
        expect(graph.list(answers)).toEqual(fresh.list(answers));
      }
    }
  });
});

type Pod = Row & {readonly namespace: string; readonly labels: Labels; readonly selector: LabelSelector};

const pods = input<Pod>('pods', {
  key: ({key}) => key,
  labels: ({labels}) => labels,
  selector: ({selector}) => selector,
  namespace: ({namespace}) => namespace,
});
const web = {matchLabels: {app: 'web'}};
const db = {matchLabels: {app: 'db'}};

/** The same question with something else in it. */
const kin: readonly (readonly ((ctx: Context) => unknown)[])[] = [
  [(ctx) => ctx.get(pods, 'a'), (ctx) => ctx.get(pods, 'b'), (ctx) => ctx.get(items, 'a')],
  [(ctx) => ctx.exists(pods, 'a'), (ctx) => ctx.exists(pods, 'b'), (ctx) => ctx.exists(items, 'a')],
  [(ctx) => ctx.list(byTag, 'x'), (ctx) => ctx.list(byTag, 'y'), (ctx) => ctx.list(byOther, 'x')],
  [(ctx) => ctx.count(byTag, 'x'), (ctx) => ctx.count(byTag, 'y'), (ctx) => ctx.count(byOther, 'x')],
  [(ctx) => ctx.list(pods), (ctx) => ctx.list(items)],
  [
    (ctx) => ctx.select(pods, web),
    (ctx) => ctx.select(pods, db),
    (ctx) => ctx.select(pods, web, 'm'),
    (ctx) => ctx.select(pods, web, 'n'),
    (ctx) => ctx.select(pods, undefined),
  ],
  [
    (ctx) => ctx.selecting(pods, {app: 'web'}),
    (ctx) => ctx.selecting(pods, {app: 'db'}),
    (ctx) => ctx.selecting(pods, {app: 'web', tier: 'front'}),
    (ctx) => ctx.selecting(pods, {app: 'web'}, 'm'),
    (ctx) => ctx.selecting(pods, {app: 'web'}, 'n'),
    (ctx) => ctx.selecting(pods, {app: 'web'}, ''),
  ],
];
const asked = kin.flat();
const kinOf = derive('kin-of', {
  from: questions,
  rows: (ctx, {key, how}) => ({key, answer: asked[Number(how)]?.(ctx) ?? 'nothing', last: ctx.count(byTag, 'z')}),
});
const close = kin.flatMap((some) =>
  some.flatMap((one) =>
    some.filter((other) => other !== one).map((other) => [asked.indexOf(one), asked.indexOf(other)]),
  ),
);

describe('a transform that asks the same with something else in it', () => {
  it.each(close)('question %d, then %d', (first = 0, second = 0) => {
    const graph = createGraph({outputs: [kinOf]});
    const ask = (how: number) => graph.commit((tx) => tx.set(questions, {key: 'q', how: String(how)}));
    const pod = (key: string, namespace: string, app: string, selector: LabelSelector): Pod => ({
      key,
      namespace,
      labels: {app, tier: 'front'},
      selector,
    });
    const worlds = [
      [pod('a', 'm', 'web', web), pod('b', 'n', 'db', db)],
      [pod('a', 'm', 'db', db), pod('b', 'n', 'web', web), pod('c', 'm', 'web', {matchLabels: {tier: 'front'}})],
      [pod('a', 'n', 'web', web), pod('b', 'm', 'web', web), pod('c', '', 'web', web)],
      [],
    ];
    for (const [i, before] of worlds.entries()) {
      graph.commit((tx) => {
        tx.replaceAll(pods, before);
        tx.replaceAll(items, states[i] ?? []);
      });
      ask(first);
      ask(second);
      for (const [j, after] of worlds.entries()) {
        graph.commit((tx) => {
          tx.replaceAll(pods, after);
          tx.replaceAll(items, states[j] ?? []);
        });
        const fresh = createGraph({outputs: [kinOf]});
        fresh.commit((tx) => {
          tx.replaceAll(pods, after);
          tx.replaceAll(items, states[j] ?? []);
          tx.set(questions, {key: 'q', how: String(second)});
        });
        expect(graph.list(kinOf)).toEqual(fresh.list(kinOf));
      }
    }
  });
});

describe('a transform that uses a part of what it reads', () => {
  const parts: Readonly<Record<string, (ctx: Context) => unknown>> = {
    'of a row': (ctx) => ctx.get(items, 'a', ({n}) => n),
    'of the rows of an index': (ctx) => ctx.list(byTag, 'x', ({n}) => n),
    'their number': (ctx) => ctx.count(byTag, 'x'),
    'whether there are any': (ctx) => ctx.exists(byTag, 'x'),
    'whether a row is there': (ctx) => ctx.exists(items, 'a'),
  };

  it.each(Object.entries(parts))('runs when that changes, and not when the rest does: %s', (part, use) => {
    const user = derive('user', {from: questions, rows: (ctx, {key}) => ({key, used: use(ctx)})});
    const graph = createGraph({outputs: [user]});
    graph.commit((tx) => {
      tx.set(questions, {key: 'q', how: ''});
      tx.set(items, {key: 'a', n: 1, tag: 'x', other: ''});
    });
    const runsAfter = (write: (tx: Transaction) => void): number => {
      graph.resetCounters();
      graph.commit(write);
      return graph.counters().get('user')?.runs ?? -1;
    };
    expect(runsAfter((tx) => tx.set(items, {key: 'a', n: 1, tag: 'x', other: 'more'}))).toBe(0);
    expect(runsAfter((tx) => tx.set(items, {key: 'a', n: 2, tag: 'x', other: 'more'}))).toBe(
      part.startsWith('of') ? 1 : 0,
    );
    // Another row concerns those who list or count, and not those who ask for this one, or whether there are any.
    const concerned = part === 'of the rows of an index' || part === 'their number' ? 1 : 0;
    expect(runsAfter((tx) => tx.set(items, {key: 'b', n: 1, tag: 'x', other: ''}))).toBe(concerned);
    expect(runsAfter((tx) => tx.delete(items, 'b'))).toBe(concerned);
    expect(runsAfter((tx) => tx.delete(items, 'a'))).toBe(1);
    expect(runsAfter((tx) => tx.set(items, {key: 'a', n: 2, tag: 'x', other: 'more'}))).toBe(1);
  });
});

describe('a transform that asks for more and for less', () => {
  const keys = ['a', 'b', 'c', 'd'];
  const some = derive('some', {
    from: questions,
    rows: (ctx, {key, how}) => ({key, found: keys.slice(0, Number(how)).map((one) => ctx.get(items, one)?.n)}),
  });

  it('hears of what it asked for last, and of nothing else', () => {
    const graph = createGraph({outputs: [some]});
    let n = 0;
    const found = () => graph.get(some, 'q')?.found;
    for (const many of [3, 1, 3, 0, 4, 2, 4, 4, 0]) {
      graph.commit((tx) => tx.set(questions, {key: 'q', how: String(many)}));
      expect(graph.registrations()).toBe(many);
      for (const [i, key] of keys.entries()) {
        graph.resetCounters();
        graph.commit((tx) => tx.set(items, {key, n: ++n, tag: '', other: ''}));
        expect(graph.counters().get('some')).toMatchObject({runs: i < many ? 1 : 0});
        expect(found()).toEqual(keys.slice(0, many).map((one) => graph.get(items, one)?.n));
      }
    }
  });
});
