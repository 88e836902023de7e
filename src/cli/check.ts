import {formatProblem} from '../api/problem.ts';
import {objectKey} from '../api/object.ts';
import {isUsed} from '../inputs.ts';
import type {Condition, StatusDocument} from '../status/status-document.ts';
import {count} from './count.ts';
import {danglingParents} from './dangling.ts';
import {type OfflineOptions, readOffline, statusDocuments} from './offline.ts';
import {parentText} from './parent-ref.ts';

export type CheckOptions = OfflineOptions & {readonly strict?: boolean};

/**
 * Validates manifests as an API server would: what it would refuse is a problem, and the exit code is 1. What it would
 * take, but what would then be reported in a status (a reference that leads nowhere, a route that no listener takes), is
 * a warning, because what it refers to may be elsewhere; `--strict` makes those count too.
 */
export async function check({strict = false, ...options}: CheckOptions): Promise<void> {
  const offline = await readOffline(options);
  const warnings = [
    ...offline.objects
      .filter((object) => !isUsed(object))
      .map((object) => `${object.kind} ${objectKey(object)}: objects of this kind have no effect`),
    ...danglingParents(offline),
    ...statusDocuments(offline).flatMap(shortcomings),
  ];
  for (const problem of offline.problems) process.stdout.write(`${formatProblem(problem)}\n`);
  for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`);
  process.stderr.write(
    `${count(offline.objects.length, 'object')}, ${count(offline.problems.length, 'problem')}, ${count(warnings.length, 'warning')}\n`,
  );
  if (offline.problems.length > 0 || (strict && warnings.length > 0)) process.exitCode = 1;
}

/** Conditions for which True is the bad news. */
const negative = new Set(['Conflicted', 'PartiallyInvalid', 'OverlappingTLSConfig']);

/** What a status says against its object, one line each. */
export function shortcomings({kind, metadata, status}: StatusDocument): readonly string[] {
  const object = `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
  const holders: readonly {readonly place: string; readonly conditions: readonly Condition[]}[] = [
    {place: object, conditions: status.conditions ?? []},
    ...(status.listeners ?? []).map(({name, conditions}) => ({place: `${object} listener ${name}`, conditions})),
    ...(status.parents ?? []).map(({parentRef, conditions}) => ({
      place: `${object} at ${parentText(parentRef)}`,
      conditions,
    })),
  ];
  return holders.flatMap(({place, conditions}) =>
    conditions
      .filter((condition) => condition.status === (negative.has(condition.type) ? 'True' : 'False'))
      .map(({type, status: value, reason, message}) => {
        const told = message === '' ? reason : `${reason}: ${message}`;
        return `${place}: ${type} is ${value}: ${told}`;
      }),
  );
}
