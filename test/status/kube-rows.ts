/** Objects and rows for tests of what writes statuses to an API server. */
import {objectPath} from '../../src/kube/object-path.ts';
import type {KubeRow} from '../../src/status/kube-row.ts';
import type {WantedCondition} from '../../src/status/status-document.ts';
import type {MemoryApi} from '../kube/memory-api.ts';

const apiVersion = 'gateway.networking.k8s.io/v1';
export const ours = 'sluice.dev/envoy';

export const condition = (type: string, isTrue = true, message = ''): WantedCondition => ({
  type,
  status: isTrue ? 'True' : 'False',
  reason: isTrue ? type : `Not${type}`,
  message,
});

export type RouteOptions = {
  readonly generation?: number;
  readonly uid?: string | undefined;
  readonly message?: string;
  readonly accepted?: boolean;
  readonly parents?: readonly string[];
};

export function routeRow(name: string, options: RouteOptions = {}): KubeRow {
  const {generation = 1, uid, message = '', accepted = true, parents = ['web']} = options;
  return {
    key: `HTTPRoute/default/${name}`,
    apiVersion,
    kind: 'HTTPRoute',
    namespace: 'default',
    name,
    generation,
    ...(uid !== undefined && {uid}),
    status: {
      kind: 'Route',
      parents: parents.map((parent) => ({
        parentRef: {name: parent},
        controllerName: ours,
        conditions: [condition('Accepted', accepted, message), condition('ResolvedRefs')],
      })),
    },
  };
}

export function gatewayRow(name: string, attachedRoutes: number, generation = 1): KubeRow {
  const conditions = ['Accepted', 'Programmed', 'ResolvedRefs'].map((type) => condition(type));
  const listener = {name: 'http', attachedRoutes, supportedKinds: [], conditions};
  return {
    key: `Gateway/default/${name}`,
    apiVersion,
    kind: 'Gateway',
    namespace: 'default',
    name,
    generation,
    status: {kind: 'Gateway', conditions, listeners: [listener]},
  };
}

export const pathOfRow = (row: KubeRow): string => objectPath(row) ?? '';

/** What has just been made of a row's object: no status, or the one an API server fills in. */
export function makeObject(api: MemoryApi, row: KubeRow, spec: unknown = {}): string {
  const {kind, namespace} = row;
  const path = pathOfRow(row);
  const {metadata} = api.apply(path, {apiVersion, kind, metadata: {...(namespace !== undefined && {namespace})}, spec});
  if (kind === 'Gateway') api.setStatus(path, {conditions: [pending('Accepted'), pending('Programmed')]});
  return metadata.uid;
}

const pending = (type: string) => ({
  type,
  status: 'Unknown',
  reason: 'Pending',
  message: 'Waiting for controller',
  lastTransitionTime: '1970-01-01T00:00:00Z',
});

export const foreignParent = (name: string, text = 'kept') => ({
  parentRef: {group: 'gateway.networking.k8s.io', kind: 'Gateway', name},
  controllerName: 'example.com/other',
  conditions: [
    {...condition('Accepted', false, text), observedGeneration: 77, lastTransitionTime: '2001-01-01T00:00:00Z'},
  ],
});
