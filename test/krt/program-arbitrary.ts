import * as fc from 'fast-check';
import type {LabelSelector} from '../../src/krt/index.ts';
import type {Mood, NodeSpec, Operation, Program, ReadSpec, TraitsSpec} from './program.ts';
import {INPUTS} from './program.ts';
import {applyOperations, NO_SOURCES, type Sources} from './program-oracle.ts';
import type {Cell} from './program-rows.ts';

const KEYS = ['a', 'b', 'c', 'd', 'x', 'y'];

const key = fc.constantFrom(...KEYS);
const tag = fc.constantFrom('x', 'y', 'z');
const number = fc.nat(30);
const index = fc.constantFrom('tag', 'parity', 'multi', 'some');
const shape = fc.constantFrom('one', 'fan', 'maybe', 'by-tag', 'coarse');

/** Names that every object inherits are in, since labels may be called that. */
export const labelKey = fc.constantFrom('app', 'tier', 'constructor');
export const labelValue = fc.constantFrom('p', 'q', '');
export const labels = fc.dictionary(labelKey, labelValue, {maxKeys: 3, noNullPrototype: true});

export const selector: fc.Arbitrary<LabelSelector> = fc.record(
  {
    matchLabels: fc.dictionary(labelKey, labelValue, {maxKeys: 2, noNullPrototype: true}),
    matchExpressions: fc.array(
      fc.record(
        {
          key: labelKey,
          operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Like'),
          values: fc.uniqueArray(labelValue, {maxLength: 3}),
        },
        {requiredKeys: ['key', 'operator']},
      ),
      {maxLength: 2},
    ),
  },
  {requiredKeys: []},
);

/** Rows that have no labels or selector of their own get some by their number and tag, nil selectors among them. */
export const cell: fc.Arbitrary<Cell> = fc.record(
  {key, n: fc.nat(5), tag, ref: key, ns: fc.constantFrom('m', 'n'), labels, selector},
  {requiredKeys: ['key', 'n', 'tag', 'ref']},
);

const expression = fc.oneof(
  fc.constantFrom('own' as const, 'ref' as const, 'tag' as const, 'previous' as const),
  fc.record({constant: key}),
);
const interest = fc.constantFrom('rows', 'count', 'exists');
const matchSide = fc.constantFrom('targets', 'selectors');

const read: fc.Arbitrary<ReadSpec> = fc.record({
  from: number,
  where: fc.oneof(
    fc.record({kind: fc.constant('key' as const), key: expression, interest: fc.constantFrom('rows', 'exists')}),
    fc.record({kind: fc.constant('index' as const), index, value: expression, interest}),
    fc.record({kind: fc.constant('match' as const), side: matchSide, value: expression, interest}),
    fc.record({kind: fc.constant('all' as const), interest: fc.constantFrom('rows', 'count')}),
    fc.record({
      kind: fc.constant('select' as const),
      selector: fc.option(selector, {nil: undefined}),
      namespaced: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('selecting' as const),
      labels: fc.oneof(fc.constant('own' as const), labels),
      namespaced: fc.boolean(),
    }),
  ),
  project: fc.constantFrom(undefined, 'n', 'tag', 'parity', 'varies'),
  when: fc.constantFrom('always', 'always', 'odd', 'found'),
});

const traits: fc.Arbitrary<TraitsSpec> = fc.record({
  matched: fc.boolean(),
  namespaced: fc.boolean(),
  identity: fc.integer({min: 0, max: 3}).map((n) => n === 3),
});

const CALM: Mood = {onError: 'keep', throws: 'never', discards: 'never'};

const moods: fc.Arbitrary<Mood> = fc.record({
  onError: fc.constantFrom('keep', 'drop'),
  throws: fc.constantFrom('never', 'never', 'early', 'late'),
  discards: fc.constantFrom('never', 'never', 'early', 'late'),
});

