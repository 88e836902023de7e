/** When an object counts as unchanged: the `equals` of every input of objects. */
import type {KubeObject} from '../src/api/object.ts';
import {structurallyEqual} from '../src/krt/index.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What is not asked for but found, and what is compared on its own. */
const notOfSpec: ReadonlySet<string> = new Set(['status', 'metadata']);
/** What an API server writes with every version. */
const bookkeeping: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields']);

/**
 * Whether two versions of an object ask for the same: they differ at most in status, resourceVersion and managedFields.
 * The graph then keeps the older one, and nothing runs.
 *
 * Statuses are what the graph produces. Were one of its transforms to read them, each status written would come back as
 * a change of what it was made from, and every controller's writes would cost what edits cost. So nothing in the graph
 * may read a status, nor the version of an object: the rows of an input may be older than what is stored in these
 * respects. Whoever writes to an API server takes versions from the provider.
 *
 * Versions of one uid with the same resourceVersion are not compared at all. Providers that take objects from users,
 * who may edit what they exported, leave the resourceVersion out.
 */
export function sameDesired(old: KubeObject, now: KubeObject): boolean {
  const [before, after] = [old.metadata, now.metadata];
  if (isKnown(after.uid, before.uid) && isKnown(after.resourceVersion, before.resourceVersion)) return true;
  // Metadata first: a new generation tells of most changes.
  return sameFields(before, after, bookkeeping) && sameFields(old, now, notOfSpec);
}

const isKnown = (text: string | undefined, other: string | undefined): boolean => text !== undefined && text === other;

function sameFields(a: Fields, b: Fields, ignored: ReadonlySet<string>): boolean {
  for (const field in a) {
    if (!ignored.has(field) && !structurallyEqual(a[field], b[field])) return false;
  }
  for (const field in b) {
    if (!ignored.has(field) && !Object.hasOwn(a, field) && b[field] !== undefined) return false;
  }
  return true;
}
