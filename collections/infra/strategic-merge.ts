/**
 * The strategic merge patch of Kubernetes, as API servers and kubectl do it: objects are merged field by field, lists of
 * some fields by key (merge-keys.ts), null deletes, and directives say what else is to be done:
 *
 *   $patch: delete | replace | merge    in an object, or in an item of a list that is merged
 *   $retainKeys: [a, b]                 fields of an object that stay; all others go
 *   $setElementOrder/FIELD: [...]       the order of the list FIELD, by key where its items are objects
 *   $deleteFromPrimitiveList/FIELD: [...]
 *
 * Reference: kubernetes/community, sig-api-machinery/strategic-merge-patch.md. `$patch: merge` says what is done anyway;
 * API servers refuse it. No package on npm does this.
 */
import {isJsonObject, type Json, type JsonObject} from '../../src/api/json.ts';
import {interleaved, sortedBy} from './merge-order.ts';
import type {MergeField, MergeFields} from './merge-keys.ts';

/** The patch cannot be applied; the message names the field. */
export class StrategicMergeError extends Error {
  override readonly name = 'StrategicMergeError';
}

const patchDirective = '$patch';
const retainKeys = '$retainKeys';
const setOrder = '$setElementOrder/';
const deleteFrom = '$deleteFromPrimitiveList/';

type Fields = Record<string, Json>;

/** Changes nothing it is given. Throws StrategicMergeError. */
export function strategicMerge(original: JsonObject, patch: JsonObject, fields: MergeFields = {}): JsonObject {
  return mergeObjects(original, patch, fields, '');
}

function mergeObjects(original: JsonObject, patch: JsonObject, fields: MergeFields, path: string): JsonObject {
  const {[patchDirective]: directive, [retainKeys]: retained, ...others} = patch;
  const rest: Fields = others;
  if (directive === 'replace') return cleaned(rest);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive, path);
  const merged: Fields = retained === undefined ? {...original} : keepOnly(original, rest, retained, path);
  const ordered = Object.entries(rest).filter(([field]) => field.startsWith(setOrder));
  for (const [field, order] of ordered) {
    const name = field.slice(setOrder.length);
    orderList(merged, name, rest[name], listOf(order, at(path, field)), fields[name] ?? {}, path);
    delete rest[name];
  }
  for (const [field, value] of Object.entries(rest)) {
    if (field.startsWith(setOrder)) continue;
    if (field.startsWith(deleteFrom)) deleteItems(merged, field.slice(deleteFrom.length), value, at(path, field));
    else mergeField(merged, field, value, fields[field] ?? {}, path);
  }
  return merged;
}

function mergeField(merged: Fields, field: string, value: Json, rule: MergeField, path: string): void {
  const old = merged[field];
  const here = at(path, field);
  if (value === null) delete merged[field];
  else if (isJsonObject(value) && isJsonObject(old) && rule.strategy !== 'replace') {
    merged[field] = mergeObjects(old, value, rule.fields ?? {}, here);
  } else if (Array.isArray(value) && Array.isArray(old) && rule.strategy === 'merge') {
    merged[field] = mergeLists(old, value, rule, here);
  } else if (isDirective(value)) delete merged[field];
  else merged[field] = cleanedValue(value);
}

/** `$setElementOrder/name`, together with what the patch says of the list itself. */
function orderList(
  merged: Fields,
  name: string,
  patched: Json | undefined,
  order: readonly Json[],
  rule: MergeField,
  path: string,
): void {
  const here = at(path, name);
  const old = merged[name];
  if (old === undefined && patched === undefined) return;
  const oldItems = old === undefined ? [] : listOf(old, here);
  const newItems = patched === undefined ? [] : listOf(patched, here);
  const keyOf = keyReader(rule, here);
  const wanted = order.map(keyOf);
  // Items that the patch deletes need not stand in the order.
  const kept = newItems.filter((item) => !isDirective(item)).map(keyOf);
  if (!isSubsequence(kept, wanted)) {
    throw new StrategicMergeError(`${here}: the patch has items that ${setOrder}${name} has not, or not in that order`);
  }
  const items =
    patched === undefined
      ? oldItems
      : old === undefined
        ? cleanedList(newItems)
        : mergeLists(oldItems, newItems, rule, here);
  merged[name] = arranged(items, wanted, oldOrder(oldItems.map(keyOf), newItems, keyOf), keyOf);
}

/** API servers, too, put what is new in the place of what is deleted, as far as there is such a place. */
function oldOrder(old: readonly Json[], patch: readonly Json[], keyOf: (item: Json) => Json): readonly Json[] {
  const deleted = new Set(patch.filter(isDeletion).map(keyOf));
  const kept = old.filter((key) => !deleted.has(key));
  const added = patch.filter((item) => !isDirective(item)).map(keyOf);
  return kept.length === old.length
    ? old
    : [...kept, ...added.filter((key) => !kept.includes(key))].slice(0, old.length);
}

