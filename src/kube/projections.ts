/** Kinds of which there are many and of which little is used: the used part, taken when they come in. */
import type {EndpointSlice} from '../api/core.ts';
import type {KubeObject} from '../api/object.ts';
import {isRecord} from '../schema/record.ts';
import type {RawObject} from './watch-event.ts';

/** What traffic needs to know of a Pod. Nothing of it stands under `status`, which inputs do not compare. */
export type Pod = KubeObject & {
  readonly nodeName?: string;
  readonly serviceAccountName?: string;
  readonly hostNetwork: boolean;
  /** Its own addresses, the first being the main one. */
  readonly addresses: readonly string[];
  /** Its condition Ready. */
  readonly ready: boolean;
  readonly terminating: boolean;
};

/** Where a Node is: its labels say so. */
export type Node = KubeObject & {
  readonly addresses: readonly {readonly type: string; readonly address: string}[];
};

export function podOf(head: KubeObject, raw: RawObject): Pod {
  const {spec, status, metadata} = raw;
  const nodeName = textIn(spec, 'nodeName');
  const serviceAccountName = textIn(spec, 'serviceAccountName');
  const listed = recordsIn(status, 'podIPs').flatMap(({ip}) => (typeof ip === 'string' ? [ip] : []));
  const main = textIn(status, 'podIP');
  const {annotations: _, ...kept} = head.metadata;
  return {
    ...head,
    metadata: kept,
    ...(nodeName !== undefined && {nodeName}),
    ...(serviceAccountName !== undefined && {serviceAccountName}),
    hostNetwork: isRecord(spec) && spec['hostNetwork'] === true,
    addresses: listed.length === 0 && main !== undefined ? [main] : listed,
    ready: recordsIn(status, 'conditions').some(({type, status: value}) => type === 'Ready' && value === 'True'),
    terminating: textIn(metadata, 'deletionTimestamp') !== undefined,
  };
}

export function nodeOf(head: KubeObject, raw: RawObject): Node {
  const {annotations: _, ...kept} = head.metadata;
  const addresses = recordsIn(raw['status'], 'addresses').flatMap(({type, address}) =>
    typeof type === 'string' && typeof address === 'string' ? [{type, address}] : [],
  );
  return {...head, metadata: kept, addresses};
}

/** Its shape has been checked. */
export function endpointSliceOf(head: KubeObject, slice: EndpointSlice): EndpointSlice {
  const {annotations: _, ...kept} = head.metadata;
  return {
    ...head,
    metadata: kept,
    addressType: slice.addressType,
    endpoints: slice.endpoints.map(({addresses, conditions, zone, nodeName, targetRef}) => ({
      addresses,
      ...(conditions !== undefined && {conditions}),
      ...(zone !== undefined && {zone}),
      ...(nodeName !== undefined && {nodeName}),
      ...(targetRef !== undefined && {
        targetRef: {
          ...(targetRef.kind !== undefined && {kind: targetRef.kind}),
          ...(targetRef.name !== undefined && {name: targetRef.name}),
          ...(targetRef.namespace !== undefined && {namespace: targetRef.namespace}),
        },
      }),
    })),
    ...(slice.ports !== undefined && {ports: slice.ports}),
  };
}

function textIn(value: unknown, field: string): string | undefined {
  const text = isRecord(value) ? value[field] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function recordsIn(value: unknown, field: string): readonly RawObject[] {
  const list = isRecord(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
