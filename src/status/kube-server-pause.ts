import type {Clock} from '../kube/clock.ts';

export type BackOff = {readonly firstMs: number; readonly mostMs: number};

/** Between a half and all of a time that doubles from failure to failure; `failures` counts from 1. */
export function backOffMs({firstMs, mostMs}: BackOff, failures: number, random: () => number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
}

/**
 * What the API server is spared while it cannot answer: all requests wait the same time, which doubles, and then a single
 * one tries. The first success opens the way for everything.
 */
export class ServerPause {
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  readonly #random: () => number;
  #failures = 0;
  #until = -Infinity;

  constructor(clock: Clock, backOff: BackOff, random: () => number) {
    this.#clock = clock;
    this.#backOff = backOff;
    this.#random = random;
  }

  /** Whether the last answer was none. */
  get isOn(): boolean {
    return this.#failures > 0;
  }

  msLeft(): number {
    return Math.max(0, this.#until - this.#clock.now());
  }

  /** How many requests may be under way at once. */
  limit(most: number): number {
    if (!this.isOn) return most;
    return this.msLeft() > 0 ? 0 : 1;
  }

  /** Returns whether it is the first failure since a success. */
  failed(retryAfterMs: number | undefined): boolean {
    // Those that were under way together fail together, and count as one.
    if (this.msLeft() > 0) return false;
    this.#failures++;
    const ms = Math.max(backOffMs(this.#backOff, this.#failures, this.#random), retryAfterMs ?? 0);
    this.#until = this.#clock.now() + ms;
    return this.#failures === 1;
  }

  /** Returns whether that ended a pause. */
  succeeded(): boolean {
    const wasOn = this.isOn;
    this.#failures = 0;
    this.#until = -Infinity;
    return wasOn;
  }
}
