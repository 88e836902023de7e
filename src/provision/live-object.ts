/** Objects as an API server has them. */
import {createHash} from 'node:crypto';
import {isJsonObject, type Json, type JsonObject} from '../api/json.ts';
import {gatewayGroup} from '../api/refs.ts';
import type {DesiredGateway, DesiredObject} from './desired.ts';

export const gatewayNameLabel = `${gatewayGroup}/gateway-name`;
/** Hash of what was applied last: tells that what is no longer wanted has been taken away, too. */
export const appliedAnnotation = 'sluice.dev/applied';

export type LiveObject = {
  /** `Kind/namespace/name`. */
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly terminating: boolean;
  /** Name of the Gateway that controls it, in its namespace. */
  readonly gateway: string | undefined;
  /** Something else controls it. */
  readonly isForeign: boolean;
  /** What the label calls the Gateway. */
  readonly label: string | undefined;
  readonly applied: string | undefined;
  /** Field managers that have applied it. */
  readonly appliers: readonly string[];
  /** Without status and managedFields. */
  readonly body: JsonObject;
};

/** Undefined where it is no object, which an API server never sends. */
export function liveObjectOf(value: unknown, kind: string): LiveObject | undefined {
  // Anything that came as JSON is.
  const {status: _status, ...object} = fieldsOf(value as Json | undefined);
  const {managedFields, ...metadata} = fieldsOf(object['metadata']);
  const {namespace, name, uid, resourceVersion} = metadata;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  const controller = listOf(metadata['ownerReferences'])
    .map(fieldsOf)
    .find((owner) => owner['controller'] === true);
  const gateway = controller && isGateway(controller) ? textOf(controller['name']) : undefined;
  return {
    key: `${kind}/${namespace}/${name}`,
    kind,
    namespace,
    name,
    uid: textOf(uid) ?? '',
    resourceVersion: textOf(resourceVersion) ?? '',
    terminating: metadata['deletionTimestamp'] !== undefined,
    gateway,
    isForeign: controller !== undefined && gateway === undefined,
    label: textOf(fieldsOf(metadata['labels'])[gatewayNameLabel]),
    applied: textOf(fieldsOf(metadata['annotations'])[appliedAnnotation]),
    appliers: listOf(managedFields).flatMap((entry) => {
      const {operation, manager} = fieldsOf(entry);
      return operation === 'Apply' && typeof manager === 'string' ? [manager] : [];
    }),
    body: {...object, metadata},
  };
}

const isGateway = ({apiVersion, kind}: JsonObject): boolean =>
  kind === 'Gateway' && typeof apiVersion === 'string' && apiVersion.startsWith(`${gatewayGroup}/`);

/** Whether an object that stands where one of the Gateway is to be may be made that. */
export function mayBecome(
  {gateway, isForeign, label}: LiveObject,
  {object}: DesiredObject,
  owner: DesiredGateway,
): boolean {
  if (gateway !== undefined) return gateway === owner.name;
  const wanted = fieldsOf(object.metadata['labels'])[gatewayNameLabel];
  return !isForeign && label !== undefined && label === wanted;
}

/** Equal for manifests that say the same. */
export function hashOf(manifest: JsonObject): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(manifest)))
    .digest('hex')
    .slice(0, 16);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name] ?? null)]));
}

/** Whether everything wanted is so; more may be there: defaults, and what others have added. */
export function covers(live: Json | undefined, wanted: Json): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live)) return wanted.length === 0 && live === undefined;
    return live.length === wanted.length && wanted.every((item, i) => covers(live[i], item));
  }
  if (!isJsonObject(wanted)) return live === wanted;
  const fields = Object.entries(wanted);
  if (!isJsonObject(live)) return fields.length === 0 && live === undefined;
  return fields.every(([name, value]) => covers(live[name], value));
}

/** What a live object says of the fields that are wanted. */
export function shared(live: Json | undefined, wanted: Json): Json {
  if (Array.isArray(wanted) && Array.isArray(live) && live.length === wanted.length) {
    return wanted.map((item, i) => shared(live[i], item));
  }
  if (!isJsonObject(wanted) || !isJsonObject(live)) return live ?? null;
  return Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, shared(live[name], value)]));
}

const fieldsOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
