import {ApiError} from '../kube/client.ts';

/** An object cannot be written as it stands, and why; the server was not even asked. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

/** Nothing may be written any more: somebody else leads, or will before an answer comes. */
export class TermOver extends Error {
  override readonly name = 'TermOver';
}

/** Waits for all of them, whatever fails; several errors become one AggregateError, but the end of the term is itself. */
export async function allDone(all: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(all);
  const errors = results.flatMap((result): readonly unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  const over = errors.find((error) => error instanceof TermOver);
  if (over !== undefined) throw over;
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('; '));
}

/** Errors of the server say which object they are about. */
export async function named<T>(name: {kind: string; namespace: string; name: string}, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError(`${name.kind} ${name.namespace}/${name.name}: ${error.message}`, error);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The server, or we, said no to what is wanted: it will take a change of something. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isRefusal);
  if (error instanceof ProvisionError) return true;
  return error instanceof ApiError && error.status < 500 && ![401, 409, 429].includes(error.status);
}

/** For how many milliseconds the server asks to be left alone. */
export function retryAfterOf(error: unknown): number {
  if (error instanceof AggregateError) return Math.max(0, ...error.errors.map(retryAfterOf));
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}
