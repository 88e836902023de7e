import type {Clock} from '../kube/clock.ts';
import type {Term} from '../kube/lease-term.ts';
import type {LiveObject, LiveObjects} from '../kube/live-objects.ts';
import {type Decision, decide} from './kube-decision.ts';
import type {KubeRow} from './kube-row.ts';
import type {Verdict} from './kube-schedule.ts';
import {type BackOff, backOffMs, type ServerPause} from './kube-server-pause.ts';
import type {WriteReport, WriteResult} from './kube-status-counters.ts';
import {type Entry, isNewer} from './kube-status-entry.ts';
import type {Log} from './kube-status-options.ts';
import type {SendOutcome, StatusSender} from './kube-status-sender.ts';

export type Leading = {readonly term: Term; readonly signal: AbortSignal};

export type StatusWorkOptions = {
  readonly live: LiveObjects;
  readonly sender: StatusSender;
  readonly pause: ServerPause;
  readonly ours: ReadonlySet<string>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly graceMs: number;
  readonly log: Log;
  readonly report: (report: WriteReport) => void;
};

type Rest = Extract<Decision, {kind: 'nothing' | 'hold'}>;
type Step = Extract<Decision, {kind: 'look' | 'write'}>;
type Write = Extract<Decision, {kind: 'write'}>;

/** An object that others undo again and again is written less and less often, until they leave it alone for a while. */
const fight: BackOff = {firstMs: 200, mostMs: 30_000};
export const PEACE_MS = 60_000;
const failing: BackOff = {firstMs: 200, mostMs: 10_000};
/** Permissions are granted by people; but a server that has just been started may not know them yet. */
const forbidden: BackOff = {firstMs: 200, mostMs: 60_000};
/** What has failed so often in a row is worth a word. */
const COMPLAINT_AFTER = 3;
/** What the server answered counts for so long where the watch does not show it. */
const KNOWN_MS = 30_000;
/** In a row; then it is tried again later. */
const MOST_CONFLICTS = 4;
/** The same complaint about objects of one kind is repeated so often at most. */
const COMPLAINT_MS = 60_000;

const settled: Verdict = {kind: 'settled'};

/** Brings the status of one object to what is wanted, as far as that can be done now. */
export class StatusWork {
  readonly #options: StatusWorkOptions;
  /** When what was complained of last. */
  readonly #complaints = new Map<string, number>();

  constructor(options: StatusWorkOptions) {
    this.#options = options;
  }

  /** What is known to be live: what the watch saw, or what the server answered since. */
  baseOf(entry: Entry): LiveObject | undefined {
    const live = this.#options.live.get(entry.name);
    const {known} = entry;
    if (known === undefined || this.#options.clock.now() - known.at > KNOWN_MS) return live;
    return live === undefined || isNewer(known.object, live) ? known.object : live;
  }

  /** Whether the watch shows something that was not known when the entry was worked on last. */
  hasMoved({name, seen}: Entry): boolean {
    const live = this.#options.live.get(name);
    if (live === undefined || live.resourceVersion === seen?.resourceVersion) return false;
    return seen === undefined || !isNewer(seen, live);
  }

  /** Without a promise where nothing has to be asked or sent. */
  do(entry: Entry, leading: Leading): Verdict | Promise<Verdict> {
    const base = this.baseOf(entry);
    const decision = this.#decide(entry, base, false);
    switch (decision.kind) {
      case 'nothing':
      case 'hold':
        return this.#rest(entry, base, decision);
      case 'look':
        return this.#ask(entry, decision, leading);
      case 'write': {
        const truce = this.#truceMs(entry, decision.base);
        return truce > 0 ? {kind: 'retry', inMs: truce} : this.#ask(entry, decision, leading);
      }
    }
  }

  #decide(entry: Entry, base: LiveObject | undefined, isFresh: boolean): Decision {
    const {clock, ours, graceMs} = this.#options;
    const {row, refused, heldSince} = entry;
    entry.seen = base;
    const before = entry.settled === undefined ? entry.before : entry.settled.row;
    if (refused !== undefined && refused.row === row && refused.uid === base?.uid)
      return {kind: 'nothing', leftOut: []};
    return decide(row, base, {
      ours,
      now: `${clock.date().toISOString().slice(0, 19)}Z`,
      previous: before === row ? undefined : before,
      isFresh,
      heldMs: heldSince === undefined ? 0 : clock.now() - heldSince,
      graceMs,
    });
  }

