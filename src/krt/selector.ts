import type {Labels} from './definition.ts';

/** A label selector as in the Kubernetes API: all requirements must hold. */
export type LabelSelector = {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
};

/**
 * Whether the selector matches. An empty selector matches everything, an undefined one nothing; an unknown operator
 * matches nothing (apimachinery `LabelSelectorAsSelector`).
 */
export function selectorMatches(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (own(labels, key) !== value) return false;
  }
  return (selector.matchExpressions ?? []).every(({key, operator, values = []}) => {
    const actual = own(labels, key);
    switch (operator) {
      case 'In':
        return actual !== undefined && values.includes(actual);
      case 'NotIn':
        return actual === undefined || !values.includes(actual);
      case 'Exists':
        return actual !== undefined;
      case 'DoesNotExist':
        return actual === undefined;
      default:
        return false;
    }
  });
}

/** Labels may be named like what every object inherits, such as `constructor`. */
const own = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);

/**
 * What every row that the selector matches must have: one of these pairs of a label, or a label of that name. The engine
 * files selectors and selections under it. None (an empty selector, or one with exclusions only) = any row may match.
 */
export type Anchor =
  | {readonly kind: 'pairs'; readonly key: string; readonly values: readonly string[]}
  | {readonly kind: 'key'; readonly key: string};

/** All anchors to choose from; the narrow ones first. */
export function anchorsOf({matchLabels = {}, matchExpressions = []}: LabelSelector): readonly Anchor[] {
  const anchors: Anchor[] = Object.entries(matchLabels).map(([key, value]) => ({kind: 'pairs', key, values: [value]}));
  for (const {key, operator, values = []} of matchExpressions) {
    if (operator === 'In')
      anchors.push({kind: 'pairs', key, values: values.filter((value, i) => values.indexOf(value) === i)});
  }
  for (const {key, operator} of matchExpressions) if (operator === 'Exists') anchors.push({kind: 'key', key});
  return anchors;
}

/** Names of the labels that the verdict of a selector depends on. */
export const mentionedBy = ({matchLabels = {}, matchExpressions = []}: LabelSelector): ReadonlySet<string> =>
  new Set([...Object.keys(matchLabels), ...matchExpressions.map(({key}) => key)]);

/** Whether the selector matches every row, so that there is nothing to compare. */
export const isEmpty = ({matchLabels = {}, matchExpressions = []}: LabelSelector): boolean =>
  matchExpressions.length === 0 && Object.keys(matchLabels).length === 0;

export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  let rest = 0;
  for (const key in a) {
    if (a[key] !== b[key]) return false;
    rest++;
  }
  for (const _ in b) rest--;
  return rest === 0;
}
