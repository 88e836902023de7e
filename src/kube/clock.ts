/** Time as clients of an API server see it; tests put in their own. */
export type Clock = {
  /** Milliseconds on a clock that only goes forward, at its own pace, whatever becomes of the time of day. */
  now(): number;
  /** The time of day, for what others are told; nothing is decided by it. */
  date(): Date;
  /** Runs once after `ms`, unless the returned function is called before. */
  readonly after: (ms: number, run: () => void) => () => void;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
