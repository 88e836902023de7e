import {vi} from 'vitest';

/** Until it no longer throws. Machines may be busy: the limit is for what never comes. */
export const eventually = <T>(check: () => T | Promise<T>, timeout = 20_000): Promise<T> =>
  vi.waitFor(check, {timeout, interval: 5});

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
