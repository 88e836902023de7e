/**
 * One client: what it wants, what it has, and what it is sent. Knows nothing of sockets: messages go out through
 * `send`, one at a time, and there is one response without answer per type at most.
 */
import {Backlog} from './backlog.ts';
import {ClientState} from './client-state.ts';
import type {ClientEvent, ClientNode, ClientProgress, ClientView, Log, ProfileName, TypeStats} from './api.ts';
import type {Clock} from './clock.ts';
import {FirstSnapshot} from './first-snapshot.ts';
import type {Item} from './item.ts';
import {Holders} from './known.ts';
import {profileOf} from './profile.ts';
import {progressOf} from './progress.ts';
import {refOf} from './ref.ts';
import {type Response, Responses} from './response.ts';
import {Settlement} from './settlement.ts';
import type {EntryChange, Scope, ScopeListener} from './store.ts';
import type {SubscriptionChange} from './subscription.ts';
import type {InFlight, TypeState} from './type-state.ts';
import {type DeltaRequest, encodeResponse} from './wire.ts';

export type SessionOptions = {
  readonly client: number;
  readonly node: ClientNode;
  readonly scopeName: string;
  readonly scope: Scope;
  readonly profile: ProfileName;
  /** Hands one message to the transport; `done` when that has passed it on. */
  readonly send: (message: Buffer, done: () => void) => void;
  readonly emit: (event: ClientEvent) => void;
  /** What was sent, for the totals. */
  readonly count: (type: string, sent: Omit<TypeStats, 'messages'>) => void;
  /** False: the store is not complete yet, and nothing is answered. */
  readonly isSynced: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxMessageBytes: number;
  readonly gateTimeoutMs: number;
};

/** How long the requests of one stream take to come in, one per type. */
const openingMs = 1000;

export class Session implements ScopeListener {
  readonly #options: SessionOptions;
  readonly #connectedAt: Date;
  readonly #client: ClientState;
  readonly #backlog: Backlog;
  readonly #responses: Responses;
  readonly #settlement: Settlement;
  readonly #firstSnapshot: FirstSnapshot;
  readonly #stopOpening: () => void;
  /** Requests for further types may still be on their way. */
  #opening = true;
  #reconnected = false;
  #writing = false;
  #pumping = false;
  #closed = false;
  #nonces = 0;

