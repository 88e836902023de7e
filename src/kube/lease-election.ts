/**
 * Elects one of several replicas by a Lease. The leader renews it; who has seen no renewal for as long as the Lease says
 * may take it. Three things make sure that there are never two at a time, however late messages are:
 *
 * - A candidate counts from when it saw a renewal, which is after the renewal was made; the leader counts from when it
 *   sent it, which is before, and gives up earlier than others may take over. Both on clocks of their own that only go
 *   forward: the times in the Lease are for people.
 * - The Lease is written as a whole with its resourceVersion, so that of two who take it one is refused.
 * - Whoever acts for the leader asks `msLeft` of its term before each act, not the last news.
 */
import {type Clock, systemClock} from './clock.ts';
import {ApiError, type KubeClient} from './client.ts';
import {claimed, type Lease, newLease, readLease, released} from './lease.ts';
import type {Term} from './lease-term.ts';

type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

export type LeaseElectionOptions = {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of this process and no other: who finds itself in the Lease takes it for its own. */
  readonly identity: string;
  /** How long the others leave a leader alone that has not renewed; 15 s by default. Milliseconds, in full seconds. */
  readonly leaseMs?: number;
  /** How long a leader leads that cannot renew; less than `leaseMs`, 10 s by default. */
  readonly renewMs?: number;
  /** Between two attempts, at most; 2 s by default. */
  readonly retryMs?: number;
  readonly onElected: (term: Term) => void;
  /** The term is over, for whatever reason. */
  readonly onLost: (reason: string) => void;
  readonly log: Log;
  readonly clock?: Clock;
  /** 0 up to but not including 1. */
  readonly random?: () => number;
};

export type LeaseElection = {
  start(): void;
  /** Undefined for one who does not lead. */
  term(): Term | undefined;
  /** Who leads as far as is known; `''`: nobody. */
  holder(): string;
  /** Ends the term, gives the Lease back so that another one takes it at once. */
  stop(): Promise<void>;
};

/** Requests that find out, one after the other, that the Lease is not what it was. */
const MOST_TRIES = 3;

/** Throws RangeError where the times do not fit together. */
export function createLeaseElection(options: LeaseElectionOptions): LeaseElection {
  return new Election(options);
}

class Election implements LeaseElection {
  readonly #options: LeaseElectionOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #retryMs: number;
  readonly #stopping = new AbortController();

  /** As it was seen last; undefined: never, or it is gone. */
  #lease: Lease | undefined;
  /** What stood in it, and when that was seen first. */
  #observed = {holder: '', record: '', durationMs: 0, transitions: -1, at: -Infinity};
  #term: OwnTerm | undefined;
  #cancelDeadline: (() => void) | undefined;
  /** Microseconds since 1970; 0: never. */
  #claimedAt = 0;
  #running: Promise<void> | undefined;
  #trouble = '';

  constructor(options: LeaseElectionOptions) {
    const {leaseMs = 15_000, renewMs = 10_000, retryMs = 2_000} = options;
    if (!(leaseMs > renewMs && renewMs > retryMs && retryMs > 0)) {
      throw new RangeError(
        `leader election: leaseMs (${leaseMs}) must be more than renewMs (${renewMs}), and that more than retryMs (${retryMs})`,
      );
    }
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    // A Lease counts in seconds.
    this.#leaseMs = Math.ceil(leaseMs / 1_000) * 1_000;
    this.#renewMs = renewMs;
    this.#retryMs = retryMs;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  term(): Term | undefined {
    return this.#term;
  }

  holder(): string {
    return this.#observed.holder;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#lose('stopped');
    await this.#running;
    if (this.#claimedAt > 0) await this.#release();
  }

  async #run(): Promise<void> {
    const {signal} = this.#stopping;
    while (!signal.aborted) {
      const began = this.#clock.now();
      await this.#attempt();
      if (!signal.aborted) await this.#sleep(this.#nextAt(began) - this.#clock.now());
    }
  }

