import * as fc from 'fast-check';
import type {LabelSelector} from '../../src/krt/index.ts';
import type {Cell, NodeSpec, Operation, Program, ReadSpec} from './program.ts';
import {INPUTS} from './program.ts';

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

export const cell: fc.Arbitrary<Cell> = fc.record({key, n: fc.nat(5), tag, ref: key, labels});

const expression = fc.oneof(
  fc.constantFrom('own' as const, 'ref' as const, 'tag' as const, 'previous' as const),
  fc.record({constant: key}),
);

const read: fc.Arbitrary<ReadSpec> = fc.record({
  from: number,
  where: fc.oneof(
    fc.record({kind: fc.constant('key' as const), key: expression, interest: fc.constantFrom('rows', 'exists')}),
    fc.record({
      kind: fc.constant('index' as const),
      index,
      value: expression,
      interest: fc.constantFrom('rows', 'count', 'exists'),
    }),
    fc.record({kind: fc.constant('all' as const), interest: fc.constantFrom('rows', 'count')}),
    fc.record({kind: fc.constant('select' as const), selector}),
  ),
  project: fc.constantFrom(undefined, 'n', 'tag', 'parity', 'varies'),
  when: fc.constantFrom('always', 'always', 'odd', 'found'),
});

const reads = fc.array(read, {maxLength: 3});

const node: fc.Arbitrary<NodeSpec> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({kind: fc.constant('derive' as const), from: number, reads, shape, declared: fc.boolean()}),
  },
  {
    weight: 2,
    arbitrary: fc.record({kind: fc.constant('outputs' as const), from: number, reads, shape, declared: fc.boolean()}),
  },
  {weight: 1, arbitrary: fc.record({kind: fc.constant('singleton' as const), reads, declared: fc.boolean()})},
  {weight: 2, arbitrary: fc.record({kind: fc.constantFrom('group', 'distinct'), from: number, index})},
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('join', 'union'),
      sources: fc.array(number, {minLength: 1, maxLength: 3}),
    }),
  },
);

export const program: fc.Arbitrary<Program> = fc.record({
  nodes: fc.array(node, {minLength: 2, maxLength: 12, size: 'max'}),
  wanted: fc.array(fc.boolean(), {minLength: 16, maxLength: 16}),
});

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
);

export const commits: fc.Arbitrary<readonly (readonly Operation[])[]> = fc.array(
  fc.array(operation, {minLength: 1, maxLength: 10, size: 'max'}),
  {minLength: 1, maxLength: 8, size: 'max'},
);

/** How often a property is tried; the environment variable KRT_RUNS multiplies it. */
export const runs = (times: number): {readonly numRuns: number} => ({
  numRuns: Math.max(1, Math.ceil(times * Number(process.env['KRT_RUNS'] ?? 1))),
});
