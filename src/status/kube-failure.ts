import {ApiError, ConnectionError} from '../kube/client.ts';

/** What it means to a status that a request for it failed. */
export type WriteFailure =
  /** Somebody else has written the object meanwhile, or it is another one of the same name. */
  | {readonly kind: 'conflict'}
  | {readonly kind: 'gone'}
  /** The status is invalid: it would be refused again. */
  | {readonly kind: 'refused'; readonly reason: string}
  /** It concerns this object or this kind; others may succeed. */
  | {readonly kind: 'failed' | 'forbidden'; readonly reason: string; readonly retryAfterMs: number | undefined}
  /** The server as a whole cannot be asked now. */
  | {readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number | undefined};

/** Never throws. */
export function failureOf(error: unknown): WriteFailure {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionError) return {kind: 'unavailable', reason, retryAfterMs: undefined};
  if (!(error instanceof ApiError)) return {kind: 'failed', reason, retryAfterMs: undefined};
  const {status, retryAfterMs} = error;
  switch (status) {
    case 404:
    case 410:
      return {kind: 'gone'};
    case 409:
      return {kind: 'conflict'};
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return {kind: 'refused', reason};
    case 403:
      return {kind: 'forbidden', reason, retryAfterMs};
    case 401:
    case 429:
    case 502:
    case 503:
      return {kind: 'unavailable', reason, retryAfterMs};
    default:
      // 500 and 504 also come of a webhook that concerns one kind.
      return {kind: 'failed', reason, retryAfterMs};
  }
}
