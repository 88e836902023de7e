import type {Row} from './definition.ts';

const NONE: readonly Row[] = [];

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string';
}

const isRows = (value: unknown): value is readonly Row[] => Array.isArray(value) && value.every(isRow);

/** What a transform returned, as rows. Throws where it is something else: extensions may be untyped. */
export function rowsOf(produced: unknown): readonly Row[] {
  if (produced === undefined) return NONE;
  if (isRow(produced)) return [produced];
  if (isRows(produced)) return produced;
  throw new Error('a transform returned what is not a row: a row is an object with a key');
}
