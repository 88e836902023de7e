/**
 * Tells of occurrences by events. Events are for people who look: one that is repeated is counted, one that comes too
 * often is left out, and whoever records one never waits, for whatever becomes of it.
 */
import {type Clock, systemClock} from '../kube/clock.ts';
import {EventAllowance} from './kube-event-allowance.ts';
import {ApiError, type KubeClient, type KubeRequest} from '../kube/client.ts';
import {
  eventName,
  eventOf,
  eventsPath,
  identityOf,
  type Occurrence,
  type Reporter,
  seriesOf,
  subjectOf,
} from './kube-event.ts';
import type {Log} from './kube-status-options.ts';

export type {Occurrence, Reporter} from './kube-event.ts';

export type EventRecorderOptions = {
  readonly client: KubeClient;
  readonly reporter: Reporter;
  readonly log: Pick<Log, 'debug' | 'warn'>;
  readonly clock?: Clock;
  readonly limits?: Partial<EventLimits>;
};

export type EventLimits = {
  /** An object has so many different events at once, … */
  readonly burst: number;
  /** … and one more for each of these, in milliseconds. */
  readonly refillMs: number;
  /** The count of an event that is repeated is written so often, in milliseconds. */
  readonly seriesMs: number;
  /** An event that has not been repeated for so long begins anew, in milliseconds. */
  readonly forgetMs: number;
  /** Events that wait to be written, and events that are remembered. */
  readonly waiting: number;
  readonly remembered: number;
};

const defaultLimits: EventLimits = {
  burst: 10,
  refillMs: 30_000,
  seriesMs: 10_000,
  forgetMs: 360_000,
  waiting: 1_000,
  remembered: 4_000,
};

export type EventCounts = {
  /** Requests that the server took. */
  readonly written: number;
  /** Occurrences that were only counted, with one of the same kind. */
  readonly repeated: number;
  /** Occurrences that nobody is told of: too many of one object, or the server would not take them. */
  readonly dropped: number;
};

export type EventRecorder = {
  /** Returns at once. */
  record(occurrence: Occurrence): void;
  counts(): EventCounts;
  /** Writes what waits, for a short while, and takes nothing more. */
  stop(): Promise<void>;
};

/** One event, and how often it has happened. */
type Series = {
  readonly occurrence: Occurrence;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  lastAt: number;
  /** On the clock that only goes forward. */
  seenAt: number;
  count: number;
  /** The count that the server knows of; 0: there is no event yet. */
  told: number;
  failures: number;
};

