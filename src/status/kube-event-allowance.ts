/** How many events each object may still have: some at once, and then one more from time to time. */
export class EventAllowance {
  readonly #burst: number;
  readonly #refillMs: number;
  /** When the allowance of an object will be whole again. */
  readonly #wholeAt = new Map<string, number>();

  constructor(burst: number, refillMs: number) {
    this.#burst = burst;
    this.#refillMs = refillMs;
  }

  /** Whether there is one more, which is then taken. Times in milliseconds, never going back. */
  take(subject: string, now: number): boolean {
    const wholeAt = Math.max(now, this.#wholeAt.get(subject) ?? now) + this.#refillMs;
    if (wholeAt - now > this.#burst * this.#refillMs) return false;
    this.#wholeAt.set(subject, wholeAt);
    return true;
  }

  /** Forgets those whose allowance is whole. */
  tidy(now: number): void {
    for (const [subject, wholeAt] of this.#wholeAt) if (wholeAt <= now) this.#wholeAt.delete(subject);
  }
}
