/** Events of events.k8s.io/v1: what `kubectl describe` and `kubectl get events` show about an object. */
import {createHash} from 'node:crypto';
import type {ObjectName} from '../kube/object-path.ts';

/** Something that happened to an object and that whoever looks after it should know. */
export type Occurrence = {
  readonly regarding: ObjectName & {readonly uid?: string};
  readonly type: 'Normal' | 'Warning';
  /** Why, in one word of CamelCase. */
  readonly reason: string;
  /** What was being done, in one word of CamelCase. */
  readonly action: string;
  /** What happened, for people. */
  readonly note: string;
};

/** Who reports. */
export type Reporter = {
  /** `example.com/controller`. */
  readonly controller: string;
  /** This process, such as the name of its Pod. */
  readonly instance: string;
};

/** The limits of an API server, in bytes or characters. */
const LONGEST_NOTE = 1_024;
const LONGEST_WORD = 128;
const LONGEST_NAME = 253;

/** Occurrences of one identity are one event that happens again and again. */
export const identityOf = ({regarding, type, reason, action, note}: Occurrence): string =>
  JSON.stringify([subjectOf(regarding), type, reason, action, note]);

export const subjectOf = ({apiVersion, kind, namespace = '', name, uid = ''}: Occurrence['regarding']): string =>
  [apiVersion, kind, namespace, name, uid].join('|');

/** Events live in the namespace of what they are about; those about cluster-scoped objects in `default`. */
export const eventsPath = ({regarding}: Occurrence): string =>
  `/apis/events.k8s.io/v1/namespaces/${regarding.namespace ?? 'default'}/events`;

/** `firstAt` in milliseconds since 1970; tells one series of the same occurrence from another. */
export function eventName(occurrence: Occurrence, {instance}: Reporter, firstAt: number): string {
  const hash = createHash('sha1')
    .update(`${identityOf(occurrence)}|${instance}|${firstAt}`)
    .digest('hex')
    .slice(0, 16);
  const room = LONGEST_NAME - hash.length - 1;
  // What is cut off must not leave a label that ends in a dash.
  return `${occurrence.regarding.name.slice(0, room).replace(/[^a-z0-9]+$/, '')}.${hash}`;
}

export function eventOf(occurrence: Occurrence, reporter: Reporter, name: string, firstAt: number): object {
  const {regarding, type, reason, action, note} = occurrence;
  const {apiVersion, kind, namespace, uid} = regarding;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {name, namespace: namespace ?? 'default'},
    eventTime: microTimeOf(firstAt),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, LONGEST_WORD),
    regarding: {
      apiVersion,
      kind,
      name: regarding.name,
      ...(namespace !== undefined && {namespace}),
      ...(uid !== undefined && {uid}),
    },
    type,
    reason: reason.slice(0, LONGEST_WORD),
    action: action.slice(0, LONGEST_WORD),
    note: cut(note),
  };
}

/** How often it has happened, and when last. */
export const seriesOf = (count: number, lastAt: number): object => ({
  series: {count, lastObservedTime: microTimeOf(lastAt)},
});

const microTimeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;

/** Counted in bytes, cut between characters. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= LONGEST_NOTE) return note;
  const room = LONGEST_NOTE - Buffer.byteLength('…');
  return `${bytes
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD+$/, '')}…`;
}
