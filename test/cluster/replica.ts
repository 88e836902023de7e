/**
 * What a replica does with statuses, without a graph: it reads routes and Gateways from a cluster, and wants of each what
 * can be said of it at once. Its permissions are those that writing statuses takes, and no others.
 */
import {join} from 'node:path';
import {groupKind, type KubeObject, objectKey} from '../../src/api/object.ts';
import type {HTTPRoute} from '../../src/gen/gateway-api.ts';
import type {KubeClient} from '../../src/kube/client.ts';
import {gatewayKinds} from '../../src/kube/kinds.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {createKubeProvider, type KubeProvider} from '../../src/kube/kube-provider.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import type {KubeRow} from '../../src/status/kube-row.ts';
import {
  createKubeStatusWriter,
  type KubeStatusChange,
  type KubeStatusWriter,
  type KubeStatusWriterOptions,
} from '../../src/status/kube-status-writer.ts';
import type {Cluster} from '../rig/cluster.ts';
import {condition, ours} from '../status/kube-rows.ts';

const group = 'gateway.networking.k8s.io';
const kinds = ['GatewayClass', 'Gateway', 'HTTPRoute', 'BackendTLSPolicy'];

/** A ServiceAccount that may do what a replica does. */
export const account: readonly KubeObject[] = [
  {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'replica', namespace: 'default'}},
  withRules('replica', [
    {apiGroups: [group], resources: ['*'], verbs: ['get', 'list', 'watch']},
    {
      apiGroups: [group],
      resources: ['gatewayclasses/status', 'gateways/status', 'httproutes/status', 'backendtlspolicies/status'],
      verbs: ['patch'],
    },
    {apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list', 'watch']},
    {apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update']},
    {apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch']},
  ]),
  Object.assign(
    {apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: {name: 'replica'}},
    {
      roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'replica'},
      subjects: [{kind: 'ServiceAccount', name: 'replica', namespace: 'default'}],
    },
  ),
];

function withRules(name: string, rules: readonly object[]): KubeObject {
  return Object.assign({apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: {name}}, {rules});
}

export const httpRoute = (name: string, more: {parent?: string; hostname?: string} = {}): KubeObject =>
  Object.assign(
    {apiVersion: `${group}/v1`, kind: 'HTTPRoute', metadata: {name, namespace: 'default'}},
    {
      spec: {
        parentRefs: [{name: more.parent ?? 'web'}],
        hostnames: [more.hostname ?? `${name}.example.com`],
        rules: [{backendRefs: [{name: 'web', port: 80}]}],
      },
    },
  );

export const gateway = (name: string, port = 80): KubeObject =>
  Object.assign(
    {apiVersion: `${group}/v1`, kind: 'Gateway', metadata: {name, namespace: 'default'}},
    {spec: {gatewayClassName: 'envoy', listeners: [{name: 'http', port, protocol: 'HTTP'}]}},
  );

export type Replica = {
  readonly client: KubeClient;
  readonly provider: KubeProvider;
  readonly writer: KubeStatusWriter;
  readonly logged: readonly string[];
  /** Wanted of a route, in place of what it would be. */
  readonly opinions: Map<string, (row: KubeRow) => KubeRow>;
  /** The last row of an object. */
  row(key: string): KubeRow | undefined;
  /** Resolves when the first rows are wanted; leads at once if told so. */
  start(options?: {readonly lead: boolean}): Promise<void>;
  stop(): Promise<void>;
};

/** A client of the cluster with the permissions of a replica. */
export async function replicaClient(cluster: Cluster): Promise<KubeClient> {
  const as = {serviceAccount: {namespace: 'default', name: 'replica'}};
  const kubeconfig = await cluster.kubeconfig(join(cluster.folder, `replica-${Math.random()}`), {as});
  return createKubeClient(loadCredentials({kubeconfig}), {version: 'test'});
}

export async function replica(cluster: Cluster, options: Partial<KubeStatusWriterOptions> = {}): Promise<Replica> {
  const client = await replicaClient(cluster);
  const logged: string[] = [];
  const note =
    (level: string) =>
    (fields: object, message: string): void =>
      void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log = {debug: () => {}, info: note('info'), warn: note('warn'), error: note('error')};
  const objects = new Map<string, KubeObject>();
  const rows = new Map<string, KubeRow>();
  const opinions = new Map<string, (row: KubeRow) => KubeRow>();
  let isStarted = false;

  const attached = new Map<string, number>();
  const parentOf = (object: KubeObject): string => (object as HTTPRoute).spec.parentRefs?.[0]?.name ?? ''; // by its kind
  const rowOf = (object: KubeObject): KubeRow | undefined => {
    const {apiVersion, kind, metadata} = object;
    const {namespace, name, uid, generation = 1} = metadata;
    const head = {
      key: `${kind}/${objectKey(object)}`,
      apiVersion,
      kind,
      name,
      generation,
      ...(namespace !== undefined && {namespace}),
      ...(uid !== undefined && {uid}),
    };
    const conditions = [condition('Accepted'), condition('ResolvedRefs')];
    switch (kind) {
      case 'HTTPRoute': {
        const [parentRef = {name: ''}] = (object as HTTPRoute).spec.parentRefs ?? []; // by its kind
        const row = {...head, status: {kind: 'Route', parents: [{parentRef, controllerName: ours, conditions}]}};
        return opinions.get(name)?.(row) ?? row;
      }
      case 'Gateway': {
        const attachedRoutes = attached.get(name) ?? 0;
        const supportedKinds = [{group, kind: 'HTTPRoute'}];
        const listener = {name: 'http', attachedRoutes, supportedKinds, conditions};
        const all = [...conditions, condition('Programmed')];
        return {...head, status: {kind: 'Gateway', conditions: all, listeners: [listener]}};
      }
      case 'GatewayClass':
        return {...head, status: {kind: 'GatewayClass', conditions: [condition('Accepted')]}};
      default:
        return undefined;
    }
  };

  const take = (key: string, object: KubeObject | undefined): void => {
    for (const [one, by] of [
      [objects.get(key), -1],
      [object, 1],
    ] as const) {
      if (one?.kind === 'HTTPRoute') attached.set(parentOf(one), (attached.get(parentOf(one)) ?? 0) + by);
    }
    if (object === undefined) objects.delete(key);
    else objects.set(key, object);
  };

  const provider = createKubeProvider({
    client,
    server: cluster.url,
    kinds: gatewayKinds.filter(({kind}) => kinds.includes(kind)),
    log,
    onChanges: ({set, removed}) => {
      const before = new Map(attached);
      const touched = new Set<string>();
      for (const {groupKind: of, key} of removed) {
        take(`${of}|${key}`, undefined);
        touched.add(`${of}|${key}`);
      }
      for (const object of set) {
        const key = `${groupKind(object)}|${objectKey(object)}`;
        const {uid, generation} = objects.get(key)?.metadata ?? {};
        take(key, object);
        // As the graph: a status is no change.
        if (uid !== object.metadata.uid || generation !== object.metadata.generation) touched.add(key);
      }
      for (const [name, count] of attached) {
        if (before.get(name) !== count) touched.add(`${group}/Gateway|default/${name}`);
      }
      const changes: KubeStatusChange[] = [];
      for (const key of touched) {
        const object = objects.get(key);
        const row = object && rowOf(object);
        const rowKey = key.slice(key.indexOf('/') + 1).replace('|', '/');
        if (row === undefined) rows.delete(rowKey);
        else rows.set(rowKey, row);
        changes.push(row === undefined ? {key: rowKey} : {key: rowKey, new: row});
      }
      if (isStarted) writer.apply(changes);
    },
  });
  const writer = createKubeStatusWriter({client, live: provider.live, log, controllerNames: [ours], ...options});

  return {
    client,
    provider,
    writer,
    logged,
    opinions,
    row: (key) => rows.get(key),
    async start({lead} = {lead: true}) {
      await provider.start();
      isStarted = true;
      writer.start([...rows.values()]);
      if (lead) writer.lead();
    },
    async stop() {
      await writer.stop();
      await provider.stop();
      client.close();
    },
  };
}
