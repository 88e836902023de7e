/**
 * The shape every Kubernetes object shares, as far as Sluice reads it. Kinds of Gateway API are generated
 * (src/gen/gateway-api.ts); core kinds stand in core.ts.
 */
export type ObjectMeta = {
  readonly name: string;
  /** Absent on cluster-scoped kinds; file providers fill in `default` where a namespaced object names none. */
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Raised by one whenever spec changes. Files carry none: the file provider counts it. */
  readonly generation?: number;
  /** RFC 3339. Absent in files: such objects count as equally old and are ordered by name. */
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
};

/** `namespace/name`, or `name` for a cluster-scoped object. The key of every input collection of objects. */
export function objectKey(object: {readonly metadata: ObjectMeta}): string {
  const {namespace, name} = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** `group/Kind`, version left out (`/Service` for the core group): what an input collection is found by. */
export function groupKind(object: {readonly apiVersion: string; readonly kind: string}): string {
  const slash = object.apiVersion.indexOf('/');
  return `${slash < 0 ? '' : object.apiVersion.slice(0, slash)}/${object.kind}`;
}
