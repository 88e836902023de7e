import {collectionPath, groupKindOf, kubeKinds} from './kinds.ts';

/** An object by its names. */
export type ObjectName = {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent on cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
};

const byGroupKind = new Map(kubeKinds.map((kind) => [groupKindOf(kind), kind]));

/** Path of an object in the API, in the version that it names; undefined for a kind that Sluice does not read. */
export function objectPath({apiVersion, kind, namespace, name}: ObjectName): string | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const known = byGroupKind.get(`${group}/${kind}`);
  return known && `${collectionPath(known, apiVersion.slice(slash + 1), namespace)}/${name}`;
}
