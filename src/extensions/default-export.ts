/** Reads what a module exports as an Extension, which for JavaScript no type checker has done. */
import type {Extension} from '../../collections/extension.ts';
import {ExtensionError} from './extended.ts';

const parts = ['outputs', 'resources', 'statuses'] as const;
const expected = `expected is {${parts.join(', ')}}, lists of collections of which each may be left out, or a list of outputs`;

/** Throws ExtensionError. */
export function readExtension(file: string, exports: unknown): Extension {
  const found = defaultOf(exports);
  const extension: unknown = Array.isArray(found) ? {outputs: found} : found;
  mustBeExtension(file, extension);
  return extension;
}

/** What CommonJS exports is its default export; an ES module says that it is one. */
function defaultOf(exports: unknown): unknown {
  if (!isRecord(exports)) return exports;
  return 'default' in exports || '__esModule' in exports ? exports['default'] : exports;
}

function mustBeExtension(file: string, value: unknown): asserts value is Extension {
  const problem = problemOf(value);
  if (problem !== undefined) throw new ExtensionError(`${file}: ${problem}; ${expected}`);
}

function problemOf(value: unknown): string | undefined {
  if (value === undefined) return 'there is no default export';
  if (!isRecord(value)) return `the default export is ${describe(value)}`;
  // Easily forgotten: the list around it.
  if (isCollection(value)) return `the default export is the collection ${value.name} without a list around it`;
  const unknown = Object.keys(value).find((field) => !parts.some((part) => part === field));
  if (unknown !== undefined) return `the default export has the unknown field ${unknown}`;
  const given = parts.filter((part) => value[part] !== undefined);
  if (given.length === 0) return 'the default export is empty';
  for (const part of given) {
    const list: unknown = value[part];
    if (!Array.isArray(list)) return `${part} is ${describe(list)}`;
    const wrong = list.findIndex((item) => !isCollection(item));
    if (wrong >= 0) return `${part}[${wrong}] is ${describe(list[wrong])}`;
  }
  return undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isCollection = (value: unknown): value is Readonly<Record<string, unknown>> & {readonly name: string} =>
  isRecord(value) &&
  typeof value['name'] === 'string' &&
  typeof value['keyOf'] === 'function' &&
  isRecord(value['definition']);

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (['string', 'number', 'boolean'].includes(typeof value)) return JSON.stringify(value);
  if (!isRecord(value)) return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  if (Array.isArray(value)) return 'a list';
  if (isCollection(value)) return `the collection ${value.name}`;
  const {name, of, targets, selectors} = value;
  if (of !== undefined) return `the index ${String(name)}, no collection: group and distinct make one of it`;
  if (targets !== undefined && selectors !== undefined)
    return `the match ${String(name)}, no collection: group makes one of its sides`;
  return 'no collection';
}