  #nextAt(began: number): number {
    const usual = began + this.#retryMs * (0.8 + 0.2 * this.#random());
    // As soon as the Lease is free, though not all who wait at once.
    const free = this.#freeAt() + 0.1 * this.#retryMs * this.#random();
    return free > began ? Math.min(usual, free) : usual;
  }

  /** Until then whoever holds the Lease is left alone. */
  #freeAt(): number {
    const {holder, durationMs, at} = this.#observed;
    return holder === '' || holder === this.#options.identity ? -Infinity : at + durationMs;
  }

  /** Renews the Lease, or takes it if it is free. Never rejects. */
  async #attempt(): Promise<void> {
    for (let tries = 1; !this.#stopping.signal.aborted; tries++) {
      try {
        // The leader knows what stands in the Lease. Where that is wrong, it is told so, and looks.
        if (this.#term === undefined || this.#lease === undefined || tries > 1) await this.#look();
        await this.#claim();
        if (this.#trouble !== '') this.#options.log.info({}, 'leader election works again');
        this.#trouble = '';
        return;
      } catch (error) {
        const isOutdated = error instanceof ApiError && (error.status === 409 || error.status === 404);
        if (!isOutdated || tries === MOST_TRIES) return this.#complain(error);
      }
    }
  }

  async #look(): Promise<void> {
    try {
      this.#observe(await this.#request('GET', `/${this.#options.name}`));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      // Deleted under a holder who may not know yet: what was seen before still counts.
      this.#lease = undefined;
    }
  }

  async #claim(): Promise<void> {
    const {namespace, name, identity} = this.#options;
    if (this.#term !== undefined && this.#term.msLeft() <= 0) this.#lose(tooLate);
    const sentAt = this.#clock.now();
    if (this.#stopping.signal.aborted || sentAt < this.#freeAt()) return;
    const renewed = this.#term;
    const claim = {
      holder: identity,
      durationMs: this.#leaseMs,
      renewedAt: this.#stamp(),
      ...(renewed === undefined && {transitions: this.#observed.transitions + 1}),
    };
    const lease = this.#lease;
    const answer =
      lease === undefined
        ? await this.#request('POST', '', newLease({namespace, name}, claim))
        : await this.#request('PUT', `/${name}`, claimed(lease, claim));
    this.#observe(answer);
    const until = sentAt + this.#renewMs;
    if (renewed === undefined) this.#begin(until);
    // An answer that comes too late revives nothing; the next claim begins another term.
    else if (renewed.msLeft() > 0) this.#go(renewed, until);
  }

  /** No two claims are alike, or others would take one for the other, though the time of day were to stand still. */
  #stamp(): number {
    this.#claimedAt = Math.max(this.#clock.date().getTime() * 1_000, this.#claimedAt + 1);
    return this.#claimedAt;
  }

  #observe(body: unknown): void {
    const lease = readLease(body);
    const {holder, record, transitions} = lease;
    const {log, identity} = this.#options;
    this.#lease = lease;
    if (record === this.#observed.record) return;
    if (holder !== this.#observed.holder && holder !== '' && holder !== identity)
      log.info({holder}, 'another replica leads');
    const durationMs = lease.durationMs > 0 ? lease.durationMs : this.#leaseMs;
    this.#observed = {holder, record, durationMs, transitions, at: this.#clock.now()};
    if (holder !== identity) this.#lose(holder === '' ? 'the Lease was given up' : `${holder} has taken the Lease`);
  }

  #begin(until: number): void {
    const {onElected, log, identity} = this.#options;
    if (until <= this.#clock.now() || this.#stopping.signal.aborted) return;
    const term = new OwnTerm(this.#observed.transitions, this.#clock);
    this.#term = term;
    this.#go(term, until);
    log.info({identity, term: term.number}, 'this replica leads');
    onElected(term);
  }

  /** Nobody else leads before `until`. */
  #go(term: OwnTerm, until: number): void {
    term.extend(until);
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#clock.after(term.msLeft(), () => this.#lose(tooLate));
  }

  #lose(reason: string): void {
    const term = this.#term;
    if (term === undefined) return;
    this.#cancelDeadline?.();
    this.#term = undefined;
    term.end();
    this.#options.log.info({term: term.number, reason}, 'this replica leads no more');
    this.#options.onLost(reason);
  }

  async #release(): Promise<void> {
    const {name, identity, log} = this.#options;
    try {
      // What became of the last claim may not be known.
      const lease = readLease(await this.#request('GET', `/${name}`));
      if (lease.holder === identity) await this.#request('PUT', `/${name}`, released(lease, this.#stamp()));
    } catch (error) {
      log.warn({reason: String(error)}, 'the Lease cannot be given back: others will wait until it expires');
    }
  }

  async #request(method: 'GET' | 'POST' | 'PUT', place: string, body?: unknown): Promise<unknown> {
    const {client, namespace} = this.#options;
    const {signal} = this.#stopping;
    const answer = await client.request({
      method,
      path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases${place}`,
      ...(body !== undefined && {body}),
      // What gives the Lease back is asked for after the end.
      ...(signal.aborted ? {timeoutMs: this.#retryMs} : {signal, timeoutMs: this.#renewMs / 2}),
    });
    return answer.body;
  }

  async #sleep(ms: number): Promise<void> {
    const {signal} = this.#stopping;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#clock.after(Math.max(0, ms), wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Once for each kind of trouble. */
  #complain(error: unknown): void {
    const {log} = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#stopping.signal.aborted) return;
    if (reason === this.#trouble) log.debug({reason}, 'leader election fails');
    else log.warn({reason}, 'leader election fails, trying again');
    this.#trouble = reason;
  }
}

const tooLate = 'the Lease could not be renewed in time';

class OwnTerm implements Term {
  readonly number: number;
  readonly #clock: Clock;
  #until = -Infinity;
  #isOver = false;

  constructor(number: number, clock: Clock) {
    this.number = number;
    this.#clock = clock;
  }

  msLeft(): number {
    return this.#isOver ? 0 : this.#until - this.#clock.now();
  }

  extend(until: number): void {
    this.#until = until;
  }

  end(): void {
    this.#isOver = true;
  }
}
