import type {Clock} from '../../../src/xds/clock.ts';

/** Time that passes when a test says so. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Map<number, {readonly at: number; readonly run: () => void}>();
  #ids = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    this.#ids += 1;
    const id = this.#ids;
    this.#timers.set(id, {at: this.#now + ms, run});
    return () => {
      this.#timers.delete(id);
    };
  }

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, {at}]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [id, {at, run}] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      run();
    }
    this.#now = end;
  }
}
