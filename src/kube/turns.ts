/** How long the readers of many streams together may keep the event loop busy before others get their turn. */
const SLICE_MS = 10;

export class Turns {
  /** When the work of this turn began. */
  #began: number | undefined;
  #next: Promise<void> | undefined;

  /** Undefined while there is time left in this turn; otherwise what to wait for before going on. */
  over(): Promise<void> | undefined {
    const now = performance.now();
    if (this.#began === undefined) {
      this.#began = now;
      this.#next = new Promise((resolve) => {
        setImmediate(() => {
          this.#began = undefined;
          resolve();
        });
      });
      return undefined;
    }
    return now - this.#began < SLICE_MS ? undefined : this.#next;
  }
}
