/** From an object as an API server sends it to the row of an input: checked, without what nobody reads. */
import type {KubeObject, ObjectMeta} from '../api/object.ts';
import {lookUp} from '../schema/kinds.ts';
import {isRecord} from '../schema/record.ts';
import {kindOf} from '../schema/structure-messages.ts';
import type {CrdNode} from '../schema/structural.ts';
import type {KubeKind} from './kinds.ts';
import {type ShapeCheck, shapeCheck} from './shape.ts';
import type {RawObject} from './watch-event.ts';

/** What tells objects and their versions apart. */
export type Head = {readonly key: string; readonly uid: string; readonly resourceVersion: string};

export type Bad = {
  /** `spec.rules[0].matches`. */
  readonly field: string;
  readonly message: string;
};

/** `generation` is 1 where there is none. */
export type Ingested = {readonly generation: number; readonly status: unknown} & (
  | {readonly is: 'good'; readonly object: KubeObject}
  | ({readonly is: 'bad'} & Bad)
);

/** Undefined where the object does not even say which it is. */
export function headOf({metadata}: RawObject, {namespaced}: KubeKind): Head | undefined {
  if (!isRecord(metadata)) return undefined;
  const {name, namespace, uid, resourceVersion} = metadata;
  if (typeof name !== 'string' || name === '') return undefined;
  if (namespaced && (typeof namespace !== 'string' || namespace === '')) return undefined;
  return {
    key: namespaced ? `${String(namespace)}/${name}` : name,
    uid: typeof uid === 'string' ? uid : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
  };
}

/** Takes the object over. `apiVersion`: that it was read in. Never throws. */
export function ingest(raw: RawObject, kind: KubeKind, apiVersion: string): Ingested {
  const {metadata, status} = raw;
  const labels = textMap(metadata, 'labels');
  const annotations = textMap(metadata, 'annotations');
  const meta = metadataOf(metadata, labels.texts, annotations.texts);
  const common = {generation: meta.generation ?? 1, status};
  try {
    // Completes the object in place.
    const bad = checkOf(apiVersion, kind.kind)?.(raw) ?? labels.bad ?? annotations.bad;
    if (bad !== undefined) return {is: 'bad', ...common, ...bad};
    const head: KubeObject = {apiVersion, kind: kind.kind, metadata: meta};
    return {is: 'good', ...common, object: kind.project?.(head, raw) ?? completed(head, raw)};
  } catch (error) {
    // A fault of ours, which is to cost this object and no other.
    return {is: 'bad', ...common, field: '', message: `cannot be read: ${String(error)}`};
  }
}

const checks = new WeakMap<CrdNode, ShapeCheck>();

/** Kinds without a schema of ours are taken as they are. */
function checkOf(apiVersion: string, kind: string): ShapeCheck | undefined {
  const known = lookUp(apiVersion, kind);
  if (known.is !== 'known') return undefined;
  const check = checks.get(known.schema) ?? shapeCheck(known.schema);
  checks.set(known.schema, check);
  return check;
}

/** Always with the same fields in the same order, so that all objects share their hidden classes. */
function metadataOf(
  metadata: unknown,
  labels: ObjectMeta['labels'],
  annotations: ObjectMeta['annotations'],
): ObjectMeta {
  const {name, namespace, uid, resourceVersion, generation, creationTimestamp} = isRecord(metadata) ? metadata : {};
  return {
    name: String(name),
    ...(typeof namespace === 'string' && namespace !== '' && {namespace}),
    ...(typeof uid === 'string' && {uid}),
    ...(typeof resourceVersion === 'string' && {resourceVersion}),
    ...(typeof generation === 'number' && {generation}),
    ...(typeof creationTimestamp === 'string' && {creationTimestamp}),
    ...(labels !== undefined && {labels}),
    ...(annotations !== undefined && {annotations}),
  };
}

/** A second copy of the whole object, for kubectl's eyes only. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

type TextMap = {readonly texts?: Readonly<Record<string, string>>; readonly bad?: Bad};

function textMap(metadata: unknown, field: 'labels' | 'annotations'): TextMap {
  const value = isRecord(metadata) ? metadata[field] : undefined;
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) return {bad: {field: `metadata.${field}`, message: `must be an object, is ${kindOf(value)}`}};
  const texts: Record<string, string> = {};
  let isEmpty = true;
  for (const name of Object.keys(value)) {
    const text = value[name];
    if (typeof text !== 'string') {
      const path = `metadata.${field}[${JSON.stringify(name)}]`;
      return {bad: {field: path, message: `must be a string, is ${kindOf(text)}`}};
    }
    if (name === LAST_APPLIED) continue;
    texts[name] = text;
    isEmpty = false;
  }
  return isEmpty ? {} : {texts};
}

/** Brings older versions into the form that the types describe: TLSRoute v1alpha2 does not demand hostnames. */
function completed(head: KubeObject, raw: RawObject): KubeObject {
  const {metadata: _m, apiVersion: _a, kind: _k, status: _s, ...fields} = raw;
  const object = {...head, ...fields};
  const {spec} = raw;
  if (head.kind !== 'TLSRoute' || !isRecord(spec) || spec['hostnames'] !== undefined) return object;
  const complete = {...object, spec: {...spec, hostnames: []}};
  return complete;
}
