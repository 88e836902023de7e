import {setTimeout as sleep} from 'node:timers/promises';

/**
 * Calls `attempt` until it does not throw, for `timeoutMs` at most, and resolves to what it returned; the last error is
 * thrown otherwise. Assertions belong inside.
 */
export async function eventually<T>(attempt: () => Promise<T> | T, timeoutMs = 10_000, everyMs = 20): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await sleep(everyMs);
  }
}
