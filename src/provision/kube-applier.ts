/**
 * Makes a cluster have the objects that are to exist for Gateways, and no others of theirs: by server-side apply, Gateway by
 * Gateway. It looks at live objects before it writes, heals what others change, and only ever writes while it leads.
 */
import type {Json} from '../api/json.ts';
import {systemClock} from '../kube/clock.ts';
import type {Term} from '../kube/lease-term.ts';
import {structurallyEqual} from '../krt/index.ts';
import type {DesiredGateway} from './desired.ts';
import {Healing} from './healing.ts';
import type {KubeApplierOptions, Log} from './kube-applier-options.ts';
import {comesFirst} from './kube-kinds.ts';
import type {LiveSink} from './kube-live-feed.ts';
import {hasDataOf, KubeObjectWriter} from './kube-object-writer.ts';
import {KubeQueue} from './kube-queue.ts';
import {covers, type LiveObject, mayBecome, shared} from './live-object.ts';
import {gatewayOf, LiveSet} from './live-set.ts';
import {allDone, named, ProvisionError, TermOver} from './provision-errors.ts';
import {ProvisionReports} from './provision-reports.ts';
import {type DesiredChanges, type Wanted, WantedSet} from './wanted-set.ts';

export type ApplierCounts = {
  /** Objects written and deleted since the start. */
  readonly applied: number;
  readonly deleted: number;
  /** Times that the objects of a Gateway could not all be written. */
  readonly failures: number;
  /** Gateways that wait or are worked on. */
  readonly waiting: number;
};

export type KubeApplier = {
  /**
   * What one commit changed, in one call or in several without a pause; also while this process does not lead. The first call has all there is, even if that is
   * nothing: before it nothing is written, since everything that exists would seem to be unwanted.
   */
  apply(changes: DesiredChanges): void;
  /** From now on objects are written, until the term is over or `follow` is called. */
  lead(term: Term): void;
  /** Writes nothing more; resolves when nothing is under way. */
  follow(): Promise<void>;
  counts(): ApplierCounts;
  /** Resolves when nothing is worked on, nor could be at once. */
  idle(): Promise<void>;
};

export function createKubeApplier(options: KubeApplierOptions): KubeApplier {
  return new Applier(options);
}

/** What the server made of an object when it was applied: defaults and other spellings are not changes of somebody's. */
type Applied = {readonly hash: string; readonly result: Json};

class Applier implements KubeApplier {
  readonly #options: KubeApplierOptions;
  readonly #log: Log;
  readonly #fieldManager: string;
  readonly #writer: KubeObjectWriter;
  readonly #queue: KubeQueue;
  readonly #reports: ProvisionReports;
  readonly #healing: Healing;
  readonly #wanted = new WantedSet();
  readonly #live = new LiveSet();
  readonly #applied = new Map<string, Applied>();
  #lead: {readonly term: Term; readonly stop: () => void} | undefined;
  /** Everything live is known, and everything that is wanted. */
  #isSynced = false;
  #isTold = false;
  #counts = {applied: 0, deleted: 0, failures: 0};

  constructor(options: KubeApplierOptions) {
    const {client, log, fieldManager = 'sluice', clock = systemClock, random = Math.random} = options;
    this.#options = options;
    this.#log = log;
    this.#fieldManager = fieldManager;
    this.#writer = new KubeObjectWriter({client, fieldManager, requestMs: options.requestMs ?? 10_000});
    this.#reports = new ProvisionReports(options.onReport, random);
    this.#healing = new Healing(clock);
    const {concurrency = 8} = options;
    this.#queue = new KubeQueue({clock, concurrency, work: (gateway) => this.#work(gateway)});
  }

  apply(changes: DesiredChanges): void {
    const touched = this.#wanted.apply(changes);
    if (this.#isTold) {
      for (const gateway of touched) this.#enqueue(gateway);
    } else {
      this.#isTold = true;
      this.#enqueueAll();
    }
  }

