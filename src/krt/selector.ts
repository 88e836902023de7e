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
 * A label pair that every matching row must carry, if the selector demands one: what the engine files a selection
 * under. `undefined` means that any row may match and every change has to be looked at.
 */
export function selectorAnchor(selector: LabelSelector): readonly [key: string, value: string] | undefined {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) return [key, value];
  for (const {key, operator, values = []} of selector.matchExpressions ?? []) {
    const [only] = values;
    if (operator === 'In' && values.length === 1 && only !== undefined) return [key, only];
  }
  return undefined;
}