const node = (mood: fc.Arbitrary<Mood>): fc.Arbitrary<NodeSpec> => {
  const transform = {reads: fc.array(read, {maxLength: 3}), declared: fc.boolean(), mood};
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({kind: fc.constant('derive' as const), from: number, shape, traits, ...transform}),
    },
    {weight: 2, arbitrary: fc.record({kind: fc.constant('outputs' as const), from: number, shape, ...transform})},
    {weight: 1, arbitrary: fc.record({kind: fc.constant('singleton' as const), ...transform})},
    {weight: 2, arbitrary: fc.record({kind: fc.constantFrom('group', 'distinct'), from: number, index})},
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('join', 'union', 'merge'),
        sources: fc.array(number, {minLength: 1, maxLength: 3}),
        traits,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('nested' as const),
        from: number,
        members: fc.array(number, {minLength: 1, maxLength: 3}),
        merges: fc.boolean(),
        traits,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('match' as const),
        selectors: number,
        targets: number,
        side: matchSide,
        as: fc.constantFrom('group', 'distinct'),
      }),
    },
  );
};

const programOf = (mood: fc.Arbitrary<Mood>): fc.Arbitrary<Program> =>
  fc.record({
    nodes: fc.array(node(mood), {minLength: 2, maxLength: 12, size: 'max'}),
    wanted: fc.array(fc.boolean(), {minLength: 16, maxLength: 16}),
  });

/** Programs whose state depends on nothing but the present rows of the inputs. */
export const program = programOf(fc.constant(CALM));

/** Programs with transforms that throw and discard, whose rows depend on what was before. */
export const moodyProgram = programOf(moods);

export const anyProgram = fc.oneof(program, moodyProgram);

const inputNumber = fc.nat(INPUTS - 1);

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {weight: 8, arbitrary: fc.record({kind: fc.constant('set' as const), input: inputNumber, row: cell})},
  {weight: 3, arbitrary: fc.record({kind: fc.constant('delete' as const), input: inputNumber, key})},
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replaceAll' as const),
      input: inputNumber,
      rows: fc.array(cell, {maxLength: 4}),
    }),
  },
  {weight: 1, arbitrary: fc.record({kind: fc.constant('fire' as const)})},
);

/** A row as it is but for one property, or as good as new. */
type Edit = {readonly kind: 'edit'; readonly input: number; readonly row: Cell; readonly change: Partial<Cell>};

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constant('edit' as const),
  input: inputNumber,
  row: fc.record({key, n: fc.nat(5), tag, ref: key}),
  change: fc.oneof(
    fc.record({labels}),
    fc.record({selector}),
    fc.record({ref: key}),
    fc.record({tag}),
    fc.record({n: fc.nat(5)}),
    fc.record({ns: fc.constantFrom('m', 'n')}),
  ),
});

const draft = fc.oneof(operation, edit);

const edited = (sources: Sources, {input, row, change}: Edit): Cell => ({
  ...(sources[input]?.get(row.key) ?? row),
  ...change,
});

/** Turns edits into what they come to. */
function settled(drafts: readonly (readonly (Operation | Edit)[])[]): readonly (readonly Operation[])[] {
  let sources = NO_SOURCES;
  return drafts.map((list) =>
    list.map((one): Operation => {
      const operation: Operation =
        one.kind === 'edit' ? {kind: 'set', input: one.input, row: edited(sources, one)} : one;
      sources = applyOperations(sources, [operation]);
      return operation;
    }),
  );
}

export const commits = fc
  .array(fc.array(draft, {minLength: 1, maxLength: 10, size: 'max'}), {minLength: 1, maxLength: 8, size: 'max'})
  .map(settled);

/** Much at first, and then little at a time: where much changes there is a good reason for everything. */
export const edits = fc
  .tuple(
    fc.array(operation, {minLength: 1, maxLength: 20, size: 'max'}),
    fc.array(fc.array(draft, {minLength: 1, maxLength: 2}), {maxLength: 10, size: 'max'}),
  )
  .map(([first, rest]) => settled([first, ...rest]));

/** How often a property is tried; the environment variable KRT_RUNS multiplies it. */
export const runs = (times: number): {readonly numRuns: number} => ({
  numRuns: Math.max(1, Math.ceil(times * Number(process.env['KRT_RUNS'] ?? 1))),
});
