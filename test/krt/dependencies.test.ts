import {describe, expect, it} from 'vitest';
import {type Context, createGraph, derive, index, input, type Row} from '../../src/krt/index.ts';

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