  constructor(options: SessionOptions) {
    const {clock, scope} = options;
    const profile = profileOf(options.profile);
    this.#options = options;
    this.#connectedAt = new Date(clock.now());
    this.#backlog = new Backlog(clock, options.gateTimeoutMs, (items) => this.#outOfPatience(items));
    this.#client = new ClientState(scope, profile, new Holders((ref) => this.#backlog.free(ref)));
    this.#settlement = new Settlement(this.#client, this.#backlog);
    this.#firstSnapshot = new FirstSnapshot(profile.readiness, {
      pending: (type) => this.#client.type(type)?.items.size ?? 0,
      waiting: (type) => this.#client.type(type)?.waitingAdds.total ?? 0,
      inFlight: (type) => this.#client.type(type)?.inFlight !== undefined,
    });
    this.#responses = new Responses(this.#client, this.#backlog, this.#firstSnapshot, {
      maxBytes: options.maxMessageBytes,
      mayRemove: () => !this.#reconnected || !this.#opening || this.#allAsked(),
    });
    this.#stopOpening = clock.after(openingMs, () => {
      this.#opening = false;
      this.#firstSnapshot.stopWaiting();
      this.pump();
    });
  }

  get scopeName(): string {
    return this.#options.scopeName;
  }

  receive(request: DeltaRequest): void {
    if (this.#closed) return;
    const state = this.#client.open(request.type);
    const {fresh} = state.subscription;
    const change = state.subscription.update(request.subscribe, request.unsubscribe);
    if (fresh) this.#claim(state, request.initialVersions);
    this.#subscribe(state, change, fresh);
    const {inFlight} = state;
    // A stale nonce is no answer; what the request subscribes to counts all the same.
    if (inFlight !== undefined && inFlight.nonce === request.nonce) this.#answered(state, inFlight, request);
    this.pump();
  }

  changed(changes: readonly EntryChange[]): void {
    for (const {type, name, entry} of changes) {
      if (entry === undefined) this.#wakeWaiters(type, name);
      const state = this.#client.type(type);
      if (state?.subscription.covers(name) === true) this.#touch(state, name);
    }
    this.pump();
  }

  /** Sends what can be sent. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#closed && !this.#writing && this.#options.isSynced()) {
        const response = this.#responses.next();
        if (response === undefined) break;
        this.#send(response);
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** Sends again what the client has rejected: what was in its way may be gone. */
  retryRejected(): void {
    for (const state of this.#client.types) {
      for (const name of state.rejected.keys()) this.#touch(state, name, {forced: true, asked: false});
    }
    this.pump();
  }

  close(): void {
    this.#closed = true;
    this.#stopOpening();
    this.#backlog.close();
  }

  progress(): ClientProgress {
    const {client, node, profile} = this.#options;
    return {client, profile, node, connectedAt: this.#connectedAt, types: progressOf(this.#client)};
  }

  view(): ClientView {
    const {client, node, profile, scopeName} = this.#options;
    return {
      client,
      scope: scopeName,
      profile,
      node,
      connectedAt: this.#connectedAt,
      types: this.#client.types.map(({type, known, rejected, items}) => ({
        type,
        sent: known.size,
        acknowledged: known.acknowledged,
        rejected: [...rejected.keys()],
        pending: items.size,
      })),
    };
  }

  /** First request of a type: what the client has from an earlier stream. */
  #claim(state: TypeState, versions: Readonly<Record<string, string>>): void {
    let claims = 0;
    for (const [name, version] of Object.entries(versions)) {
      claims += 1;
      if (!state.subscription.covers(name)) continue;
      const stamp = this.#client.scope.get(state.type, name)?.stamp;
      const current = stamp?.version === version ? stamp : undefined;
      state.known.claim(name, current ?? {version, refs: [], order: stamp?.order ?? 0});
      if (this.#isLed(state.type, name)) this.#touch(state, name, {forced: true, asked: false});
      else if (current === undefined) this.#touch(state, name);
      const ref = refOf(state.type, name);
      this.#backlog.wake(ref);
      for (const child of this.#client.scope.children(ref).values()) {
        const children = this.#client.type(child.type);
        if (children?.subscription.covers(child.name) === true) this.#touch(children, child.name);
      }
    }
    if (claims > 0) this.#reconnected = true;
    this.#firstSnapshot.asked(state.type, claims > 0);
  }

  #subscribe(state: TypeState, change: SubscriptionChange, fresh: boolean): void {
    const {subscription, known} = state;
    if (change.wildcard === 'lost') {
      for (const name of [...known.names(), ...state.items.keys()]) {
        if (!subscription.covers(name)) this.#forget(state, name);
      }
    }
    for (const name of change.dropped) {
      // Under a wildcard the client cannot know whether it is to keep it: it is told.
      if (!subscription.wildcard) this.#forget(state, name);
      else if (change.named.has(name) || known.get(name) !== undefined) this.#ask(state, name);
    }
    if (change.wildcard === 'gained') {
      state.owesAnswer = true;
      for (const [name, {stamp}] of this.#client.scope.all(state.type)) {
        const has = known.get(name);
        if (has?.alive !== true || has.acked?.version !== stamp.version) this.#touch(state, name);
      }
    }
    for (const name of change.added) {
      // What it claims in the same breath it has not dropped.
      if (!fresh || known.get(name) === undefined) this.#ask(state, name);
    }
  }

  /** The client wants to be told about this name, whatever it was told before. */
  #ask(state: TypeState, name: string): void {
    state.known.renew(name);
    this.#touch(state, name, {forced: true, asked: true});
  }

  #touch(state: TypeState, name: string, flags?: {readonly forced: boolean; readonly asked: boolean}): void {
    const known = state.known.get(name);
    const stamp = this.#client.scope.get(state.type, name)?.stamp ?? known?.acked ?? known?.sent;
    this.#backlog.touch(state, name, stamp?.order ?? 0, flags);
  }

  /** The client has dropped it, and wants it no more. */
  #forget(state: TypeState, name: string): void {
    state.known.forget(name);
    state.rejected.delete(name);
    const item = state.items.get(name);
    if (item !== undefined) this.#backlog.drop(item);
    this.#wakeWaiters(state.type, name);
  }

  #wakeWaiters(type: string, name: string): void {
    this.#backlog.wake(refOf(type, name));
    const companion = this.#client.profile.companion(type);
    if (companion !== undefined) this.#backlog.wake(refOf(companion, name));
  }

  #send({state, entries, removals, absent}: Response): void {
    const {client, clock, count, log, send} = this.#options;
    this.#nonces += 1;
    const nonce = String(this.#nonces);
    const removed = [...removals.map(({name}) => name), ...absent];
    const message = encodeResponse({type: state.type, nonce, entries: entries.map(({wire}) => wire), removed});
    const resources = entries.map(({name, stamp, parent}) => {
      const holder = parent === undefined ? undefined : this.#client.known(parent);
      if (holder !== undefined) holder.populated = true;
      const acked = state.known.get(name)?.acked;
      if (acked !== undefined && acked.version !== stamp.version) this.#resendCompanion(state.type, name);
      const known = state.known.send(name, stamp);
      return {name, stamp, known, life: known.life};
    });
    for (const {known} of removals) known.alive = false;
    state.inFlight = {nonce, sentAt: clock.now(), resources, removals, absent};
    state.owesAnswer = false;
    this.#firstSnapshot.sent(state.type, entries.length);
    count(state.type, {resources: entries.length, removed: removed.length, bytes: message.length});
    log.debug(
      {client, type: state.type, nonce, resources: entries.length, removed: removed.length, bytes: message.length},
      'response',
    );
    this.#writing = true;
    send(message, () => {
      this.#writing = false;
      this.pump();
    });
  }

  /**
   * A changed Cluster warms anew and waits for its endpoints, or for the word that there are none, which the client
   * does not ask for again. Not a matter of its ACK: Envoy gives that only when the Cluster is warm.
   */
  #resendCompanion(type: string, name: string): void {
    const companion = this.#client.profile.companion(type);
    const state = companion === undefined ? undefined : this.#client.type(companion);
    if (state?.subscription.covers(name) === true) this.#touch(state, name, {forced: true, asked: true});
  }

  /** What this is the companion of was sent on this stream, before the client said that it has this. */
  #isLed(companion: string, name: string): boolean {
    return this.#client.types.some(
      ({type, known}) => this.#client.profile.companion(type) === companion && known.get(name)?.sent !== undefined,
    );
  }

  #answered(state: TypeState, inFlight: InFlight, {error}: DeltaRequest): void {
    const {client, clock, emit, log} = this.#options;
    const {type} = state;
    state.inFlight = undefined;
    const nack = error && this.#client.profile.readNack(error.message);
    const {accepted, rejected, warned} = this.#settlement.settle(state, inFlight, nack);
    const message = error?.message ?? '';
    for (const [names, warning] of [
      [rejected, false],
      [warned, true],
    ] as const) {
      if (names.length === 0 && (warning || error === undefined || warned.length > 0)) continue;
      log.warn({client, type, names, warning, error: message}, 'client rejects resources');
      emit({kind: 'rejected', client, type, names, warning, message});
    }
    if (accepted.length > 0 || error === undefined) {
      emit({kind: 'acknowledged', client, type, names: accepted, ms: clock.now() - inFlight.sentAt});
    }
  }

  #outOfPatience(items: readonly Item[]): void {
    const {client, gateTimeoutMs, log} = this.#options;
    const names = items.slice(0, 5).map(({state, name}) => refOf(state.type, name));
    log.warn(
      {client, count: items.length, names, ms: gateTimeoutMs},
      'references not acknowledged in time, sent anyway',
    );
    this.pump();
  }

  /** Every type this kind of client asks for has been asked for. */
  #allAsked(): boolean {
    const {readiness} = this.#client.profile;
    return readiness.length > 0 && readiness.every((type) => this.#client.type(type) !== undefined);
  }
}