function mergeLists(old: readonly Json[], patch: readonly Json[], rule: MergeField, path: string): readonly Json[] {
  if (rule.strategy !== 'merge') return cleanedList(patch);
  if (old.length === 0 && patch.length === 0) return old;
  const keyOf = keyReader(rule, path);
  if (rule.key === undefined) {
    const all = [...new Set([...old, ...patch])];
    return arranged(all, patch, old, keyOf);
  }
  const additions = patch.filter((item) => !isDirective(item));
  const directives = patch.filter(isDirective);
  for (const item of directives) {
    const directive = item[patchDirective];
    if (directive !== 'delete' && directive !== 'replace') throw unknownDirective(directive, path);
  }
  // Other items stand for themselves then, and this one only says so.
  if (directives.some((item) => item[patchDirective] === 'replace')) return cleanedList(additions);
  const deleted = new Set(directives.map(keyOf));
  const items = old.filter((item) => !deleted.has(keyOf(item)));
  const order = items.map(keyOf);
  for (const item of additions) {
    const key = keyOf(item);
    const place = items.findIndex((other) => keyOf(other) === key);
    const other = items[place];
    if (isJsonObject(other) && isJsonObject(item)) {
      items[place] = mergeObjects(other, item, rule.fields ?? {}, `${path}[${JSON.stringify(key)}]`);
    } else items.push(cleanedValue(item));
  }
  return arranged(items, additions.map(keyOf), order, keyOf);
}

/** What the patch names in its order, the rest in the old one, and each where it belongs by the old one. */
function arranged(
  items: readonly Json[],
  patchOrder: readonly Json[],
  oldOrder: readonly Json[],
  keyOf: (item: Json) => Json,
): readonly Json[] {
  const named = new Set(patchOrder);
  const patched = items.filter((item) => named.has(keyOf(item)));
  const others = items.filter((item) => !named.has(keyOf(item)));
  return interleaved(sortedBy(others, oldOrder, keyOf), sortedBy(patched, patchOrder, keyOf), oldOrder, keyOf);
}

function deleteItems(merged: Fields, field: string, value: Json, path: string): void {
  const gone = new Set(listOf(value, path));
  const old = merged[field];
  if (Array.isArray(old)) merged[field] = old.filter((item) => !gone.has(item));
}

function keepOnly(original: JsonObject, patch: JsonObject, retained: Json, path: string): Fields {
  const kept = new Set(listOf(retained, at(path, retainKeys)));
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || field.startsWith(setOrder) || field.startsWith(deleteFrom) || kept.has(field)) continue;
    throw new StrategicMergeError(`${at(path, field)}: is set, but ${retainKeys} does not name it`);
  }
  return Object.fromEntries(Object.entries(original).filter(([field]) => kept.has(field)));
}

type Directive = JsonObject & {readonly [patchDirective]: Json};

/** An item or a field that says what to do rather than what to have. */
const isDirective = (value: Json): value is Directive =>
  isJsonObject(value) && patchDirective in value && value[patchDirective] !== 'merge';

const isDeletion = (item: Json): boolean => isDirective(item) && item[patchDirective] === 'delete';

function keyReader({key}: MergeField, path: string): (item: Json) => Json {
  if (key === undefined) return (item) => item;
  return (item) => {
    if (!isJsonObject(item)) throw new StrategicMergeError(`${path}: every item must be an object`);
    const value = item[key];
    if (value === undefined)
      throw new StrategicMergeError(`${path}: every item must have ${key}, by which the list is merged`);
    return value;
  };
}

/** A part of a patch that meets nothing: without nulls, which would delete, and without directives. */
function cleaned(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([field, value]) => value !== null && !field.startsWith('$') && !isDirective(value))
      .map(([field, value]) => [field, cleanedValue(value)]),
  );
}

const cleanedList = (list: readonly Json[]): readonly Json[] =>
  list.filter((item) => !isDirective(item)).map(cleanedValue);

function cleanedValue(value: Json): Json {
  if (Array.isArray(value)) return cleanedList(value);
  return isJsonObject(value) ? cleaned(value) : value;
}

function listOf(value: Json, path: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new StrategicMergeError(`${path}: must be a list`);
}

function isSubsequence(part: readonly Json[], whole: readonly Json[]): boolean {
  let next = 0;
  for (const item of whole) if (next < part.length && part[next] === item) next++;
  // An empty order orders nothing.
  return whole.length === 0 || next === part.length;
}

const at = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);

const unknownDirective = (directive: Json | undefined, path: string): StrategicMergeError =>
  new StrategicMergeError(
    `${at(path, patchDirective)}: must be delete, replace or merge, is ${JSON.stringify(directive)}`,
  );
