import type {AnyCollection, AnyIndex, Labels} from './definition.ts';

/** The engine keeps rows of all types side by side; the definition that made a row is the one it is handed back to. */
export const erased = (row: unknown): never => row as never;

export function labelsOf(collection: AnyCollection, row: unknown): Labels {
  return collection.labelsOf === undefined ? {} : collection.labelsOf(erased(row));
}

export const labelPair = (key: string, value: string): string => `${key}=${value}`;

export const valuesOf = (index: AnyIndex, row: unknown): readonly string[] => index.values(erased(row));