  lead(term: Term): void {
    this.#rest();
    let isLeading = true;
    const {synced, stop} = this.#options.feed(this.#sink(() => isLeading));
    this.#lead = {
      term: {number: term.number, msLeft: () => (isLeading ? term.msLeft() : 0)},
      stop: () => {
        isLeading = false;
        stop();
      },
    };
    void synced.then(() => {
      if (!isLeading) return;
      this.#isSynced = true;
      this.#enqueueAll();
    });
  }

  async follow(): Promise<void> {
    this.#rest();
    await this.#queue.idle();
  }

  counts(): ApplierCounts {
    return {...this.#counts, waiting: this.#queue.size};
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #rest(): void {
    this.#lead?.stop();
    this.#lead = undefined;
    this.#isSynced = false;
    this.#live.clear();
    this.#applied.clear();
    this.#queue.clear();
    this.#reports.clear();
  }

  #enqueue(gateway: string, delayMs = 0): void {
    if (this.#isSynced && this.#isTold) this.#queue.add(gateway, delayMs);
  }

  #enqueueAll(): void {
    for (const gateway of new Set([...this.#wanted.gateways(), ...this.#live.gateways()])) this.#enqueue(gateway);
  }

  #sink(isLeading: () => boolean): LiveSink {
    return {
      set: (object) => {
        if (!isLeading()) return;
        this.#live.set(object);
        this.#changed(object.key, gatewayOf(object));
      },
      deleted: (key, uid) => {
        const live = this.#live.get(key);
        if (!isLeading() || live?.uid !== uid) return;
        this.#live.delete(key);
        this.#changed(key, gatewayOf(live));
      },
    };
  }

  /** Of what somebody has done to an object, or we have: there is work only if it is not as it is to be. */
  #changed(key: string, controller: string | undefined): void {
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) {
      if (controller !== undefined) this.#enqueue(controller);
    } else if (!this.#isCurrent(wanted, this.#live.get(key))) {
      const {gateway} = wanted.desired;
      this.#enqueue(gateway, this.#healing.delayMs(gateway));
    }
  }

  #isCurrent({desired, hash}: Wanted, live: LiveObject | undefined): boolean {
    if (live === undefined || live.terminating) return false;
    if (desired.keepExisting && hasDataOf(live, desired)) return true;
    if (live.applied !== hash) return false;
    const applied = this.#applied.get(desired.key);
    return applied?.hash === hash
      ? structurallyEqual(shared(live.body, desired.object), applied.result)
      : covers(live.body, desired.object);
  }

  async #work(gateway: string): Promise<number | undefined> {
    const term = this.#lead?.term;
    if (term === undefined) return undefined;
    const row = this.#wanted.gateway(gateway);
    try {
      if (row?.mode === 'managed') await this.#write(row, term);
      if (row === undefined) await this.#leave(gateway, term);
    } catch (error) {
      // What is begun anew is told anew.
      if (error instanceof TermOver || this.#lead?.term !== term) return undefined;
      this.#counts.failures++;
      const {message, retryMs} = this.#reports.failed(gateway, error);
      this.#log.warn({gateway, retryMs, reason: message}, 'what is to run for a Gateway could not all be made');
      return retryMs;
    }
    if (row === undefined) this.#healing.forget(gateway);
    this.#reports.succeeded(gateway);
    return undefined;
  }

  /** Everything that can be done is done, whatever fails of it. */
  async #write(gateway: DesiredGateway, term: Term): Promise<void> {
    const wanted = this.#wanted.of(gateway.key);
    const first = wanted.filter(({desired}) => comesFirst.has(desired.object.kind));
    const then = wanted.filter(({desired}) => !comesFirst.has(desired.object.kind));
    await allDone(first.map((object) => this.#put(object, gateway, term)));
    await allDone(then.map((object) => this.#put(object, gateway, term)));
    const surplus = this.#live.of(gateway.key).filter(({key}) => this.#wanted.get(key) === undefined);
    await allDone(surplus.map((live) => this.#remove(live, () => true, term)));
  }

  async #put(wanted: Wanted, gateway: DesiredGateway, term: Term): Promise<void> {
    const {desired, hash} = wanted;
    const {kind, metadata} = desired.object;
    const name = {kind, namespace: metadata.namespace, name: metadata.name};
    // What has no label of a Gateway is not followed, and what is new may not have been told of yet.
    const live = this.#live.get(desired.key) ?? (await named(name, this.#writer.read(name)));
    if (this.#isCurrent(wanted, live) && (desired.keepExisting || live?.gateway === gateway.name)) return;
    if (live !== undefined && !mayBecome(live, desired, gateway)) {
      const message = `${kind} ${name.namespace}/${name.name} exists and is not of Gateway ${gateway.key}`;
      throw new ProvisionError(`${message}: rename one of them`);
    }
    if (live?.terminating) throw new ProvisionError(`${kind} ${name.namespace}/${name.name} is still being deleted`);
    const isHealing = this.#applied.get(desired.key)?.hash === hash;
    // It is not live before it is told of: by then it may be gone again.
    const result = await named(name, this.#writer.apply(desired, term));
    this.#counts.applied++;
    this.#log.debug({object: desired.key, gateway: gateway.key}, 'object applied');
    if (isHealing) this.#healing.healed(gateway.key);
    this.#applied.set(desired.key, {hash, result: shared(result.body, desired.object)});
  }

  /** A Gateway that is none of ours any more: it is gone, or of another class now. */
  async #leave(gateway: string, term: Term): Promise<void> {
    // Whoever else applies an object has taken it over.
    const isOurs = ({applied, appliers}: LiveObject): boolean =>
      applied !== undefined && appliers.every((manager) => manager === this.#fieldManager);
    const ours = this.#live.of(gateway).filter(isOurs);
    await allDone(ours.map((live) => this.#remove(live, isOurs, term)));
  }

  /** Unless, by the time it is to be done, somebody has made another object of it. */
  async #remove(live: LiveObject, isStillOurs: (live: LiveObject) => boolean, term: Term): Promise<void> {
    this.#applied.delete(live.key);
    let version: LiveObject | undefined = live;
    // Statuses are written all the time, and each makes another version of it.
    for (let tries = 0; tries < 5; tries++) {
      if (version === undefined || version.terminating || version.uid !== live.uid) return;
      if (version.gateway !== live.gateway || !isStillOurs(version)) return;
      if (await named(live, this.#writer.remove(version, term))) {
        this.#counts.deleted++;
        this.#log.info({object: live.key}, 'object deleted, which is no longer wanted');
        return;
      }
      version = await named(live, this.#writer.read(live));
    }
    throw new ProvisionError(`${live.kind} ${live.namespace}/${live.name} changes all the time and cannot be deleted`);
  }
}
