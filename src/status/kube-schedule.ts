import type {Clock} from '../kube/clock.ts';
import {FairQueue} from './kube-fair-queue.ts';
import type {ServerPause} from './kube-server-pause.ts';
import type {Entry} from './kube-status-entry.ts';
import type {Pacing} from './kube-status-options.ts';

/** How work on an object ended. */
export type Verdict =
  /** Nothing is to be done before something changes. */
  | {readonly kind: 'settled'}
  /** It waits for a change, and is looked at after a time all the same. */
  | {readonly kind: 'held'; readonly forMs: number}
  | {readonly kind: 'retry'; readonly inMs: number};

export type ScheduleOptions = {
  readonly clock: Clock;
  readonly pacing: Pacing;
  readonly concurrency: number;
  readonly pause: ServerPause;
  /** Whether it goes before others: it has never had a status. */
  readonly isFirst: (entry: Entry) => boolean;
  /** Does what is to be done now; never called for an entry that is under way. Must not throw, nor reject. */
  readonly work: (entry: Entry) => Verdict | Promise<Verdict>;
  /** Asked after work that took time: whether something became known meanwhile that it did not know of. */
  readonly hasMoved: (entry: Entry) => boolean;
  /** Nothing is left to do for it. */
  readonly onSettled: (entry: Entry) => void;
};

/** Work that is done before others have their turn, in milliseconds. */
const SLICE_MS = 5;

/** Decides when an object is worked on: paced by itself, in a fair order, so many at a time, none while the server rests. */
export class Schedule {
  readonly #options: ScheduleOptions;
  /** Those that wait, in line or for a time, and those under way. */
  readonly #active = new Set<Entry>();
  readonly #queue = new FairQueue<Entry>();
  #inFlight = 0;
  #isFlushing = false;
  /** Verdicts of work that began before `clear` do not count. */
  #era = 0;
  #cancelPump: (() => void) | undefined;
  #idlers: (() => void)[] = [];

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#active.size;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Something about it has changed. */
  touch(entry: Entry): void {
    const now = this.#options.clock.now();
    entry.changedAt = now;
    entry.waitingSince ??= now;
    this.#active.add(entry);
    if (entry.busy) entry.again = true;
    else this.#plan(entry);
  }

  /** From now on everything goes at once, and nothing is tried twice. */
  flush(): void {
    this.#isFlushing = true;
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    for (const entry of this.#active) if (!entry.busy) this.#plan(entry);
    this.#pump();
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#era++;
    for (const entry of this.#active) entry.clearTimer();
    this.#active.clear();
    this.#queue.clear();
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    this.#tellIdlers();
  }

  async idle(): Promise<void> {
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  #plan(entry: Entry): void {
    if (this.#queue.has(entry)) return;
    entry.clearTimer();
    const {clock, pacing, isFirst} = this.#options;
    const paced = Math.min(entry.changedAt + pacing.quietMs, entry.writtenAt + pacing.spacingMs);
    const wait = this.#isFlushing ? 0 : Math.max(paced, entry.notBefore) - clock.now();
    if (wait > 0) {
      entry.cancel = clock.after(wait, () => {
        entry.cancel = undefined;
        this.#plan(entry);
      });
      return;
    }
    this.#queue.add(entry, isFirst(entry));
    // Not in the commit that brought the change: proxies are told first.
    this.#pumpAfter(0);
  }

  #pumpAfter(ms: number): void {
    if (this.#cancelPump !== undefined) return;
    this.#cancelPump = this.#options.clock.after(ms, () => {
      this.#cancelPump = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    const {clock, concurrency, pause} = this.#options;
    const began = clock.now();
    while (this.#queue.size > 0) {
      const limit = this.#isFlushing ? concurrency : pause.limit(concurrency);
      if (this.#inFlight >= limit) {
        if (limit === 0) this.#pumpAfter(pause.msLeft());
        return;
      }
      if (clock.now() - began > SLICE_MS) return this.#pumpAfter(0);
      const entry = this.#queue.take();
      if (entry !== undefined) this.#begin(entry);
    }
  }

  #begin(entry: Entry): void {
    const verdict = this.#options.work(entry);
    if (!(verdict instanceof Promise)) return this.#end(entry, verdict);
    const era = this.#era;
    entry.busy = true;
    this.#inFlight++;
    void verdict.then((ended) => {
      entry.busy = false;
      this.#inFlight--;
      if (era === this.#era) {
        entry.again ||= this.#options.hasMoved(entry);
        this.#end(entry, ended);
      }
      this.#pump();
    });
  }

  #end(entry: Entry, verdict: Verdict): void {
    const {clock, onSettled} = this.#options;
    // Clocks count in fractions: without a least time, "in a moment" could be now, again and again.
    if (verdict.kind === 'retry') entry.notBefore = clock.now() + Math.max(1, verdict.inMs);
    if (entry.again) {
      entry.again = false;
      return this.#plan(entry);
    }
    if (verdict.kind === 'retry' && !this.#isFlushing) return this.#plan(entry);
    this.#active.delete(entry);
    if (verdict.kind === 'held') {
      if (Number.isFinite(verdict.forMs) && !this.#isFlushing) {
        entry.cancel = clock.after(verdict.forMs, () => {
          entry.cancel = undefined;
          this.touch(entry);
        });
      }
    } else {
      entry.waitingSince = undefined;
      onSettled(entry);
    }
    if (this.#active.size === 0) this.#tellIdlers();
  }

  #tellIdlers(): void {
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const tell of idlers) tell();
  }
}
