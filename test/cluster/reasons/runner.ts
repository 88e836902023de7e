/** Brings a reason about, makes it go away, and brings it about again. */
import {expect} from 'vitest';
import {inputsByGroupKind} from '../../../collections/inputs.ts';
import {groupKind, objectKey} from '../../../src/api/object.ts';
import type {Graph} from '../../../src/krt/index.ts';
import {eventually} from '../../e2e/harness/eventually.ts';
import type {Cluster} from '../../rig/cluster.ts';
import type {KubeObject} from '../../rig/objects.ts';
import {object, type Case, type Change, type Table} from './case.ts';
import {conditionsOf, outcomeOf, type Status} from './status.ts';

export type Surroundings = {
  readonly cluster: Cluster;
  /** Of the Sluice that runs on it. */
  readonly graph: Graph;
};

/** The name of the nth case, which is that of its namespace. */
export const nameOf = ({kind, of}: Table, index: number): string => `${kind}-${of}-${index}`.toLowerCase();

const WITHIN_MS = 30_000;
const clusterKinds = new Set(['Namespace', 'GatewayClass']);

/** The objects of a case as they are applied: named, and in a namespace. */
const named = <T>(value: T, name: string): T => JSON.parse(JSON.stringify(value).replaceAll('@', name)) as T; // the same, but for texts

const placed = ({metadata, ...rest}: KubeObject, namespace: string): KubeObject => ({
  ...rest,
  metadata: clusterKinds.has(rest.kind) ? metadata : {namespace, ...metadata},
});

const idOf = ({kind, metadata}: KubeObject): string => `${kind} ${metadata.namespace}/${metadata.name}`;

/** Resolves to what the condition was: as it appeared, as it went away, as it appeared again. */
export async function runCase(
  {cluster, graph}: Surroundings,
  table: Table,
  about: Case,
  name: string,
): Promise<readonly string[]> {
  const {is, says, healed, heal, objects} = named(about, name);
  const all = [object('v1', 'Namespace', name, {}), ...objects.map((one) => placed(one, name))];
  const looked = all.findLast(({kind}) => kind === table.kind);
  if (looked === undefined) throw new Error(`there is no ${table.kind} in this case`);
  const change: Required<Change> = {
    apply: (heal.apply ?? []).map((one) => placed(one, name)),
    remove: (heal.remove ?? []).map((one) => placed(one, name)),
    statuses: (heal.statuses ?? []).map((one) => placed(one, name)),
  };
  const path = await cluster.pathOf(looked);
  const type = is.slice(0, is.indexOf('='));

  const becomes = async (outcome: string, message = ''): Promise<string> => {
    const look = async (): Promise<string> => {
      const {metadata, status} = (await cluster.request<KubeObject & {status?: Status}>('GET', path)).body;
      const conditions = conditionsOf(table, about.listener, status);
      const found = conditions.find((one) => one.type === type);
      expect(conditions).not.toHaveLength(0);
      expect(conditions.map((one) => one.observedGeneration)).toEqual(conditions.map(() => metadata.generation));
      const now = found === undefined ? 'absent' : outcomeOf(found);
      expect(now).toBe(outcome);
      expect(found?.message ?? '').toContain(message);
      return now;
    };
    return eventually(look, WITHIN_MS, 50);
  };

  // Kinds are watched apart from each other: what comes last is to be seen last.
  await cluster.apply(all.filter((one) => one !== looked));
  await eventually(() => expect(all.filter((one) => one !== looked && !isKnown(graph, one)).map(idOf)).toEqual([]));
  await cluster.apply(looked);
  const first = await becomes(is, says);
  await make(cluster, change);
  const second = await becomes(healed);
  await undo(cluster, change, all);
  return [first, second, await becomes(is, says)];
}

function isKnown(graph: Graph, one: KubeObject): boolean {
  const input = inputsByGroupKind.get(groupKind(one));
  return input === undefined || graph.get(input, objectKey(one)) !== undefined;
}

async function make(cluster: Cluster, {apply, remove, statuses}: Required<Change>): Promise<void> {
  await cluster.apply(apply);
  await cluster.remove(remove);
  for (const one of statuses) await patchStatus(cluster, one, one['status']);
}

async function undo(cluster: Cluster, change: Required<Change>, all: readonly KubeObject[]): Promise<void> {
  const changed = new Set([...change.apply, ...change.remove].map(idOf));
  const before = new Set(all.map(idOf));
  await cluster.remove(change.apply.filter((one) => !before.has(idOf(one))));
  await cluster.apply(all.filter((one) => changed.has(idOf(one))));
  for (const one of change.statuses) {
    const fields = Object.keys(Object(one['status']));
    await patchStatus(cluster, one, Object.fromEntries(fields.map((field) => [field, null])));
  }
}

/** Waits for the object, which somebody else makes. */
async function patchStatus(cluster: Cluster, about: KubeObject, status: unknown): Promise<void> {
  const path = `${await cluster.pathOf(about)}/status`;
  await eventually(async () => {
    const answer = await cluster.request('PATCH', path, {status}, 'application/merge-patch+json');
    expect(answer.status).toBe(200);
  }, WITHIN_MS);
}
