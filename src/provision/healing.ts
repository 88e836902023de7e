import type {Clock} from '../kube/clock.ts';

/** Milliseconds. */
const FREE = 3;
const FIRST_MS = 1_000;
const MOST_MS = 60_000;
const FORGIVEN_MS = 300_000;

/**
 * How soon a change of somebody's is undone: at once, but ever later where it is done again and again, so that two who
 * want different things do not keep an API server busy.
 */
export class Healing {
  readonly #clock: Clock;
  readonly #times = new Map<string, {readonly count: number; readonly last: number}>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  healed(gateway: string): void {
    this.#times.set(gateway, {count: this.#count(gateway) + 1, last: this.#clock.now()});
  }

  delayMs(gateway: string): number {
    const count = this.#count(gateway);
    return count < FREE ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(count - FREE, 10));
  }

  forget(gateway: string): void {
    this.#times.delete(gateway);
  }

  #count(gateway: string): number {
    const times = this.#times.get(gateway);
    return times === undefined || this.#clock.now() - times.last > FORGIVEN_MS ? 0 : times.count;
  }
}
