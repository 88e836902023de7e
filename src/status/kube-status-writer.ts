/**
 * Writes statuses to an API server: the wanted rows on one side, what is live on the other, and requests for what
 * differs. Which request, if any, is decided from the newest of both each time (kube-decision.ts), so that it does not
 * matter what was missed, repeated or overtaken. When is up to kube-schedule.ts, how to kube-status-work.ts.
 */
import {setMaxListeners} from 'node:events';
import {type Clock, systemClock} from '../kube/clock.ts';
import {endlessTerm, type Term} from '../kube/lease-term.ts';
import type {LiveName, LiveObjects} from '../kube/live-objects.ts';
import {type ObjectName, objectPath} from '../kube/object-path.ts';
import type {KubeRow} from './kube-row.ts';
import {Schedule} from './kube-schedule.ts';
import {ServerPause} from './kube-server-pause.ts';
import {StatusCounters, type WriteCount} from './kube-status-counters.ts';
import {Entry, isNewer, liveNameOf, objectNameOf, rowKeyOf} from './kube-status-entry.ts';
import {defaultPacing, type KubeStatusWriterOptions} from './kube-status-options.ts';
import {listsOurs, newestObserved} from './kube-status-patch.ts';
import {createStatusSender} from './kube-status-sender.ts';
import {type Leading, PEACE_MS, StatusWork} from './kube-status-work.ts';
import {statusDocument, type StatusDocument} from './status-document.ts';

export type {KubeStatusWriterOptions} from './kube-status-options.ts';

export type KubeStatusChange = {readonly key: string; readonly new?: KubeRow};

export type KubeStatusCounts = {
  /** Writes that the server took, and ones that only took entries of ours out. */
  readonly written: number;
  readonly removed: number;
  /** Objects that are still to be written or looked at, those under way included. */
  readonly waiting: number;
  /** Of these, how many stand in line for a request. */
  readonly queued: number;
  /** Objects of which more is remembered than what is wanted: those, and what was written in the last minutes. */
  readonly remembered: number;
  readonly results: readonly WriteCount[];
};

export type KubeStatusWriter = {
  /** The first state, all of it. */
  start(rows: readonly KubeRow[]): void;
  /** What one commit changed; `new` absent = nothing is wanted any more. Of several changes of an object the last counts. */
  apply(changes: readonly KubeStatusChange[]): void;
  /**
   * Writes from now on, as long as the term lasts. All that is wanted is compared with what is live, and what is ours and
   * not wanted any more is taken out.
   */
  lead(term?: Term): void;
  /** Writes nothing from now on. What was sent and not answered is given up. */
  follow(): void;
  /** What is wanted now, sorted by key, whoever writes it. */
  list(): readonly StatusDocument[];
  counts(): KubeStatusCounts;
  /** Resolves when nothing waits; at once for one who does not lead. */
  idle(): Promise<void>;
  /** Writes what waits, tries nothing twice, then follows. */
  stop(): Promise<void>;
};

const unavailable = {firstMs: 200, mostMs: 10_000};
/** Work that is done before others have their turn, in milliseconds. */
const SLICE_MS = 5;

export function createKubeStatusWriter(options: KubeStatusWriterOptions): KubeStatusWriter {
  return new Writer(options);
}

class Writer implements KubeStatusWriter {
  readonly #live: LiveObjects;
  readonly #ours: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #stopMs: number;
  readonly #counters = new StatusCounters();
  readonly #work: StatusWork;
  readonly #schedule: Schedule;
  readonly #rows = new Map<string, KubeRow>();
  /** What is remembered, while leading, of objects that are worked on or were until recently. By key of row. */
  readonly #entries = new Map<string, Entry>();
  #leading: (Leading & {end(): void}) | undefined;
  /** Told to lead before the first state was there. */
  #promised: Term | undefined;
  #sweeping: Promise<void> | undefined;
  #isStarted = false;
  #isStopped = false;