const UNDER_WAY = 2;
const TRIES = 5;
const RETRY_MS = 1_000;
const TIMEOUT_MS = 10_000;
const STOP_MS = 2_000;
const TIDY_MS = 60_000;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #limits: EventLimits;
  readonly #allowance: EventAllowance;
  readonly #series = new Map<string, Series>();
  /** Those that wait for their time, with what ends that; those whose time has come; those under way. */
  readonly #timers = new Map<Series, () => void>();
  readonly #due = new Set<Series>();
  readonly #underWay = new Set<Series>();
  readonly #counts = {written: 0, repeated: 0, dropped: 0};
  readonly #stopping = new AbortController();
  #isStopped = false;
  #tidiedAt: number;
  #complaint = '';
  #onIdle = (): void => {};

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = {...defaultLimits, ...options.limits};
    this.#allowance = new EventAllowance(this.#limits.burst, this.#limits.refillMs);
    this.#tidiedAt = this.#clock.now();
  }

  record(occurrence: Occurrence): void {
    if (this.#isStopped) return;
    const now = this.#clock.now();
    const at = this.#clock.date().getTime();
    if (now - this.#tidiedAt > TIDY_MS) this.#tidy(now);
    const identity = identityOf(occurrence);
    const known = this.#series.get(identity);
    if (known !== undefined) {
      this.#counts.repeated++;
      known.count++;
      known.lastAt = at;
      known.seenAt = now;
      this.#tellLater(known, this.#limits.seriesMs);
      return;
    }
    const isFull = this.#series.size >= this.#limits.remembered || this.#due.size >= this.#limits.waiting;
    if (isFull || !this.#allowance.take(subjectOf(occurrence.regarding), now)) {
      this.#counts.dropped++;
      return;
    }
    const series = {occurrence, firstAt: at, lastAt: at, seenAt: now, count: 1, told: 0, failures: 0};
    this.#series.set(identity, series);
    // Not within whatever brought it about.
    this.#tellLater(series, 0);
  }

  counts(): EventCounts {
    return {...this.#counts};
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const [series, cancel] of this.#timers) {
      cancel();
      this.#due.add(series);
    }
    this.#timers.clear();
    const cancel = this.#clock.after(STOP_MS, () => {
      this.#stopping.abort();
      this.#due.clear();
      this.#onIdle();
    });
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#pump();
    });
    cancel();
  }

  #tellLater(series: Series, ms: number): void {
    if (this.#timers.has(series) || this.#due.has(series) || this.#underWay.has(series)) return;
    const due = (): void => {
      this.#timers.delete(series);
      this.#due.add(series);
      this.#pump();
    };
    this.#timers.set(series, this.#clock.after(ms, due));
  }

  #pump(): void {
    for (const series of this.#due) {
      if (this.#underWay.size >= UNDER_WAY) return;
      this.#due.delete(series);
      this.#underWay.add(series);
      void this.#tell(series).then((nextMs) => {
        this.#underWay.delete(series);
        if (nextMs !== undefined && !this.#isStopped) this.#tellLater(series, nextMs);
        this.#pump();
      });
    }
    if (this.#underWay.size === 0) this.#onIdle();
  }

  /** Resolves to when it is to be told next, if at all. Never rejects. */
  async #tell(series: Series): Promise<number | undefined> {
    const {count} = series;
    try {
      await this.#options.client.request(this.#requestFor(series));
    } catch (error) {
      return this.#failed(series, count, error);
    }
    this.#counts.written++;
    series.told = count;
    series.failures = 0;
    return series.count > count ? this.#limits.seriesMs : undefined;
  }

  #requestFor({occurrence, firstAt, lastAt, count, told}: Series): KubeRequest {
    const {reporter} = this.#options;
    const name = eventName(occurrence, reporter, firstAt);
    const path = eventsPath(occurrence);
    const common = {signal: this.#stopping.signal, timeoutMs: TIMEOUT_MS};
    const series = count > 1 ? seriesOf(count, lastAt) : {};
    if (told === 0) {
      const body = {...eventOf(occurrence, reporter, name, firstAt), ...series};
      return {method: 'POST', path, body, ...common};
    }
    return {
      method: 'PATCH',
      path: `${path}/${name}`,
      contentType: 'application/merge-patch+json',
      body: series,
      ...common,
    };
  }

  #failed(series: Series, count: number, error: unknown): number | undefined {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 409 && series.told === 0) {
      // An earlier request was done after all.
      series.told = 1;
      return count > 1 ? this.#limits.seriesMs : undefined;
    }
    if (status === 404 && series.told > 0) {
      // Events do not live long.
      series.told = 0;
      return 0;
    }
    const mayPass = status === 0 || status === 429 || status >= 500;
    if (mayPass && ++series.failures < TRIES) return RETRY_MS * 2 ** series.failures;
    this.#counts.dropped++;
    series.failures = 0;
    if (!this.#stopping.signal.aborted) this.#complain(error);
    // It is told of when it happens again.
    return undefined;
  }

  /** Once for each kind of trouble. */
  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const kind = error instanceof ApiError ? `${error.status} ${error.reason}` : 'connection';
    const {log} = this.#options;
    if (kind === this.#complaint) log.debug({reason}, 'an event cannot be written');
    else log.warn({reason}, 'events cannot be written; they are left out');
    this.#complaint = kind;
  }

  #tidy(now: number): void {
    this.#tidiedAt = now;
    this.#allowance.tidy(now);
    for (const [identity, series] of this.#series) {
      if (now - series.seenAt >= this.#limits.forgetMs) this.#series.delete(identity);
    }
  }
}
