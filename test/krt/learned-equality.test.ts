import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {structurallyEqual} from '../../src/krt/index.ts';
import {learnedEquality} from '../../src/krt/learned-equality.ts';

/** Objects of few shapes, so that one is met again after its keys were learned; some are not plain, or miss a field. */
const leaf = fc.constantFrom<unknown>(undefined, null, 0, 1, Number.NaN, '', 'a', 'b', true);
const key = fc.constantFrom('key', 'ip', 'labels', 'length', '0', 'toString');
class Thing {
  readonly key = 'a';
}
const {value} = fc.letrec((tie) => ({
  value: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    leaf,
    fc.dictionary(key, tie('value'), {maxKeys: 4, noNullPrototype: true}),
    fc.array(tie('value'), {maxLength: 3}),
    fc.uint8Array({maxLength: 2}),
    fc.constant(null).map(() => new Thing()),
    fc.constant(null).map(() => Object.assign(Object.create(null), {key: 'a'}) as unknown),
  ),
}));

describe('an equality that learns', () => {
  it('says of any values what structural equality says of them, whatever it was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), {maxLength: 30}), (pairs) => {
        const equal = learnedEquality();
        for (const [a, b] of pairs) {
          const copy = structuredClone(a);
          for (const other of [b, copy, a]) expect(equal(a, other)).toBe(structurallyEqual(a, other));
          expect(equal(b, a)).toBe(structurallyEqual(b, a));
        }
      }),
      {numRuns: 1_000},
    );
  });

  it('sees keys that it did not learn, on either side', () => {
    const equal = learnedEquality();
    for (let i = 0; i < 3; i++) expect(equal({a: 1, b: 2}, {a: 1, b: 2})).toBe(true);
    for (let i = 0; i < 20; i++) {
      expect(equal({a: 1, b: 2, [`c${i}`]: 1}, {a: 1, b: 2})).toBe(false);
      expect(equal({a: 1, b: 2}, {a: 1, b: 2, [`d${i}`]: 1})).toBe(false);
      expect(equal({a: 1, b: 2}, {a: 1, b: 2})).toBe(true);
      expect(equal({a: 1, b: 2, c: undefined}, {a: 1, b: 2})).toBe(true);
    }
  });

  it('takes objects of classes for equal only where they are the same', () => {
    const equal = learnedEquality();
    const thing = new Thing();
    expect(equal({key: 'a'}, {key: 'a'})).toBe(true);
    expect(equal(new Thing(), new Thing())).toBe(false);
    expect(equal({key: 'a'}, new Thing())).toBe(false);
    expect(equal(thing, thing)).toBe(true);
  });

  it('tells lists from objects that look like them', () => {
    const equal = learnedEquality();
    expect(equal({tags: ['a']}, {tags: ['a']})).toBe(true);
    expect(equal({tags: ['a']}, {tags: {0: 'a', length: 1}})).toBe(false);
    expect(equal({tags: ['a']}, {tags: ['a', 'b']})).toBe(false);
    expect(equal({tags: [undefined]}, {tags: []})).toBe(false);
  });

  it('counts what cannot be compared to the end as different', () => {
    const equal = learnedEquality();
    const circle = (): unknown => {
      const made: Record<string, unknown> = {};
      made['self'] = made;
      return made;
    };
    const trap = (): unknown => ({
      get key(): string {
        throw new Error('not this one');
      },
    });
    for (let i = 0; i < 3; i++) {
      expect(equal(circle(), circle())).toBe(false);
      expect(equal(trap(), trap())).toBe(false);
    }
  });
});
