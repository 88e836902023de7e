/**
 * Keeps a sink in step with one collection of an API server: lists it, watches it from there on, and gets over
 * everything that may come between. Nothing that the server does or says ends it; only stop() does.
 */
import {ApiError, type KubeClient} from './client.ts';
import type {Clock} from './clock.ts';
import {list} from './listing.ts';
import {BackOff, Pause} from './pauses.ts';
import type {End, ReflectorMeter, ReflectorSink, ReflectorState, Source} from './reflector-types.ts';
import type {Turns} from './turns.ts';
import {watch} from './watching.ts';

export type ReflectorOptions = {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly source: Source;
  readonly sink: ReflectorSink;
  readonly meter: ReflectorMeter;
  /** Shared by all reflectors of a process. */
  readonly turns: Turns;
  /** Whether the server sends everything by a watch; all reflectors of a server find that out together. */
  readonly watchLists: {areServed: boolean};
  readonly onState: (state: ReflectorState) => void;
  /** From 0 to below 1. */
  readonly random?: () => number;
};

export type Reflector = {
  /** At once, if it is waiting to try again. */
  poke(): void;
  /** Others have reached the server: at once, if it is waiting because it could not. */
  serverIsBack(): void;
  /** Final: the sink and onState hear nothing more from then on. */
  stop(): void;
};

export function startReflector(options: ReflectorOptions): Reflector {
  return new ReflectorLoop(options);
}

/** What lived so long was no failure to begin with. */
const LIVED_MS = 1_000;
const MIN_WATCH_SECONDS = 300;
/** A server may ask to be left alone for so long. */
const MAX_ASKED_MS = 60_000;

class ReflectorLoop implements Reflector {
  readonly #options: ReflectorOptions;
  readonly #stopping = new AbortController();
  /** After answers that were none, or no; and after watches that were agreed to and ended at once. */
  readonly #failures: BackOff;
  readonly #briefWatches: BackOff;
  readonly #pause: Pause;
  /** Where to go on; undefined where everything has to be read again. */
  #version: string | undefined;
  /** This collection cannot be had by a watch. */
  #needsList = false;
  /** When the watch under way was agreed to. */
  #began: number | undefined;
  #state: ReflectorState = {is: 'starting'};
  /** The server gave no answer, rather than one that says no. */
  #isCutOff = false;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#failures = new BackOff(options.random);
    this.#briefWatches = new BackOff(options.random);
    this.#pause = new Pause(options.clock);
    void this.#run();
  }

  poke(): void {
    this.#pause.end();
  }

  serverIsBack(): void {
    if (this.#isCutOff) this.#pause.end();
  }

  stop(): void {
    this.#stopping.abort();
    this.#pause.end();
  }

  async #run(): Promise<void> {
    const {signal} = this.#stopping;
    // The caller gets its reflector before anybody hears of it.
    await Promise.resolve();
    for (let reason = 'first'; !signal.aborted;) {
      const end = await this.#step(reason);
      if (end.is === 'stopped' || signal.aborted) return;
      const ms = this.#judge(end);
      if (ms > 0) await this.#pause.wait(ms);
      reason = reasonOf(end);
    }
  }

  /** One list or one watch. */
  async #step(reason: string): Promise<End> {
    const {client, source, sink, meter, watchLists} = this.#options;
    const {signal} = this.#stopping;
    this.#began = undefined;
    const isList = this.#version === undefined && (this.#needsList || !watchLists.areServed);
    meter.began(isList ? 'list' : 'watch', reason);
    try {
      return await (isList ? list(client, source, sink, {meter, signal}) : this.#watch());
    } catch (error) {
      // A fault of ours, in what takes the objects: it must not end in silence.
      return {is: 'doubtful', message: error instanceof Error ? (error.stack ?? error.message) : String(error)};
    }
  }

  #watch(): Promise<End> {
    const {client, source, sink, clock, meter, turns, random = Math.random} = this.#options;
    return watch(client, source, sink, {
      clock,
      meter,
      turns,
      signal: this.#stopping.signal,
      // Those that begin together must not end together.
      seconds: MIN_WATCH_SECONDS + Math.floor(random() * MIN_WATCH_SECONDS),
      from: this.#version,
      onBegin: () => {
        this.#began = clock.now();
        if (this.#version !== undefined) this.#report({is: 'following'});
      },
      onVersion: (version) => {
        const isFirst = this.#version === undefined;
        this.#version = version;
        if (isFirst) this.#report({is: 'following'});
      },
    });
  }

  /** What follows from an end; returns how long to wait before that. */
  #judge(end: Exclude<End, {is: 'stopped'}>): number {
    const isAgreed = this.#began !== undefined;
    const hasLived = this.#began !== undefined && this.#options.clock.now() - this.#began > LIVED_MS;
    // A server that has just been started agrees to watches and ends them again. What came before that is over.
    if (isAgreed) this.#failures.reset();
    if (hasLived) this.#briefWatches.reset();
    const backOff = isAgreed ? this.#briefWatches : this.#failures;
    const wasCutOff = this.#isCutOff;
    this.#isCutOff = end.is === 'failed' && !(end.error instanceof ApiError);
    switch (end.is) {
      case 'listed':
        this.#version = end.version;
        this.#report({is: 'following'});
        return 0;
      case 'ended':
        if (hasLived) return 0;
        // Changes are not heard of before the next watch.
        this.#report({is: 'unreachable', message: `GET ${this.#options.source.path}: the server ends watches at once`});
        return backOff.next();
      case 'expired':
        this.#version = undefined;
        this.#report({is: 'starting'});
        return hasLived ? 0 : backOff.next();
      case 'doubtful':
        this.#version = undefined;
        this.#report({is: 'unreachable', message: end.message});
        return backOff.next();
      case 'no-watch-list':
        if (end.never) this.#options.watchLists.areServed = false;
        this.#needsList = true;
        return 0;
      case 'failed':
        // It says no, so it is there again, and how long it was not is no reason to leave it alone.
        if (wasCutOff && !this.#isCutOff) backOff.reset();
        return this.#failed(end.error, backOff);
    }
  }

  #failed(error: unknown, backOff: BackOff): number {
    const message = error instanceof Error ? error.message : String(error);
    const status = error instanceof ApiError ? error.status : 0;
    // Of what is not there any more, nothing can be gone on with.
    if (status === 404) this.#version = undefined;
    this.#report({is: status === 404 ? 'missing' : status === 403 ? 'forbidden' : 'unreachable', message});
    const asked = error instanceof ApiError ? Math.min(error.retryAfterMs ?? 0, MAX_ASKED_MS) : 0;
    return Math.max(asked, backOff.next());
  }

  #report(state: ReflectorState): void {
    if (this.#stopping.signal.aborted) return;
    if (state.is === 'following' && this.#state.is === 'following') return;
    this.#state = state;
    this.#options.onState(state);
  }
}

/** For counters: few and fixed words. */
function reasonOf(end: Exclude<End, {is: 'stopped'}>): string {
  if (end.is !== 'failed') return end.is;
  return end.error instanceof ApiError ? String(end.error.status) : 'connection';
}
