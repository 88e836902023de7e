import type {LiveName, LiveObject} from '../kube/live-objects.ts';
import type {ObjectName} from '../kube/object-path.ts';
import type {KubeRow} from './kube-row.ts';

/**
 * An object whose status is being worked on, or was a short while ago: what is known of it, and where it stands on its way.
 * Times by the clock.
 */
export class Entry {
  /** Key of its row. */
  readonly key: string;
  readonly name: LiveName;
  object: ObjectName;
  /** What is wanted; undefined: nothing of ours. */
  row: KubeRow | undefined;

  /** What was wanted when it was first looked at, and may be live. */
  before: KubeRow | undefined;
  /** What has been live of what is wanted, and on which object. */
  settled: {readonly row: KubeRow | undefined; readonly uid: string} | undefined;
  /** What the server will not have, and on which object. */
  refused: {readonly row: KubeRow | undefined; readonly uid: string | undefined} | undefined;
  /** What the server answered, newer than the watch was then, and when. */
  known: {readonly object: LiveObject; readonly at: number} | undefined;
  /** The version that was decided by, or answered, last. */
  seen: LiveObject | undefined;

  /** A request is under way; there is never more than one. */
  busy = false;
  /** Something else has come to be wanted meanwhile. */
  again = false;
  /** Ends the timer that it waits for. */
  cancel: (() => void) | undefined;

  /** The last change, and the first that is not live yet. */
  changedAt = 0;
  waitingSince: number | undefined;
  writtenAt = -Infinity;
  /** Nothing is sent before. */
  notBefore = 0;
  failures = 0;
  /** How often in a row somebody else undid what was written. */
  undone = 0;
  /** Since when the object is ahead of its row. */
  heldSince: number | undefined;

  constructor(key: string, name: LiveName, object: ObjectName, row: KubeRow | undefined) {
    this.key = key;
    this.name = name;
    this.object = object;
    this.row = row;
  }

  want(row: KubeRow | undefined): void {
    this.row = row;
    if (row !== undefined) this.object = row;
    // It waited for others to leave it alone; what the server could not do waits on.
    if (this.failures === 0) this.notBefore = 0;
  }

  /** Whether nothing that counts is remembered of it. */
  isCalm(now: number, peaceMs: number): boolean {
    if (this.waitingSince !== undefined || this.busy || this.refused !== undefined) return false;
    return now - Math.max(this.writtenAt, this.known?.at ?? -Infinity) > peaceMs;
  }

  clearTimer(): void {
    this.cancel?.();
    this.cancel = undefined;
  }
}

/** The name by which objects are watched, of a row. */
export function liveNameOf({apiVersion, kind, namespace, name}: ObjectName): LiveName {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return {groupKind: `${group}/${kind}`, key: namespace === undefined ? name : `${namespace}/${name}`};
}

/** And the other way round. */
export function objectNameOf({groupKind, key}: LiveName, apiVersion: string): ObjectName {
  const slash = key.indexOf('/');
  return {
    apiVersion,
    kind: kindOf(groupKind),
    name: key.slice(slash + 1),
    ...(slash >= 0 && {namespace: key.slice(0, slash)}),
  };
}

/** Key of the row about an object, if there is one. */
export const rowKeyOf = ({groupKind, key}: LiveName): string => `${kindOf(groupKind)}/${key}`;

const kindOf = (groupKind: string): string => groupKind.slice(groupKind.indexOf('/') + 1);

/**
 * Whether a version of an object is newer than another one. Resource versions are decimal numbers that rise over all
 * objects of a kind (KEP-5504); others, which no server of today sends, cannot be compared and count as older.
 */
export function isNewer({resourceVersion: a}: LiveObject, {resourceVersion: b}: LiveObject): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a > b : a.length > b.length;
}
