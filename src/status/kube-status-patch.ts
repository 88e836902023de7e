import {structurallyEqual} from '../krt/index.ts';
import {type ConditionStamp, mergeConditions, newestGenerationIn} from './kube-conditions.ts';
import {type EntryList, isOurs, mergeEntries, type WantedEntry} from './kube-entries.ts';
import {type Fields, fieldsOf, itemsOf} from './kube-fields.ts';
import type {KubeRow} from './kube-row.ts';

/** The fields of a status that are to be replaced; none where it is as wanted. */
export type StatusPatch = {
  readonly fields: Fields;
  /** What is wanted and has no room beside what others have said. */
  readonly leftOut: readonly string[];
};

export type PatchContext = {
  /** Names by which entries of `parents` and `ancestors` are known as ours. */
  readonly ours: ReadonlySet<string>;
  /** RFC 3339, whole seconds, UTC. */
  readonly now: string;
  /** The status of this object that was written last, if known: what it had and the wanted one has not was ours. */
  readonly previous?: KubeRow;
};

/**
 * What makes a live status the wanted one, with what others have written left as it is:
 *
 * - entries of `parents` and `ancestors` of other controllers, and their order;
 * - conditions of types that are not for the controller to set, also those of listeners;
 * - all fields of the status that are not wanted.
 *
 * A Gateway has one controller, so its listeners are exactly the wanted ones.
 */
export function statusPatch(live: unknown, row: KubeRow, {ours, now, previous}: PatchContext): StatusPatch {
  const had = fieldsOf(live);
  const leftOut: string[] = [];
  const stamp: ConditionStamp = {observedGeneration: row.generation, now, earlier: typesOf(previous)};
  const {kind: _kind, conditions, listeners, parents, ancestors, ...rest} = row.status;
  const wanted: Record<string, unknown> = {...rest};
  if (conditions !== undefined) {
    wanted['conditions'] = mergeConditions(had['conditions'], conditions, stamp, (type) =>
      leftOut.push(`condition ${type}`),
    );
  }
  if (listeners !== undefined) {
    const before = new Map(itemsOf(had['listeners']).map((item) => [fieldsOf(item)['name'], fieldsOf(item)]));
    wanted['listeners'] = listeners.map((listener) => ({
      ...listener,
      conditions: mergeConditions(before.get(listener.name)?.['conditions'], listener.conditions, stamp, (type) =>
        leftOut.push(`listener ${listener.name}: condition ${type}`),
      ),
    }));
  }
  const shared = (field: 'parents' | 'ancestors', entries: readonly WantedEntry[] | undefined): void => {
    if (entries === undefined) return;
    wanted[field] = mergeEntries(had[field], entries, listOf(row.kind, field), ours, stamp, (what) =>
      leftOut.push(what),
    );
  };
  shared(
    'parents',
    parents?.map(({parentRef, ...entry}) => ({ref: parentRef, ...entry})),
  );
  shared(
    'ancestors',
    ancestors?.map(({ancestorRef, ...entry}) => ({ref: ancestorRef, ...entry})),
  );
  return {fields: changed(had, wanted), leftOut};
}

/**
 * What takes our entries out of a live status. Conditions stay: an object has one controller at a time, and the next one
 * sets the same types, so that nobody can tell whose they are. A Gateway whose class is no longer ours keeps what it was
 * told last, with the generation that this was about, until the controller of its new class speaks.
 */
export function withoutOurs(live: unknown, ours: ReadonlySet<string>): StatusPatch {
  const had = fieldsOf(live);
  const wanted: Record<string, unknown> = {};
  for (const field of ['parents', 'ancestors']) {
    const items = itemsOf(had[field]);
    if (items.some((entry) => isOurs(entry, ours))) wanted[field] = items.filter((entry) => !isOurs(entry, ours));
  }
  return {fields: wanted, leftOut: []};
}

/** Whether entries of ours stand in a live status. */
export const listsOurs = (live: unknown, ours: ReadonlySet<string>): boolean => {
  const {parents, ancestors} = fieldsOf(live);
  return [parents, ancestors].some((list) => itemsOf(list).some((entry) => isOurs(entry, ours)));
};

/** The newest generation that a live status speaks of, as far as it is ours; 0 for none. */
export function newestObserved(live: unknown, ours: ReadonlySet<string>): number {
  const {conditions, listeners, parents, ancestors} = fieldsOf(live);
  let newest = newestGenerationIn(conditions);
  const take = (holder: unknown): void => {
    newest = Math.max(newest, newestGenerationIn(fieldsOf(holder)['conditions']));
  };
  itemsOf(listeners).forEach(take);
  for (const list of [parents, ancestors]) for (const entry of itemsOf(list)) if (isOurs(entry, ours)) take(entry);
  return newest;
}

/** An empty list says no more than an absent one. */
const changed = (had: Fields, wanted: Fields): Fields =>
  Object.fromEntries(
    Object.entries(wanted).filter(([field, value]) => {
      const before = had[field];
      if (before === undefined && (value === undefined || (Array.isArray(value) && value.length === 0))) return false;
      return !structurallyEqual(before, value);
    }),
  );

/** How many entries the schemas allow. */
function listOf(kind: string, field: 'parents' | 'ancestors'): EntryList {
  if (field === 'parents') return {refField: 'parentRef', most: 32};
  return {refField: 'ancestorRef', most: kind === 'XBackend' ? 32 : 16};
}

const noTypes: ReadonlySet<string> = new Set();

function typesOf(row: KubeRow | undefined): ReadonlySet<string> {
  if (row === undefined) return noTypes;
  const {conditions = [], listeners = [], parents = [], ancestors = []} = row.status;
  const holders = [{conditions}, ...listeners, ...parents, ...ancestors];
  return new Set(holders.flatMap((holder) => holder.conditions.map(({type}) => type)));
}
