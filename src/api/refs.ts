/** References between objects, and the groups they name. */
import type {KubeObject} from './object.ts';

export const gatewayGroup = 'gateway.networking.k8s.io';

/** Group and kind of what a reference names or comes from; the core group is `''`. */
export type GroupKind = {readonly group: string; readonly kind: string};

export type ReferenceFrom = GroupKind & {readonly namespace: string};
export type ReferenceTo = GroupKind & {readonly namespace: string; readonly name: string};

export function refersTo(ref: GroupKind, group: string, kind: string): boolean {
  return ref.group === group && ref.kind === kind;
}

/** Key of the object named by a reference of an object in `namespace`. */
export function refKey(ref: {readonly namespace?: string; readonly name: string}, namespace: string): string {
  return `${ref.namespace ?? namespace}/${ref.name}`;
}

/** `Kind/namespace/name`: keys of rows about objects of several kinds. */
export function kindKey({kind, metadata: {namespace, name}}: KubeObject): string {
  return namespace === undefined || namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** Namespace of a namespaced object; providers fill it in, so the fallback is only for the type's sake. */
export const namespaceOf = ({metadata}: KubeObject): string => metadata.namespace ?? 'default';
