import type {LiveObject} from '../kube/live-objects.ts';
import type {Fields} from './kube-fields.ts';
import type {KubeRow} from './kube-row.ts';
import {newestObserved, statusPatch, type StatusPatch, withoutOurs} from './kube-status-patch.ts';

/** What is to be done about the status of one object. */
export type Decision =
  /** It is as wanted, or there is no object. */
  | {readonly kind: 'nothing'; readonly leftOut: readonly string[]}
  /** What is known is older than the row, or there is nothing known: the server is to be asked. */
  | {readonly kind: 'look'}
  /** The row is about an earlier object, or an earlier generation of it; a newer row is on its way. */
  | {readonly kind: 'hold'; readonly forMs: number}
  | {readonly kind: 'write'; readonly base: LiveObject; readonly fields: Fields; readonly leftOut: readonly string[]};

export type Circumstances = {
  readonly ours: ReadonlySet<string>;
  readonly now: string;
  readonly previous: KubeRow | undefined;
  /** The server was asked just now. */
  readonly isFresh: boolean;
  /** How long the object has been ahead of its row, and how long a newer row is waited for; milliseconds. */
  readonly heldMs: number;
  readonly graceMs: number;
};

/**
 * Never puts a status onto another object than the one it is about, nor an older generation over a newer one. A status
 * of an older generation over one that is older still is written only when no newer row came in time, such as when the
 * transform that should make it fails: it is right about that generation, and says so.
 */
export function decide(row: KubeRow | undefined, live: LiveObject | undefined, about: Circumstances): Decision {
  const {ours, now, previous, isFresh, heldMs, graceMs} = about;
  if (live === undefined) return row === undefined || isFresh ? {kind: 'nothing', leftOut: []} : {kind: 'look'};
  if (row === undefined) return writeOf(live, withoutOurs(live.status, ours));
  // Generations of one object only rise: either it is another object, or what is known of it is old.
  const isOther = (row.uid !== undefined && row.uid !== live.uid) || live.generation < row.generation;
  if (isOther) return isFresh ? {kind: 'hold', forMs: Infinity} : {kind: 'look'};
  if (live.generation > row.generation) {
    if (newestObserved(live.status, ours) > row.generation) return {kind: 'hold', forMs: Infinity};
    if (heldMs < graceMs) return {kind: 'hold', forMs: graceMs - heldMs};
  }
  return writeOf(live, statusPatch(live.status, row, {ours, now, ...(previous !== undefined && {previous})}));
}

function writeOf(base: LiveObject, {fields, leftOut}: StatusPatch): Decision {
  return Object.keys(fields).length === 0 ? {kind: 'nothing', leftOut} : {kind: 'write', base, fields, leftOut};
}
