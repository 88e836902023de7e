import type {Overlay} from '../../src/api/agentgateway-parameters.ts';
import {isJsonObject, type JsonObject} from '../../src/api/json.ts';
import type {Identity} from './identity.ts';
import {mergeFieldsOf} from './merge-keys.ts';
import {strategicMerge, StrategicMergeError} from './strategic-merge.ts';

/** An object as it is to be, complete but for its status. */
export type Manifest = JsonObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & {readonly name: string; readonly namespace: string};
};

type Texts = {readonly [name: string]: string};

export type ManifestParts = {
  /** That of the Gateway by default. */
  readonly name?: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  /** All that is not metadata. */
  readonly body?: JsonObject;
};

/** Of a Gateway: in its namespace, owned by it, with the labels and annotations that its infrastructure is to have. */
export function manifest(
  apiVersion: string,
  kind: string,
  {namespace, name, labels, annotations, owners}: Identity,
  parts: ManifestParts = {},
): Manifest {
  const notes = {...annotations, ...parts.annotations};
  return {
    apiVersion,
    kind,
    metadata: {
      name: parts.name ?? name,
      namespace,
      labels: {...parts.labels, ...labels},
      ...(Object.keys(notes).length > 0 && {annotations: notes}),
      ...(owners.length > 0 && {ownerReferences: owners}),
    },
    ...parts.body,
  };
}

/** An overlay, and what messages call it. */
export type NamedOverlay = {readonly field: string; readonly overlay: Overlay | undefined};

/** One overlay after the other. Throws StrategicMergeError, which names the overlay and the field. */
export function overlaid(base: Manifest, overlays: readonly NamedOverlay[]): Manifest {
  return overlays.reduce(
    (object, {field, overlay}) => (overlay === undefined ? object : merged(object, field, overlay)),
    base,
  );
}

function merged(object: Manifest, field: string, {metadata, spec}: Overlay): Manifest {
  // A ServiceAccount has no spec, though overlays may.
  const patch: JsonObject = {...(metadata && {metadata}), ...(spec && 'spec' in object && {spec})};
  const {apiVersion, kind, metadata: own} = object;
  try {
    const result = strategicMerge(object, patch, mergeFieldsOf[kind]);
    const notes = isJsonObject(result['metadata']) ? result['metadata'] : {};
    // Whatever an overlay says, it stays the object that it is.
    return {...result, apiVersion, kind, metadata: {...notes, name: own.name, namespace: own.namespace}};
  } catch (error) {
    if (!(error instanceof StrategicMergeError)) throw error;
    throw new StrategicMergeError(`${field}.${error.message}`);
  }
}
