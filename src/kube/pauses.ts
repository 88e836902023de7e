/** How long to wait before asking again, and the waiting itself. */
import type {Clock} from './clock.ts';

const FIRST_MS = 800;
const LAST_MS = 15_000;

/** Twice as long each time, and each time a random length between that and its double: 0.8 to 30 s. */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** `random`: from 0 to below 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next pause, in milliseconds. */
  next(): number {
    const base = Math.min(LAST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    return base * (1 + this.#random());
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** A pause that can be cut short. */
export class Pause {
  readonly #clock: Clock;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One at a time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => this.end());
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends the one that is under way, if any. */
  end(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
