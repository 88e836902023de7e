import type {Clock} from '../kube/clock.ts';

export type KubeQueueOptions = {
  readonly clock: Clock;
  /** Keys worked on at the same time. */
  readonly concurrency: number;
  /** Must not reject. Returns how many milliseconds later it is to be tried again, if it is. */
  readonly work: (key: string) => Promise<number | undefined>;
};

/**
 * Works on keys: each at most once at a time, and once more where it was added meanwhile. One that is to wait is worked
 * on at once when it is added again without a wait. Nothing is begun before whoever adds has come to an end.
 */
export class KubeQueue {
  readonly #options: KubeQueueOptions;
  readonly #ready = new Set<string>();
  readonly #waiting = new Map<string, {readonly due: number; readonly cancel: () => void}>();
  readonly #busy = new Set<string>();
  #idlers: (() => void)[] = [];

  constructor(options: KubeQueueOptions) {
    this.#options = options;
  }

  /** Keys that are worked on or could be. */
  get size(): number {
    return this.#ready.size + this.#waiting.size + this.#busy.size;
  }

  add(key: string, delayMs = 0): void {
    if (this.#ready.has(key)) return;
    const {clock} = this.#options;
    const due = clock.now() + delayMs;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.due <= due) return;
    waiting?.cancel();
    this.#waiting.delete(key);
    if (delayMs <= 0) {
      this.#ready.add(key);
      this.#next();
      return;
    }
    const cancel = clock.after(delayMs, () => {
      this.#waiting.delete(key);
      this.#ready.add(key);
      this.#next();
    });
    this.#waiting.set(key, {due, cancel});
  }

  /** Forgets everything that has not been begun. */
  clear(): void {
    for (const {cancel} of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#ready.clear();
    this.#rest();
  }

  /** Resolves when nothing is worked on, nor could be at once. */
  async idle(): Promise<void> {
    if (this.#busy.size === 0 && this.#ready.size === 0) return;
    await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  #next(): void {
    for (const key of this.#ready) {
      if (this.#busy.size >= this.#options.concurrency) return;
      if (this.#busy.has(key)) continue;
      this.#ready.delete(key);
      this.#busy.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    await Promise.resolve();
    const again = await this.#options.work(key);
    this.#busy.delete(key);
    if (again !== undefined) this.add(key, again);
    this.#next();
    this.#rest();
  }

  #rest(): void {
    if (this.#busy.size > 0 || this.#ready.size > 0) return;
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const idler of idlers) idler();
  }
}
