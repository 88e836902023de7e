import type {Equality} from './definition.ts';
import {erased} from './erased.ts';
import {learnedEquality} from './learned-equality.ts';

/** The function that a collection compares its rows by. One of its own that throws counts as different, and is reported. */
export function equalityOf(
  equals: Equality<never> = 'structural',
  report: (error: unknown) => void,
): (old: unknown, now: unknown) => boolean {
  if (equals === 'structural') return learnedEquality();
  if (equals === 'identity') return (old, now) => old === now;
  return (old, now) => {
    try {
      return equals(erased(old), erased(now));
    } catch (error) {
      report(error);
      return false;
    }
  };
}