  constructor(options: KubeStatusWriterOptions) {
    const {live, log, client, pathOf = objectPath, clock = systemClock, random = Math.random, observe} = options;
    this.#live = live;
    this.#ours = new Set(options.controllerNames);
    this.#clock = clock;
    this.#stopMs = options.stopMs ?? 5_000;
    const pause = new ServerPause(clock, unavailable, random);
    const {fieldManager = 'sluice', requestMs = 10_000} = options;
    this.#work = new StatusWork({
      live,
      sender: createStatusSender({client, pathOf, fieldManager, requestMs}),
      pause,
      ours: this.#ours,
      clock,
      random,
      graceMs: options.graceMs ?? 1_000,
      log,
      report: (report) => {
        this.#counters.add(report);
        observe?.(report);
      },
    });
    this.#schedule = new Schedule({
      clock,
      pacing: options.pacing ?? defaultPacing,
      concurrency: options.concurrency ?? 64,
      pause,
      isFirst: (entry) => newestObserved(this.#work.baseOf(entry)?.status, this.#ours) === 0,
      work: (entry) => (this.#leading === undefined ? {kind: 'settled'} : this.#work.do(entry, this.#leading)),
      hasMoved: (entry) => this.#work.hasMoved(entry),
      onSettled: (entry) => {
        // Of a hundred thousand objects that are as wanted after a start, nothing has to be remembered.
        if (entry.row === undefined || entry.isCalm(clock.now(), PEACE_MS)) this.#entries.delete(entry.key);
      },
    });
  }

  start(rows: readonly KubeRow[]): void {
    this.#isStarted = true;
    this.apply(rows.map((row) => ({key: row.key, new: row})));
    const term = this.#promised;
    this.#promised = undefined;
    if (term !== undefined) this.lead(term);
  }

  apply(changes: readonly KubeStatusChange[]): void {
    if (this.#isStopped) return;
    for (const {key, new: row} of changes) {
      const had = this.#rows.get(key);
      const named = row ?? had;
      if (row === had || named === undefined) continue;
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
      if (this.#leading === undefined) continue;
      const entry = this.#entries.get(key) ?? this.#enter(key, liveNameOf(named), named, had);
      entry.want(row);
      this.#schedule.touch(entry);
    }
  }

  lead(term: Term = endlessTerm): void {
    if (this.#isStopped) return;
    if (!this.#isStarted) {
      this.#promised = term;
      return;
    }
    this.follow();
    const aborting = new AbortController();
    // Every request listens to it.
    setMaxListeners(0, aborting.signal);
    const unsubscribe = this.#live.onChange((name) => this.#onLive(name));
    const stopForgetting = this.#every(PEACE_MS, () => this.#forgetCalm());
    this.#leading = {
      term,
      signal: aborting.signal,
      end: () => {
        unsubscribe();
        stopForgetting();
        aborting.abort();
      },
    };
    this.#sweeping = this.#sweep(aborting.signal, this.#compareAll());
  }

  follow(): void {
    this.#promised = undefined;
    this.#leading?.end();
    this.#leading = undefined;
    this.#schedule.clear();
    for (const entry of this.#entries.values()) entry.clearTimer();
    this.#entries.clear();
  }

  list(): readonly StatusDocument[] {
    return [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => statusDocument(row, undefined, {observedGeneration: row.generation}));
  }

  counts(): KubeStatusCounts {
    return {
      written: this.#counters.total('written'),
      removed: this.#counters.total('removed'),
      waiting: this.#schedule.waiting,
      queued: this.#schedule.queued,
      remembered: this.#entries.size,
      results: this.#counters.list(),
    };
  }

  async idle(): Promise<void> {
    await this.#sweeping;
    await this.#schedule.idle();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#schedule.flush();
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => (cancel = this.#clock.after(this.#stopMs, resolve)));
    await Promise.race([this.idle(), late]);
    cancel();
    this.follow();
  }

  #enter(key: string, name: LiveName, object: ObjectName, row: KubeRow | undefined): Entry {
    const entry = new Entry(key, name, object, row);
    entry.before = row;
    this.#entries.set(key, entry);
    return entry;
  }

  /** Takes as long as it takes, but holds nobody up. */
  async #sweep(signal: AbortSignal, steps: Iterator<void>): Promise<void> {
    while (!signal.aborted) {
      const began = this.#clock.now();
      while (this.#clock.now() - began <= SLICE_MS) if (steps.next().done === true) return;
      await new Promise<void>((resolve) => void this.#clock.after(0, resolve));
    }
  }

  *#compareAll(): Iterator<void> {
    for (const [key, row] of this.#rows) {
      this.#schedule.touch(this.#entries.get(key) ?? this.#enter(key, liveNameOf(row), row, row));
      yield;
    }
    for (const name of this.#live.names()) {
      if (!this.#rows.has(rowKeyOf(name))) this.#onLive(name);
      yield;
    }
  }

  #onLive(name: LiveName): void {
    const key = rowKeyOf(name);
    const row = this.#rows.get(key);
    const object = this.#live.get(name);
    const entry = this.#entries.get(key);
    // Two groups may have kinds of one name.
    if ((entry?.name ?? (row && liveNameOf(row)) ?? name).groupKind !== name.groupKind) return;
    if (entry !== undefined) {
      // Looked at afterwards: mostly it is the very thing that is being written.
      if (entry.busy) return;
      const known = entry.known?.object;
      if (object !== undefined && known !== undefined && isNewer(known, object)) return;
      entry.known = undefined;
      // Gone: its row will be, too. What the server answered to a request of ours: nothing new.
      if (object !== undefined && object.resourceVersion !== known?.resourceVersion) this.#schedule.touch(entry);
    } else if (object !== undefined && (row !== undefined || listsOurs(object.status, this.#ours))) {
      this.#schedule.touch(this.#enter(key, name, row ?? objectNameOf(name, object.apiVersion), row));
    }
  }

  #forgetCalm(): void {
    const now = this.#clock.now();
    for (const [key, entry] of this.#entries) if (entry.isCalm(now, PEACE_MS)) this.#entries.delete(key);
  }

  #every(ms: number, run: () => void): () => void {
    let cancel = (): void => {};
    const again = (): void => {
      cancel = this.#clock.after(ms, () => {
        run();
        again();
      });
    };
    again();
    return () => cancel();
  }
}
