/**
 * Collections from outside: what a module given by `--collections` adds to the graph. They are definitions like those in
 * this folder, made of the same inputs and collections, and come alive with them.
 */
import type {KubeObject} from '../src/api/object.ts';
import {kindKey} from '../src/api/refs.ts';
import {type AnyCollection, type Collection, derive, type Row, union} from '../src/krt/index.ts';
import type {DesiredCondition, GatewayInfraRow, StatusRow} from './gateway/ir.ts';
import {graphOutputs, infra, resources, statuses} from './index.ts';
import {resourceRef, type ResourceRow} from './resource.ts';

/** What the default export of such a module says; each part may be left out. */
export type Extension = {
  /** Come alive, so that they can be dumped, drawn and asked about. */
  readonly outputs?: readonly AnyCollection[];
  /** Sent to proxies beside what Sluice makes of the manifests. No row may have the key of a row that is there already. */
  readonly resources?: readonly Collection<ResourceRow>[];
  /** What objects are told whose status Sluice does not write. */
  readonly statuses?: readonly Collection<StatusRow>[];
};

/** The status of an object of any kind: these conditions, and nothing else. */
export function statusRow(object: KubeObject, conditions: readonly DesiredCondition[]): StatusRow {
  const {apiVersion, kind, metadata} = object;
  return {
    key: kindKey(object),
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace !== undefined && {namespace: metadata.namespace}),
    generation: metadata.generation ?? 0,
    status: {kind: 'Conditions', conditions},
  };
}

/** What a graph is made for, and which of it leaves the process. */
export type Outputs = {
  readonly resources: Collection<ResourceRow>;
  readonly statuses: Collection<StatusRow>;
  readonly infra: Collection<GatewayInfraRow>;
  readonly all: readonly AnyCollection[];
};

/** Those of Sluice alone. */
export const productOutputs: Outputs = {resources, statuses, infra, all: graphOutputs};

/**
 * Those of Sluice and of extensions. What leaves the process is a collection of another name then, so that `resources`
 * and `statuses` stay what Sluice itself makes, and extensions can read them.
 */
export function outputsWith(extensions: readonly Extension[]): Outputs {
  const moreResources = extensions.flatMap((extension) => extension.resources ?? []);
  const moreStatuses = extensions.flatMap((extension) => extension.statuses ?? []);
  const sent = extended('extended-resources', resources, moreResources, resourceFault);
  const told = extended('extended-statuses', statuses, moreStatuses, statusFault);
  const more = extensions.flatMap((extension) => extension.outputs ?? []);
  return {resources: sent, statuses: told, infra, all: [...graphOutputs, sent, told, ...more]};
}

type FaultOf<T> = (row: T) => string | undefined;

function extended<T extends Row>(
  name: string,
  own: Collection<T>,
  more: readonly Collection<T>[],
  faultOf: FaultOf<T>,
): Collection<T> {
  return more.length === 0 ? own : union(name, [own, ...[...new Set(more)].map((rows) => checked(rows, faultOf))]);
}

/**
 * The same rows, but for those that servers and writers could do nothing with: each of these is an error of the graph,
 * and the last good row stands. Rows from outside need not have been through a type checker.
 */
function checked<T extends Row>(rows: Collection<T>, faultOf: FaultOf<T>): Collection<T> {
  return derive(`${rows.name}/checked`, {
    from: rows,
    equals: 'identity',
    rows: (_ctx, row) => {
      const fault = faultOf(row);
      if (fault !== undefined) throw new Error(`the row of ${rows.name} ${fault}`);
      return row;
    },
  });
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

function resourceFault(row: ResourceRow): string | undefined {
  const {scope, type, name, version, bytes, refs} = row;
  if (![scope, type, name, version].every(isText)) return 'lacks scope, type, name or version; resourceRow makes one';
  if (!(bytes instanceof Uint8Array)) return 'lacks bytes, the encoded message as a Uint8Array';
  if (!Array.isArray(refs)) return 'lacks refs, the resources that it refers to; none is []';
  const key = `${scope}|${resourceRef(type, name)}`;
  return row.key === key ? undefined : `must have the key ${key}; resourceRow makes it`;
}

function statusFault(row: StatusRow): string | undefined {
  const {apiVersion, kind, name, namespace, generation, status} = row;
  if (![apiVersion, kind, name].every(isText)) return 'lacks apiVersion, kind or name; statusRow makes one';
  if (typeof generation !== 'number') return 'lacks generation, a number';
  const holders: {readonly conditions?: unknown; readonly parents?: unknown} = {...status};
  if (![holders.conditions, holders.parents].some(Array.isArray)) return 'lacks status.conditions, a list';
  const key = kindKey({apiVersion, kind, metadata: {name, ...(namespace !== undefined && {namespace})}});
  return row.key === key ? undefined : `must have the key ${key}; statusRow makes it`;
}
