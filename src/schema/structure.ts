/** Structural schemas -> ajv validators: types, limits, defaults, unknown fields, uniqueness of list entries. */
import {isIPv4, isIPv6} from 'node:net';
import {Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction} from 'ajv';
import {fillDefaults} from './defaults.ts';
import {patternOf} from './patterns.ts';
import {isRecord} from './record.ts';
import {structuralViolations} from './structure-messages.ts';
import type {CrdNode} from './structural.ts';
import type {Violation} from './violation.ts';

/** Fills defaults into the value (it is changed in place) and says what is wrong with it. */
export type StructureCheck = (value: unknown) => readonly Violation[];

export function structureCheck(node: CrdNode): StructureCheck {
  const fill = fillDefaults(node);
  let compiled: ValidateFunction | undefined;
  return (value) => {
    compiled ??= ajv.compile(jsonSchema(node));
    fill?.(value);
    if (compiled(value)) return [];
    // Nulls are nothing to an API server: it drops them before it looks. They are rare, so only a failure looks for them.
    if (dropNulls(value, node)) {
      fill?.(value);
      if (compiled(value)) return [];
    }
    return structuralViolations(compiled.errors ?? []);
  };
}

/** ajv shares engines whose texts are equal. `code` matters only for validators written to a file: these never are. */
const regExp = Object.assign((pattern: string) => patternOf(pattern), {code: 'undefined'});

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  verbose: true,
  logger: false,
  // Optimising the generated code takes longer than it saves, short of a hundred thousand objects.
  code: {regExp, optimize: false},
  formats: {
    int32: true,
    int64: true,
    double: true,
    byte: true,
    password: true,
    'date-time': (text) => !Number.isNaN(Date.parse(text)),
    ipv4: (text) => isIPv4(text),
    ipv6: (text) => isIPv6(text),
  },
  keywords: [{keyword: 'uniqueKeys', type: 'array', schemaType: 'array', validate: uniqueKeys, errors: true}],
});

/** Lists of type map: no two entries with the same values under the keys. Reports every later one. */
function uniqueKeys(keys: readonly string[], entries: readonly unknown[]): boolean {
  const seen = new Map<string, number>();
  const errors: Partial<ErrorObject>[] = [];
  entries.forEach((entry, index) => {
    if (!isRecord(entry)) return;
    const values = keys.map((key) => [key, entry[key]] as const);
    const id = JSON.stringify(values);
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else errors.push({keyword: 'uniqueKeys', params: {index, first, values}});
  });
  uniqueKeys.errors = errors;
  return errors.length === 0;
}
uniqueKeys.errors = [] as Partial<ErrorObject>[]; // where ajv looks for the errors of a keyword

/** What API servers read of a structural schema, in the words of JSON Schema. */
function jsonSchema(node: CrdNode): AnySchemaObject {
  const out: Record<string, unknown> = {};
  for (const name of KEPT) if (node[name] !== undefined) out[name] = node[name];
  if (node['x-kubernetes-int-or-string'] === true) out['type'] = ['integer', 'string'];
  if (node.nullable === true && node.type !== undefined) out['type'] = [node.type, 'null'];
  if (node.properties !== undefined) {
    out['properties'] = Object.fromEntries(
      Object.entries(node.properties).map(([name, child]) => [name, jsonSchema(child)]),
    );
  }
  if (typeof node.additionalProperties === 'object') {
    out['additionalProperties'] = jsonSchema(node.additionalProperties);
  } else if (node.type === 'object' && node.properties !== undefined) {
    out['additionalProperties'] =
      node.additionalProperties === true || node['x-kubernetes-preserve-unknown-fields'] === true;
  }
  if (node.items !== undefined) out['items'] = jsonSchema(node.items);
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    const branches = node[name];
    if (branches !== undefined) out[name] = branches.map(jsonSchema);
  }
  if (node.not !== undefined) out['not'] = jsonSchema(node.not);
  switch (node['x-kubernetes-list-type']) {
    case 'set':
      out['uniqueItems'] = true;
      break;
    case 'map':
      out['uniqueKeys'] = node['x-kubernetes-list-map-keys'];
      break;
    case 'atomic':
    case undefined:
      break;
  }
  return out;
}

const KEPT = [
  'type',
  'required',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
] as const;

/** Removes properties that are null and may not be. True if there was one. */
function dropNulls(value: unknown, node: CrdNode | undefined): boolean {
  let dropped = false;
  if (Array.isArray(value)) {
    for (const item of value) dropped = dropNulls(item, node?.items) || dropped;
  } else if (isRecord(value)) {
    const rest = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
    for (const [name, child] of Object.entries(value)) {
      const schema = node?.properties?.[name] ?? rest;
      if (child === null && schema !== undefined && schema.nullable !== true) {
        Reflect.deleteProperty(value, name);
        dropped = true;
      } else if (schema !== undefined) {
        dropped = dropNulls(child, schema) || dropped;
      }
    }
  }
  return dropped;
}
