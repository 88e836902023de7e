import type {KubeClient} from '../kube/client.ts';
import type {Term} from '../kube/lease-term.ts';
import type {LiveObject} from '../kube/live-objects.ts';
import {failureOf, type WriteFailure} from './kube-failure.ts';
import {type Fields, fieldsOf, numberOf, textOf} from './kube-fields.ts';
import type {ObjectName} from '../kube/object-path.ts';

export type SendOutcome =
  | {readonly kind: 'done'; readonly object: LiveObject}
  /** The term was over before the request was sent, so it was not. */
  | {readonly kind: 'fenced'}
  | WriteFailure;

export type StatusSender = {
  /** What the server has now. */
  read(object: ObjectName, signal: AbortSignal): Promise<SendOutcome>;
  /** Replaces fields of the status of exactly this version of exactly this object. */
  write(
    object: ObjectName,
    base: LiveObject,
    fields: Fields,
    leading: {readonly term: Term; readonly signal: AbortSignal},
  ): Promise<SendOutcome>;
};

export type StatusSenderOptions = {
  readonly client: KubeClient;
  readonly pathOf: (object: ObjectName) => string | undefined;
  readonly fieldManager: string;
  /** The longest that one request may take, in milliseconds; with less left of a term, that. */
  readonly requestMs: number;
};

/**
 * A merge patch of `/status` with uid and resourceVersion: an API server takes it as a whole, if the object is still the
 * one that was read, and answers 409 otherwise. Fields that are not sent stay. One that is sent late, by a leader that is
 * none any more, therefore changes nothing that somebody else has written since.
 */
export function createStatusSender({client, pathOf, fieldManager, requestMs}: StatusSenderOptions): StatusSender {
  const send = async (
    object: ObjectName,
    request: (path: string) => Parameters<KubeClient['request']>[0],
  ): Promise<SendOutcome> => {
    const path = pathOf(object);
    if (path === undefined)
      return {kind: 'refused', reason: `no path is known for ${object.apiVersion} ${object.kind}`};
    try {
      const {body} = await client.request(request(path));
      const answered = liveObjectOf(body);
      if (answered !== undefined) return {kind: 'done', object: answered};
      return {kind: 'failed', reason: 'the API server answered with something else', retryAfterMs: undefined};
    } catch (error) {
      return failureOf(error);
    }
  };
  return {
    read: (object, signal) => send(object, (path) => ({method: 'GET', path, signal, timeoutMs: requestMs})),
    write: async (object, base, fields, {term, signal}) => {
      // Nothing may come between this and the request.
      const left = term.msLeft();
      if (left <= 0 || signal.aborted) return {kind: 'fenced'};
      return send(object, (path) => ({
        method: 'PATCH',
        path: `${path}/status`,
        query: {fieldManager},
        contentType: 'application/merge-patch+json',
        body: {metadata: {uid: base.uid, resourceVersion: base.resourceVersion}, status: fields},
        signal,
        timeoutMs: Math.min(requestMs, left),
      }));
    },
  };
}

/** Undefined where the body is no object of an API server. */
export function liveObjectOf(body: unknown): LiveObject | undefined {
  const {apiVersion, metadata, status} = fieldsOf(body);
  const {uid, resourceVersion, generation} = fieldsOf(metadata);
  if (typeof apiVersion !== 'string' || typeof uid !== 'string') return undefined;
  return {
    apiVersion,
    uid,
    resourceVersion: textOf(resourceVersion) ?? '',
    generation: numberOf(generation) ?? 1,
    status,
  };
}
