import {type Fields, fieldsOf, itemsOf, textOf} from './kube-fields.ts';
import type {WantedCondition} from './status-document.ts';

/** What the schemas of Gateway API allow in a list of conditions, whoever they are of. */
const MOST_CONDITIONS = 8;
/** And in a message, in characters. */
const LONGEST_MESSAGE = 32_768;

/**
 * Condition types that Gateway API leaves to the controller of an object: where one of these is not wanted any more, it
 * was ours. All other types are somebody else's and are kept as they are, in every field.
 */
const ofController: ReadonlySet<string> = new Set([
  'Accepted',
  'AddressesAssigned',
  'AttachedListenerSets',
  'Conflicted',
  'Detached',
  'InsecureFrontendValidationMode',
  'OverlappingTLSConfig',
  'PartiallyInvalid',
  'Programmed',
  'Ready',
  'ResolvedRefs',
  'Scheduled',
  'SupportedVersion',
]);

/** When conditions change now, which generation of the object they speak of, and what was ours besides. */
export type ConditionStamp = {
  readonly observedGeneration: number;
  /** RFC 3339, whole seconds, UTC. */
  readonly now: string;
  /** Types of an earlier status of the same object that was ours. */
  readonly earlier: ReadonlySet<string>;
};

/**
 * The live conditions with the wanted ones in their places, or behind them. The time of a condition moves only with its
 * `status`. Nobody else's condition is pushed out: what has no room is handed to `leftOut`.
 */
export function mergeConditions(
  live: unknown,
  wanted: readonly WantedCondition[],
  stamp: ConditionStamp,
  leftOut: (type: string) => void,
): readonly unknown[] {
  const merged: unknown[] = [];
  const placed = new Set<string>();
  for (const had of itemsOf(live)) {
    const type = textOf(fieldsOf(had)['type']);
    const wish = wanted.find((condition) => condition.type === type);
    if (wish === undefined) {
      if (type === undefined || !(ofController.has(type) || stamp.earlier.has(type))) merged.push(had);
    } else if (!placed.has(wish.type)) {
      placed.add(wish.type);
      merged.push(complete(wish, fieldsOf(had), stamp));
    }
  }
  for (const wish of wanted) {
    if (placed.has(wish.type)) continue;
    if (merged.length < MOST_CONDITIONS) merged.push(complete(wish, {}, stamp));
    else leftOut(wish.type);
  }
  return merged;
}

function complete(wanted: WantedCondition, had: Fields, {observedGeneration, now}: ConditionStamp): Fields {
  const {type, status, reason} = wanted;
  const since = had['status'] === status ? textOf(had['lastTransitionTime']) : undefined;
  const message = shorten(wanted.message);
  return {type, status, reason, message, observedGeneration, lastTransitionTime: since ?? now};
}

/** Cuts no character in two. */
const shorten = (message: string): string =>
  message.length <= LONGEST_MESSAGE
    ? message
    : `${message.slice(0, LONGEST_MESSAGE - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** The newest generation that conditions of controllers speak of; 0 for none, as of those that an API server fills in. */
export function newestGenerationIn(conditions: unknown): number {
  let newest = 0;
  for (const condition of itemsOf(conditions)) {
    const {type, observedGeneration} = fieldsOf(condition);
    if (typeof observedGeneration !== 'number' || typeof type !== 'string' || !ofController.has(type)) continue;
    newest = Math.max(newest, observedGeneration);
  }
  return newest;
}
