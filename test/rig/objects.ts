/** Objects as tests and the rig handle them. */
import {CORE_SCHEMA, loadAll} from 'js-yaml';

export type ObjectMeta = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly creationTimestamp?: string;
};

export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
};

/** Objects, or YAML with one or several of them. */
export type Manifests = string | KubeObject | readonly KubeObject[];

export function objectsOf(manifests: Manifests): readonly KubeObject[] {
  if (typeof manifests !== 'string') return isList(manifests) ? manifests : [manifests];
  const documents = loadAll(manifests, {schema: CORE_SCHEMA});
  return documents.filter((document) => document !== null && document !== undefined).map(checked);
}

export const describeObject = ({kind, metadata}: KubeObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

const isList = (manifests: KubeObject | readonly KubeObject[]): manifests is readonly KubeObject[] =>
  Array.isArray(manifests);

function checked(document: unknown): KubeObject {
  const {apiVersion, kind, metadata} = document as Partial<KubeObject>; // checked in the next line
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof metadata?.name !== 'string') {
    throw new Error(
      `this is no object with apiVersion, kind and metadata.name: ${JSON.stringify(document).slice(0, 200)}`,
    );
  }
  return document as KubeObject;
}
