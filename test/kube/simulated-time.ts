/** Time that passes when a test says so, and clocks that show it, each in its own way. */
import type {Clock} from '../../src/kube/clock.ts';

type Timer = {readonly at: number; readonly order: number; readonly run: () => void; isCancelled: boolean};

export type SimulatedTime = {
  /** Milliseconds since it began. */
  now(): number;
  readonly after: (ms: number, run: () => void) => () => void;
  /** Runs what falls due, in order, letting everybody finish who waits for a promise. */
  advance(ms: number): Promise<void>;
  /** Advances in steps to the next timer until the promise is settled; fails after `limitMs`. */
  until<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
  /** Timers that wait. */
  timers(): number;
};

/** Of one step of time; whoever needs more goes round in circles. */
const MOST_STEPS = 200_000;

/** Those who wait for promises go on, as far as they get without time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function simulatedTime(): SimulatedTime {
  let now = 0;
  let orders = 0;
  let waiting = 0;
  const heap: Timer[] = [];
  const next = (): Timer | undefined => {
    while (heap[0]?.isCancelled === true) pop(heap);
    return heap[0];
  };
  const runUntil = async (limit: number): Promise<void> => {
    await settle();
    let steps = 0;
    for (let timer = next(); timer !== undefined && timer.at <= limit; timer = next()) {
      if (++steps > MOST_STEPS) throw new Error(`${MOST_STEPS} timers, and it is still ${now} ms`);
      pop(heap);
      waiting--;
      // From here on there is nothing to cancel.
      timer.isCancelled = true;
      now = Math.max(now, timer.at);
      timer.run();
      await settle();
    }
    now = Math.max(now, limit);
  };
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = {at: now + Math.max(0, ms), order: orders++, run, isCancelled: false};
      push(heap, timer);
      waiting++;
      return () => {
        if (!timer.isCancelled) waiting--;
        timer.isCancelled = true;
      };
    },
    advance: (ms) => runUntil(now + ms),
    until: async (promise, limitMs = 600_000) => {
      const limit = now + limitMs;
      let isSettled = false;
      const done = (): void => {
        isSettled = true;
      };
      promise.then(done, done);
      await settle();
      while (!isSettled) {
        const timer = next();
        if (timer === undefined) throw new Error(`nothing more happens after ${now} ms`);
        if (timer.at > limit) throw new Error(`not settled within ${limitMs} ms`);
        await runUntil(timer.at);
      }
      return promise;
    },
    timers: () => waiting,
  };
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap, the first on top. */
function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(timer, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const isRight = right !== undefined && left !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (child === undefined || !isBefore(child, last)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
}

export type Machine = {
  readonly clock: Clock;
  /** Timers that fall due meanwhile run late, when it goes on. Its clock does not stop. */
  pause(): void;
  resume(): void;
  /** Sets the time of day forward or back. */
  jump(ms: number): void;
};

export type MachineOptions = {
  /** What its clocks showed at the beginning. */
  readonly bootedMs?: number;
  readonly date?: Date;
  /** Its seconds are so long. */
  readonly pace?: number;
  /** Its time of day stands still. */
  readonly isDayStill?: boolean;
};

/** A clock as one machine has it. */
export function machine(time: SimulatedTime, options: MachineOptions = {}): Machine {
  const {bootedMs = 0, date = new Date('2030-01-02T03:04:05Z'), pace = 1, isDayStill = false} = options;
  let offset = date.getTime();
  let isPaused = false;
  let late: Set<() => void> = new Set();
  return {
    clock: {
      now: () => bootedMs + time.now() / pace,
      date: () => new Date(offset + (isDayStill ? 0 : time.now() / pace)),
      after: (ms, run) => {
        const due = (): void => {
          if (isPaused) late.add(run);
          else run();
        };
        const cancel = time.after(ms * pace, due);
        return () => {
          cancel();
          late.delete(run);
        };
      },
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      // One after the other, with what each of them brings about in between.
      for (const run of late) time.after(0, run);
      late = new Set();
    },
    jump: (ms) => {
      offset += ms;
    },
  };
}
