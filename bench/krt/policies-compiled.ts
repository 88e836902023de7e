import type {LabelSelector} from '../../src/krt/index.ts';
import type {Labels} from './workload.ts';

export type Test = (labels: Labels) => boolean;

/** By hand: a selector made into a function once, rather than read for each pod. */
export function compiled({matchLabels = {}, matchExpressions = []}: LabelSelector): Test {
  const tests = [
    ...Object.entries(matchLabels).map(
      ([key, value]): Test =>
        (labels) =>
          labels[key] === value,
    ),
    ...matchExpressions.map(compiledExpression),
  ];
  const [first, second, ...others] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return (labels) => first(labels) && second(labels) && others.every((test) => test(labels));
}

function compiledExpression({
  key,
  operator,
  values = [],
}: NonNullable<LabelSelector['matchExpressions']>[number]): Test {
  const listed = new Set<string | undefined>(values);
  switch (operator) {
    case 'In':
      return (labels) => listed.has(labels[key]);
    case 'NotIn':
      return (labels) => !listed.has(labels[key]);
    case 'Exists':
      return (labels) => labels[key] !== undefined;
    case 'DoesNotExist':
      return (labels) => labels[key] === undefined;
    default:
      return () => false;
  }
}
