/** ajv's errors in our words: a path from the top of the object and a clause that names the value found. */
import type {ErrorObject} from 'ajv';
import {type Path, show, type Violation} from './violation.ts';

export function structuralViolations(errors: readonly ErrorObject[]): Violation[] {
  const found: Violation[] = [];
  const alternatives = errors.filter(insideAlternatives);
  for (const error of errors) if (!insideAlternatives(error)) found.push(violation(error));
  // Inside oneOf and anyOf every branch complains; a format is the only thing worth repeating (addresses of Gateways).
  const format = alternatives.find(({keyword}) => keyword === 'format');
  if (format !== undefined)
    found.push({path: pathOf(format), message: `must be an IP address, is ${show(format.data)}`});
  else if (found.length === 0) {
    const [first] = alternatives;
    if (first !== undefined) found.push({path: pathOf(first), message: 'fits none of the forms that are allowed here'});
  }
  return found;
}

function insideAlternatives({schemaPath}: ErrorObject): boolean {
  return /\/(oneOf|anyOf|not)(\/|$)/.test(schemaPath);
}

function pathOf({instancePath}: ErrorObject): (string | number)[] {
  if (instancePath === '') return [];
  return instancePath
    .slice(1)
    .split('/')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
}

function violation(error: ErrorObject): Violation {
  const path: Path = pathOf(error);
  const data: unknown = error.data;
  const limit = numberParam(error, 'limit');
  switch (error.keyword) {
    case 'required':
      return {path: [...path, textParam(error, 'missingProperty')], message: 'is required'};
    case 'additionalProperties':
      return {path: [...path, textParam(error, 'additionalProperty')], message: 'unknown field'};
    case 'type':
      return {path, message: `must be ${typeNames(error.params['type'])}, is ${kindOf(data)}`};
    case 'enum':
      return {path, message: `must be ${oneOf(error.params['allowedValues'])}, is ${show(data)}`};
    case 'pattern':
      return {path, message: `must match ${textParam(error, 'pattern')}, is ${show(data)}`};
    case 'format':
      return {path, message: `must be of format ${textParam(error, 'format')}, is ${show(data)}`};
    case 'minLength':
      return {
        path,
        message: data === '' ? 'must not be empty' : `must have at least ${limit} characters, is ${show(data)}`,
      };
    case 'maxLength':
      return {
        path,
        message: `must have at most ${limit} characters, has ${typeof data === 'string' ? Array.from(data).length : 0}`,
      };
    case 'minimum':
      return {path, message: `must be at least ${limit}, is ${show(data)}`};
    case 'maximum':
      return {path, message: `must be at most ${limit}, is ${show(data)}`};
    case 'minItems':
      return {
        path,
        message: limit === 1 ? 'must not be empty' : `must have at least ${limit} entries, has ${count(data)}`,
      };
    case 'maxItems':
      return {path, message: `must have at most ${limit} entries, has ${count(data)}`};
    case 'minProperties':
      return {
        path,
        message: limit === 1 ? 'must not be empty' : `must have at least ${limit} entries, has ${count(data)}`,
      };
    case 'maxProperties':
      return {path, message: `must have at most ${limit} entries, has ${count(data)}`};
    case 'uniqueItems': {
      const index = Math.max(numberParam(error, 'i'), numberParam(error, 'j'));
      const first = Math.min(numberParam(error, 'i'), numberParam(error, 'j'));
      const entry: unknown = Array.isArray(data) ? data[index] : undefined;
      return {path: [...path, index], message: `${show(entry)} stands already at index ${first}`};
    }
    case 'uniqueKeys':
      return {
        path: [...path, numberParam(error, 'index')],
        message: `an entry with ${keyValues(error.params['values'])} stands already at index ${numberParam(error, 'first')}`,
      };
    default:
      return {path, message: error.message ?? `fails ${error.keyword}`};
  }
}

function numberParam(error: ErrorObject, name: string): number {
  const value: unknown = error.params[name];
  return typeof value === 'number' ? value : 0;
}

function textParam(error: ErrorObject, name: string): string {
  return String(error.params[name]);
}

function count(data: unknown): number {
  if (Array.isArray(data)) return data.length;
  return typeof data === 'object' && data !== null ? Object.keys(data).length : 0;
}

function oneOf(values: unknown): string {
  const shown = Array.isArray(values) ? values.map(show) : [show(values)];
  return shown.length === 1 ? shown.join('') : `one of ${shown.join(', ')}`;
}

function keyValues(values: unknown): string {
  if (!Array.isArray(values)) return '';
  return values.map((pair: unknown) => (Array.isArray(pair) ? `${String(pair[0])} ${show(pair[1])}` : '')).join(', ');
}

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'a boolean',
  integer: 'an integer',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

function typeNames(types: unknown): string {
  const names: unknown[] = Array.isArray(types) ? types : [types];
  return names.map((name) => ARTICLES[String(name)] ?? String(name)).join(' or ');
}

/** What a value is, with the value itself where that is short. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the string ${show(value)}`;
  return `the ${typeof value} ${show(value)}`;
}
