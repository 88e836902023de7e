/**
 * What the types of objects promise, checked: fields that must be there, and of which JSON type and which of a few words
 * they are. An API server has validated everything else. Fields that are not in the schema are let pass: servers may be
 * newer than we are. Nulls and defaults are treated as a server does.
 */
import {isRecord} from '../schema/record.ts';
import {kindOf} from '../schema/structure-messages.ts';
import type {CrdNode} from '../schema/structural.ts';

export type Fault = {readonly field: string; readonly message: string};
export type ShapeCheck = (value: unknown) => Fault | undefined;

/** Completes the value in place; undefined where it is as it should be. */
export function shapeCheck(node: CrdNode): ShapeCheck {
  const check = checkOf(node);
  return (value) => {
    const fault = check(value);
    return (
      fault && {
        field: fault.path.reduceRight((path, part) => `${path}${part}`, '').replace(/^\./, ''),
        message: fault.message,
      }
    );
  };
}

/** The path from the inside out. */
type Found = {readonly path: string[]; readonly message: string};
type Check = (value: unknown) => Found | undefined;

const found = (message: string): Found => ({path: [], message});

function at(part: string, inner: Found | undefined): Found | undefined {
  inner?.path.push(part);
  return inner;
}

function checkOf(node: CrdNode): Check {
  const own = checkOfType(node);
  const {enum: words} = node;
  if (words === undefined) return own;
  const allowed: ReadonlySet<unknown> = new Set(words);
  return (value) =>
    own(value) ?? (allowed.has(value) ? undefined : found(`must be one of ${words.join(', ')}, is ${kindOf(value)}`));
}

function checkOfType(node: CrdNode): Check {
  if (node['x-kubernetes-int-or-string'] === true) return mustBe('an integer or a string', isIntegerOrString);
  const {type} = node;
  if (type === undefined) return () => undefined;
  switch (type) {
    case 'object':
      return checkOfObject(node);
    case 'array':
      return checkOfArray(node);
    case 'string':
      return mustBe('a string', (value) => typeof value === 'string');
    case 'integer':
      return mustBe('an integer', Number.isInteger);
    case 'number':
      return mustBe('a number', (value) => typeof value === 'number');
    case 'boolean':
      return mustBe('a boolean', (value) => typeof value === 'boolean');
  }
}

const isIntegerOrString = (value: unknown): boolean => typeof value === 'string' || Number.isInteger(value);

function mustBe(what: string, is: (value: unknown) => boolean): Check {
  return (value) => (is(value) ? undefined : found(`must be ${what}, is ${kindOf(value)}`));
}

function checkOfArray({items}: CrdNode): Check {
  const check = items === undefined ? undefined : checkOf(items);
  return (value) => {
    if (!Array.isArray(value)) return found(`must be a list, is ${kindOf(value)}`);
    if (check === undefined) return undefined;
    for (let index = 0; index < value.length; index++) {
      const fault = check(value[index]);
      if (fault !== undefined) return at(`[${index}]`, fault);
    }
    return undefined;
  };
}

type Field = {
  readonly name: string;
  readonly check: Check;
  readonly isRequired: boolean;
  readonly isNullable: boolean;
  readonly standard: (() => unknown) | undefined;
};

function checkOfObject({properties = {}, additionalProperties, required = []}: CrdNode): Check {
  const fields = Object.entries(properties).map(([name, child]): Field => ({
    name,
    check: checkOf(child),
    isRequired: required.includes(name),
    isNullable: child.nullable === true,
    standard: child.default === undefined ? undefined : () => structuredClone(child.default),
  }));
  const values = typeof additionalProperties === 'object' ? checkOf(additionalProperties) : undefined;
  return (value) => {
    if (!isRecord(value)) return found(`must be an object, is ${kindOf(value)}`);
    for (const field of fields) {
      const fault = checkField(value, field);
      if (fault !== undefined) return at(`.${field.name}`, fault);
    }
    if (values === undefined) return undefined;
    for (const name of Object.keys(value)) {
      const fault = values(value[name]);
      if (fault !== undefined) return at(`[${JSON.stringify(name)}]`, fault);
    }
    return undefined;
  };
}

/** The object is a tree of our own, parsed a moment ago: it may be completed. */
function checkField(object: Record<string, unknown>, field: Field): Found | undefined {
  const {name, check, isRequired, isNullable, standard} = field;
  let value = object[name];
  if (value === null && !isNullable) value = undefined;
  if (value !== undefined) return value === null ? undefined : check(value);
  if (standard !== undefined) {
    object[name] = standard();
    return check(object[name]);
  }
  if (object[name] === null) Reflect.deleteProperty(object, name);
  return isRequired ? found('is required') : undefined;
}
