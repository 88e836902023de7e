/**
 * JSON -> CEL values by schema: integers become int64 (a bare JSON number would be a double), object properties get
 * the escaped names under which rules see them. Objects are views: only what a rule reads is converted.
 */
import {type CelInput, celList, celMap} from '@bufbuild/cel';
import {isRecord} from './record.ts';
import type {CrdNode} from './structural.ts';

export type ToCel = (value: unknown) => CelInput;

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** The name of a property inside a rule: `namespace` -> `__namespace__`, `a-b` -> `a__dash__b`. */
export function escapeProperty(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

const converters = new WeakMap<CrdNode, ToCel>();

/** The converter of values of a schema node; made once per node. */
export function toCel(node: CrdNode | undefined): ToCel {
  if (node === undefined) return untyped;
  const made = converters.get(node) ?? make(node);
  converters.set(node, made);
  return made;
}

function make(node: CrdNode): ToCel {
  if (node['x-kubernetes-int-or-string'] === true) return integer;
  const {type} = node;
  switch (type) {
    case 'integer':
      return integer;
    case 'array': {
      const item = node.items;
      return (value) => (Array.isArray(value) ? celList(value.map(toCel(item))) : null);
    }
    case 'object': {
      const {additionalProperties, properties = {}} = node;
      const values = typeof additionalProperties === 'object' ? toCel(additionalProperties) : untyped;
      const fields = new Map(
        Object.keys(properties).map((name): [string, Field] => [
          escapeProperty(name),
          {name, convert: (value) => toCel(properties[name])(value)},
        ]),
      );
      return (value) => celMap(new ObjectView(isRecord(value) ? value : {}, fields, values));
    }
    case 'string':
    case 'number':
    case 'boolean':
      return scalar;
    case undefined:
      break;
  }
  return untyped;
}

type Field = {readonly name: string; readonly convert: ToCel};

function integer(value: unknown): CelInput {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : scalar(value);
}

function scalar(value: unknown): CelInput {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Values the schema says nothing about. */
function untyped(value: unknown): CelInput {
  if (Array.isArray(value)) return celList(value.map(untyped));
  return isRecord(value) ? celMap(new ObjectView(value, new Map(), untyped)) : integer(value);
}

/** A JSON object as the map a rule sees. */
class ObjectView implements ReadonlyMap<string, CelInput> {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #fields: ReadonlyMap<string, Field>;
  readonly #rest: ToCel;

  constructor(object: Readonly<Record<string, unknown>>, fields: ReadonlyMap<string, Field>, rest: ToCel) {
    this.#object = object;
    this.#fields = fields;
    this.#rest = rest;
  }

  get(key: string): CelInput | undefined {
    const field = this.#fields.get(key);
    const name = field?.name ?? key;
    if (!Object.hasOwn(this.#object, name)) return undefined;
    const value = this.#object[name];
    return field === undefined ? this.#rest(value) : field.convert(value);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object, this.#fields.get(key)?.name ?? key);
  }

  get size(): number {
    return Object.keys(this.#object).length;
  }

  *keys(): MapIterator<string> {
    for (const name of Object.keys(this.#object)) yield this.#fields.size === 0 ? name : escapeProperty(name);
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): MapIterator<[string, CelInput]> {
    for (const key of this.keys()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  forEach(each: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this);
  }
}