  #rest(entry: Entry, base: LiveObject | undefined, decision: Rest): Verdict {
    if (decision.kind === 'hold') {
      entry.heldSince ??= this.#options.clock.now();
      return {kind: 'held', forMs: decision.forMs};
    }
    entry.heldSince = undefined;
    if (base !== undefined && entry.refused?.row !== entry.row) this.#settle(entry, entry.row, base, decision.leftOut);
    this.#report(entry, 'equal');
    return settled;
  }

  #settle(entry: Entry, row: KubeRow | undefined, {uid}: LiveObject, leftOut: readonly string[]): void {
    const isRepeated = entry.settled?.row === row && entry.settled?.uid === uid;
    if (leftOut.length > 0 && !isRepeated) {
      this.#options.log.warn(
        {object: entry.key, leftOut: leftOut.join(', ')},
        'the status of this object is full: there is no room beside what others have written',
      );
    }
    if (!isRepeated) entry.settled = {row, uid};
  }

  /** How long an object is left to those who undid what was written. */
  #truceMs(entry: Entry, {uid}: LiveObject): number {
    if (entry.settled === undefined || entry.settled.row !== entry.row || entry.settled.uid !== uid) {
      entry.undone = 0;
      return 0;
    }
    const sinceWritten = this.#options.clock.now() - entry.writtenAt;
    if (sinceWritten > PEACE_MS) entry.undone = 0;
    return entry.undone === 0 ? 0 : backOffMs(fight, entry.undone, () => 1) - sinceWritten;
  }

  /** Asks and sends until nothing more can be done now, at most a few times in a row. Never rejects. */
  async #ask(entry: Entry, first: Step, leading: Leading): Promise<Verdict> {
    let step = first;
    for (let conflicts = 0; ;) {
      const {row} = entry;
      const {outcome, requestMs} = await this.#send(entry, step, leading);
      // The term has ended meanwhile: what came of it is looked at by whoever leads next.
      if (leading.signal.aborted) return settled;
      if (outcome.kind === 'done') {
        this.#answered();
        entry.failures = 0;
        entry.known = {object: outcome.object, at: this.#options.clock.now()};
        if (step.kind === 'write') {
          this.#written(entry, row, outcome.object, step, requestMs);
          return settled;
        }
        const next = this.#decide(entry, outcome.object, true);
        if (next.kind === 'nothing' || next.kind === 'hold') {
          return this.#rest(entry, outcome.object, next);
        }
        step = next;
      } else if (outcome.kind === 'conflict' && conflicts < MOST_CONFLICTS) {
        conflicts++;
        this.#answered();
        this.#report(entry, 'conflict', requestMs);
        step = {kind: 'look'};
      } else {
        return this.#failed(entry, row, step, outcome, requestMs);
      }
    }
  }

  async #send(
    {object: {apiVersion, kind, namespace, name}, name: liveName}: Entry,
    step: Step,
    leading: Leading,
  ): Promise<{readonly outcome: SendOutcome; readonly requestMs: number}> {
    const {sender, clock, live} = this.#options;
    const began = clock.now();
    // Rows name the version that Sluice knows best. A server need not have that one.
    const base = step.kind === 'write' ? step.base : live.get(liveName);
    const inNamespace = namespace === undefined ? {} : {namespace};
    const object = {apiVersion: base?.apiVersion ?? apiVersion, kind, name, ...inNamespace};
    const outcome = await (step.kind === 'write'
      ? sender.write(object, step.base, step.fields, leading)
      : sender.read(object, leading.signal));
    return {outcome, requestMs: clock.now() - began};
  }

  #written(entry: Entry, row: KubeRow | undefined, object: LiveObject, {leftOut}: Write, requestMs: number): void {
    const {clock, log} = this.#options;
    const isRepeated = entry.settled?.row === row && entry.settled?.uid === object.uid;
    entry.undone = isRepeated ? entry.undone + 1 : 0;
    entry.writtenAt = clock.now();
    entry.heldSince = undefined;
    entry.seen = object;
    this.#settle(entry, row, object, leftOut);
    this.#report(entry, row === undefined ? 'removed' : 'written', requestMs);
    // What came while the request was under way has waited since then.
    entry.waitingSince = entry.again ? entry.changedAt : undefined;
    log.debug({object: entry.key}, row === undefined ? 'status entries removed' : 'status written');
  }

  #failed(
    entry: Entry,
    row: KubeRow | undefined,
    step: Step,
    failure: Exclude<SendOutcome, {kind: 'done'}>,
    requestMs: number,
  ): Verdict {
    const {pause, random, log} = this.#options;
    const {key} = entry;
    if (failure.kind === 'fenced') {
      this.#report(entry, 'fenced');
      return settled;
    }
    this.#report(entry, failure.kind, requestMs);
    switch (failure.kind) {
      case 'gone':
        this.#answered();
        entry.known = undefined;
        entry.heldSince = undefined;
        return settled;
      case 'refused':
        this.#answered();
        entry.refused = {row, uid: step.kind === 'write' ? step.base.uid : undefined};
        log.error(
          {object: key, reason: failure.reason},
          'the API server refuses this status; it is sent again when it changes',
        );
        return settled;
      case 'conflict':
        this.#answered();
        return {kind: 'retry', inMs: backOffMs(failing, ++entry.failures, random)};
      case 'forbidden':
        this.#answered();
        entry.failures++;
        this.#complain(entry, failure, 'may not write statuses of this kind');
        return {kind: 'retry', inMs: later(backOffMs(forbidden, entry.failures, random), failure.retryAfterMs)};
      case 'failed':
        entry.failures++;
        this.#complain(entry, failure, 'a status cannot be written, trying again');
        return {kind: 'retry', inMs: later(backOffMs(failing, entry.failures, random), failure.retryAfterMs)};
      case 'unavailable':
        if (pause.failed(failure.retryAfterMs)) {
          log.warn({reason: failure.reason}, 'the API server takes no statuses now, trying again');
        }
        return {kind: 'retry', inMs: 0};
    }
  }

  #answered(): void {
    if (this.#options.pause.succeeded()) this.#options.log.info({}, 'the API server takes statuses again');
  }

  #complain(
    {object: {kind}, key, failures}: Entry,
    failure: {readonly kind: string; readonly reason: string},
    message: string,
  ): void {
    const {clock, log} = this.#options;
    const what = `${failure.kind} ${kind}`;
    const isRecent = clock.now() - (this.#complaints.get(what) ?? -Infinity) < COMPLAINT_MS;
    if (failures < COMPLAINT_AFTER || isRecent) return;
    this.#complaints.set(what, clock.now());
    log.error({kind, object: key, reason: failure.reason}, message);
  }

  #report({object: {kind}, waitingSince}: Entry, result: WriteResult, requestMs?: number): void {
    this.#options.report({
      kind,
      result,
      ...(requestMs !== undefined && {requestMs}),
      ...(waitingSince !== undefined && {waitedMs: this.#options.clock.now() - waitingSince}),
    });
  }
}

const later = (ms: number, retryAfterMs: number | undefined): number => Math.max(ms, retryAfterMs ?? 0);
