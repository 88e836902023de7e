/**
 * Validation as an API server does it on create: metadata, structure with unknown fields refused, defaults, then the
 * CEL rules. Status is dropped, as it is there.
 */
import type {Secret} from '../api/core.ts';
import {ruleCheck, type RuleCheck} from './cel-rules.ts';
import {checkBase64, checkEndpointSlice, checkSecret, checkService} from './core-kinds.ts';
import {type KindInfo, lookUp} from './kinds.ts';
import {readMetadata} from './metadata.ts';
import type {AnyObject} from './objects.ts';
import {isRecord} from './record.ts';
import {structureCheck, type StructureCheck} from './structure.ts';
import {kindOf} from './structure-messages.ts';
import type {CrdNode} from './structural.ts';
import type {Violation} from './violation.ts';

export type Validation =
  | {readonly is: 'valid'; readonly object: AnyObject}
  /** A kind that Sluice does not read. */
  | {readonly is: 'ignored'; readonly apiVersion: string; readonly kind: string}
  | {readonly is: 'invalid'; readonly violations: readonly Violation[]};

/**
 * Takes the object over: defaults are written into it, and the result shares its parts. Never throws, whatever JSON
 * comes in; the value must be a tree (no part of it may stand at two places).
 */
export function validate(value: unknown): Validation {
  if (!isRecord(value)) return invalid({path: [], message: `must be an object, is ${kindOf(value)}`});
  const {apiVersion, kind} = value;
  const missing = (['apiVersion', 'kind'] as const).flatMap((field): Violation[] => {
    const found = value[field];
    if (typeof found === 'string' && found !== '') return [];
    const absent = found === undefined || found === null || found === '';
    return [{path: [field], message: absent ? 'is required' : `must be a string, is ${kindOf(found)}`}];
  });
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || missing.length > 0) return invalid(...missing);

  const found = lookUp(apiVersion, kind);
  switch (found.is) {
    case 'ignored':
      return {is: 'ignored', apiVersion, kind};
    case 'wrong':
      return invalid({path: [found.field], message: found.message});
    case 'known':
      return validateKnown(value, apiVersion, found.info, found.schema);
  }
}

function validateKnown(
  value: Readonly<Record<string, unknown>>,
  apiVersion: string,
  info: KindInfo,
  schema: CrdNode,
): Validation {
  const {metadata, violations} = readMetadata(value['metadata'], info.names, info.namespaced);
  const {apiVersion: _a, kind: _k, metadata: _m, status: _s, ...body} = value;
  const checks = checksOf(schema);
  const structural = [...violations, ...checks.structure(body)];
  if (structural.length > 0) return invalid(...structural);

  const found: Violation[] = [];
  checks.rules?.(body, [], found);
  // Types are what the structural schema of the kind has just proven.
  const object = normalized({apiVersion, kind: info.kind, metadata, ...body} as unknown as AnyObject);
  found.push(...furtherViolations(object));
  return found.length > 0 ? invalid(...found) : {is: 'valid', object};
}

/** Brings older forms into the one that the types describe. */
function normalized(object: AnyObject): AnyObject {
  if (object.kind === 'Secret') return withoutStringData(object);
  // v1alpha2 does not demand hostnames.
  if (object.kind === 'TLSRoute') return {...object, spec: {...object.spec, hostnames: object.spec.hostnames ?? []}};
  return object;
}

/** `stringData` is write-only: its values go to `data`, over those of the same name. */
function withoutStringData(secret: Secret & {readonly kind: 'Secret'; readonly stringData?: Secret['data']}): Secret & {
  readonly kind: 'Secret';
} {
  const {stringData, ...rest} = secret;
  if (stringData === undefined) return rest;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]);
  return {...rest, data: {...rest.data, ...Object.fromEntries(encoded)}};
}

/** Rules of core kinds that no structural schema can say. */
function furtherViolations(object: AnyObject): readonly Violation[] {
  if (object.kind === 'Service') return checkService(object);
  if (object.kind === 'EndpointSlice') return checkEndpointSlice(object);
  if (object.kind === 'Secret') return checkSecret(object);
  if (object.kind === 'ConfigMap') return checkBase64(object.binaryData ?? {}, 'binaryData');
  return [];
}

type Checks = {readonly structure: StructureCheck; readonly rules: RuleCheck | undefined};
const checksBySchema = new WeakMap<CrdNode, Checks>();

function checksOf(schema: CrdNode): Checks {
  const made = checksBySchema.get(schema) ?? {structure: structureCheck(schema), rules: ruleCheck(schema)};
  checksBySchema.set(schema, made);
  return made;
}

function invalid(...violations: readonly Violation[]): Validation {
  return {is: 'invalid', violations};
}
