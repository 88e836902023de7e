/**
 * What a CEL rule reads of `self`, and a text that two values share exactly if the rule cannot tell them apart.
 *
 * Evaluating a rule costs microseconds, and most of the thousands of values it meets differ only where it does not
 * look: `has(self.port)` sees no port number, a rule on filters sees no backend. So verdicts are cached by this text.
 */
import type {parse} from '@bufbuild/cel';
import {escapeProperty} from './cel-values.ts';
import {isRecord} from './record.ts';

export type CelExpr = NonNullable<ReturnType<typeof parse>['expr']>;

/** How much of a value is read. `whole` includes everything below it; presence is always part of the text. */
export type Reads = {
  whole: boolean;
  /** Length of a list, map or string. */
  size: boolean;
  readonly fields: Map<string, Reads>;
  items: Reads | undefined;
};

export function noReads(): Reads {
  return {whole: false, size: false, fields: new Map(), items: undefined};
}

type Scope = ReadonlyMap<string, Reads>;

/** Adds what `expr` reads of `self` to `reads`. */
export function addReads(expr: CelExpr, reads: Reads): void {
  visit(expr, new Map([['self', reads]]));
}

/** Visits an expression whose value is used as a whole. */
function visit(expr: CelExpr, scope: Scope): void {
  const place = placeOf(expr, scope);
  if (place !== undefined) {
    place.whole = true;
    return;
  }
  const {exprKind} = expr;
  switch (exprKind.case) {
    case 'selectExpr': {
      // `has(x.y)`, or a field of something computed. The former reads no more than the presence placeOf() notes.
      const {operand, field, testOnly} = exprKind.value;
      if (operand === undefined) return;
      const owner = testOnly ? placeOf(operand, scope) : undefined;
      if (owner === undefined) visit(operand, scope);
      else fieldOf(owner, field);
      return;
    }
    case 'callExpr': {
      const {function: name, target, args} = exprKind.value;
      const [only] = args;
      const measured = name !== 'size' ? undefined : target === undefined ? only : target;
      const place = measured === undefined ? undefined : placeOf(measured, scope);
      if (place !== undefined) {
        place.size = true;
        return;
      }
      if (target !== undefined) visit(target, scope);
      for (const arg of args) visit(arg, scope);
      return;
    }
    case 'listExpr':
      for (const element of exprKind.value.elements) visit(element, scope);
      return;
    case 'structExpr':
      for (const entry of exprKind.value.entries) {
        if (entry.keyKind.case === 'mapKey') visit(entry.keyKind.value, scope);
        if (entry.value !== undefined) visit(entry.value, scope);
      }
      return;
    case 'comprehensionExpr': {
      const {accuInit, accuVar, iterRange, iterVar, iterVar2, loopCondition, loopStep, result} = exprKind.value;
      const inner = new Map(scope);
      inner.delete(accuVar);
      inner.delete(iterVar2);
      const range = iterRange === undefined ? undefined : placeOf(iterRange, scope);
      if (range === undefined || iterVar2 !== '') {
        if (iterRange !== undefined) visit(iterRange, scope);
        inner.delete(iterVar);
      } else {
        inner.set(iterVar, itemsOf(range));
      }
      if (accuInit !== undefined) visit(accuInit, scope);
      for (const part of [loopCondition, loopStep, result]) if (part !== undefined) visit(part, inner);
      return;
    }
    case 'identExpr':
    case 'constExpr':
    case undefined:
      return;
  }
}

/** The place in `self` that an expression denotes, noted as read; undefined for computed values. */
function placeOf(expr: CelExpr, scope: Scope): Reads | undefined {
  const {exprKind} = expr;
  if (exprKind.case === 'identExpr') return scope.get(exprKind.value.name);
  if (exprKind.case === 'selectExpr' && !exprKind.value.testOnly && exprKind.value.operand !== undefined) {
    const owner = placeOf(exprKind.value.operand, scope);
    return owner === undefined ? undefined : fieldOf(owner, exprKind.value.field);
  }
  if (exprKind.case === 'callExpr' && exprKind.value.function === '_[_]') {
    const [list, index] = exprKind.value.args;
    if (list === undefined || index?.exprKind.case !== 'constExpr') return undefined;
    if (index.exprKind.value.constantKind.case !== 'int64Value') return undefined;
    const owner = placeOf(list, scope);
    return owner === undefined ? undefined : itemsOf(owner);
  }
  return undefined;
}

function fieldOf(reads: Reads, name: string): Reads {
  const field = reads.fields.get(name) ?? noReads();
  reads.fields.set(name, field);
  return field;
}

function itemsOf(reads: Reads): Reads {
  reads.items ??= noReads();
  return reads.items;
}

/** Makes the function that writes the text. Maps that a rule iterates over count as read whole. */
export function readsText(reads: Reads): (value: unknown) => string {
  if (reads.whole) return (value) => JSON.stringify(value) ?? ABSENT;
  const fields = [...reads.fields].map(([name, child]) => ({name: unescapeProperty(name), text: readsText(child)}));
  const items = reads.items === undefined ? undefined : readsText(reads.items);
  if (fields.length === 0 && items === undefined && !reads.size) {
    return (value) => (value === undefined ? ABSENT : PRESENT);
  }
  return (value) => {
    if (value === undefined) return ABSENT;
    if (Array.isArray(value)) return items === undefined ? `${value.length}` : `[${value.map(items).join(',')}]`;
    // Scalars and maps iterated over are taken whole: the length of a string, in CEL, is not that of JavaScript.
    if (!isRecord(value) || items !== undefined) return JSON.stringify(value);
    let text = reads.size ? `{${Object.keys(value).length}` : '{';
    for (const {name, text: textOf} of fields)
      text += `,${textOf(Object.hasOwn(value, name) ? value[name] : undefined)}`;
    return `${text}}`;
  };
}

const ABSENT = '-';
const PRESENT = '+';
const UNESCAPED = /^__(\w+?)__$/;

function unescapeProperty(name: string): string {
  const inner = UNESCAPED.exec(name)?.[1];
  if (inner !== undefined && escapeProperty(inner) === name) return inner;
  return name
    .replaceAll('__slash__', '/')
    .replaceAll('__dash__', '-')
    .replaceAll('__dot__', '.')
    .replaceAll('__underscores__', '__');
}
