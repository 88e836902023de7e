import {type ConditionStamp, mergeConditions} from './kube-conditions.ts';
import {type Fields, fieldsOf, itemsOf, textOf} from './kube-fields.ts';
import type {WantedCondition} from './status-document.ts';

/**
 * `parents` of routes and `ancestors` of policies: lists that several controllers share. An API server takes them as a
 * whole, so whoever writes brings along what the others have said.
 */
export type EntryList = {readonly refField: 'parentRef' | 'ancestorRef'; readonly most: number};

export type WantedEntry = {
  readonly ref: Fields;
  readonly controllerName: string;
  readonly conditions: readonly WantedCondition[];
};

/**
 * The live entries, those of other controllers as they are, ours as wanted in their places, new ones behind them. Nobody
 * else's entry is pushed out: what has no room is handed to `leftOut`.
 */
export function mergeEntries(
  live: unknown,
  wanted: readonly WantedEntry[],
  {refField, most}: EntryList,
  ours: ReadonlySet<string>,
  stamp: ConditionStamp,
  leftOut: (what: string) => void,
): readonly unknown[] {
  const merged: unknown[] = [];
  const open = [...wanted];
  const conditionsOf = (wish: WantedEntry, had: unknown): readonly unknown[] =>
    mergeConditions(had, wish.conditions, stamp, (type) => leftOut(`condition ${type}`));
  for (const had of itemsOf(live)) {
    if (!isOurs(had, ours)) {
      merged.push(had);
      continue;
    }
    const fields = fieldsOf(had);
    const at = open.findIndex(
      ({ref, controllerName}) =>
        fields['controllerName'] === controllerName && sameRef(fieldsOf(fields[refField]), ref),
    );
    const [wish] = at < 0 ? [] : open.splice(at, 1);
    if (wish === undefined) continue;
    const {controllerName} = wish;
    // The reference as the server has it, which fills in defaults.
    merged.push({[refField]: fields[refField], controllerName, conditions: conditionsOf(wish, fields['conditions'])});
  }
  for (const wish of open) {
    const {ref, controllerName} = wish;
    if (merged.length >= most) leftOut(`${refField} ${textOf(ref['name']) ?? ''}`);
    else merged.push({[refField]: ref, controllerName, conditions: conditionsOf(wish, undefined)});
  }
  return merged;
}

export const isOurs = (entry: unknown, ours: ReadonlySet<string>): boolean => {
  const controllerName = textOf(fieldsOf(entry)['controllerName']);
  return controllerName !== undefined && ours.has(controllerName);
};

/** Of the schemas of Gateway API. */
const defaults: Fields = {group: 'gateway.networking.k8s.io', kind: 'Gateway'};
const refFields = ['group', 'kind', 'namespace', 'name', 'sectionName', 'port'];

const sameRef = (a: Fields, b: Fields): boolean =>
  refFields.every((field) => (a[field] ?? defaults[field]) === (b[field] ?? defaults[field]));
