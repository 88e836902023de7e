import {setTimeout as sleep} from 'node:timers/promises';

/** Milliseconds. */
export type BackOff = {
  readonly first: number;
  readonly most: number;
  /** A process that lived so long starts from the first delay again. */
  readonly forgiveAfter: number;
};

export const defaultBackOff: BackOff = {first: 100, most: 10_000, forgiveAfter: 10_000};

/** Doubles from attempt to attempt; `failures` counts from 1. */
export const delayAfter = ({first, most}: BackOff, failures: number): number =>
  Math.min(most, first * 2 ** Math.min(failures - 1, 30));

/** Resolves early, and to false, when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, {signal});
    return true;
  } catch {
    return false;
  }
}
