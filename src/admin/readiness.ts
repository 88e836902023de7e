/** Whether traffic is to come here, and why not. */
export type Readiness = {
  /** Not ready until the returned function is called. Two with one reason are two. */
  hold(reason: string): () => void;
  /** What it waits for; empty when ready. */
  readonly reasons: readonly string[];
};

export function createReadiness(): Readiness {
  const held = new Map<symbol, string>();
  return {
    hold(reason) {
      const key = Symbol(reason);
      held.set(key, reason);
      return () => void held.delete(key);
    },
    get reasons() {
      return [...new Set(held.values())];
    },
  };
}
