/**
 * Structural equality that learns what the rows of one collection look like. To compare two objects of unknown shape
 * means to list their keys and to look each up. Rows of one collection nearly all have keys of one small set, so a
 * function is made that compares those, which an optimizing compiler turns into a handful of loads. What it cannot
 * decide is compared the long way: the answer is always that of structurallyEqual.
 */
import {structurallyEqual} from './equality.ts';

type Compare = (a: unknown, b: unknown) => boolean;
/** Undefined = there are keys that it does not know. */
type ShapeCompare = (a: object, b: object) => boolean | undefined;

/** Objects with more keys than this are maps of something, not rows. */
const MOST_KEYS = 32;
/** How often it learns further keys at one place. */
const MOST_LESSONS = 8;
/** Levels of objects within objects that are learned. */
const DEEPEST = 4;

/** For values that tend to have the same shape; made once for each place where such are compared. Never throws. */
export function learnedEquality(): Compare {
  const compare = learning(0);
  return (a, b) => {
    try {
      return compare(a, b);
    } catch {
      // An object that contains itself, or a getter that throws.
      return false;
    }
  };
}

function learning(depth: number): Compare {
  const keys = new Set<string>();
  let lessons = depth < DEEPEST ? 0 : MOST_LESSONS;
  let compareShape: ShapeCompare | undefined;
  let compareItems: Compare | undefined;
  return (a, b) => {
    if (a === b) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return structurallyEqual(a, b);
    if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b, (compareItems ??= learning(depth + 1)));
    const answer = compareShape?.(a, b);
    if (answer !== undefined) return answer;
    if (lessons < MOST_LESSONS) {
      lessons++;
      for (const key of Object.keys(a)) keys.add(key);
      compareShape = shapeCompare(keys, depth);
      if (compareShape === undefined) lessons = MOST_LESSONS;
    }
    return structurallyEqual(a, b);
  };
}

function sameItems(a: readonly unknown[], b: readonly unknown[], compare: Compare): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!compare(a[i], b[i])) return false;
  return true;
}

/**
 * Says that two objects differ as soon as a field does. Where all fields are equal and neither object has others, they
 * are equal, as long as they are plain.
 */
function shapeCompare(keys: ReadonlySet<string>, depth: number): ShapeCompare | undefined {
  // What every object inherits is found where it is not.
  if (keys.size > MOST_KEYS || [...keys].some((key) => key in Object.prototype)) return undefined;
  const fields = [...keys].map((key, i) => {
    const name = JSON.stringify(key);
    return `x = a[${name}]; if (x !== (y = b[${name}]) && !compare[${i}](x, y)) return false; if (x !== undefined) known++;`;
  });
  const body = `return (a, b) => {
    let x, y, known = 0;
    ${fields.join('\n')}
    let own = 0, others = 0;
    for (const key in a) own++;
    for (const key in b) others++;
    if (own !== known || others !== known) return undefined;
    const prototype = Object.getPrototypeOf(a);
    return prototype === Object.getPrototypeOf(b) && prototype === Object.prototype ? true : undefined;
  }`;
  const compare = [...keys].map(() => learning(depth + 1));
  try {
    // Nothing but names of keys goes into the text, as literals.
    // oxlint-disable-next-line typescript/no-implied-eval -- made once for a place, run for every row
    const made: unknown = new Function('compare', body)(compare);
    return isShapeCompare(made) ? made : undefined;
  } catch {
    // Where code must not be made from text, as a policy of the host may have it.
    return undefined;
  }
}

const isShapeCompare = (made: unknown): made is ShapeCompare => typeof made === 'function';
