/** Chooses what one client is sent next: one response at a time, additions before removals, in the order of types. */
import type {Backlog} from './backlog.ts';
import type {ClientState} from './client-state.ts';
import type {FirstSnapshot, Turn} from './first-snapshot.ts';
import type {Item} from './item.ts';
import type {Known} from './known.ts';
import type {Entry} from './store.ts';
import type {TypeState} from './type-state.ts';
import {removedNameBytes} from './wire.ts';

export type Response = {
  readonly state: TypeState;
  readonly entries: readonly Entry[];
  readonly removals: readonly {readonly name: string; readonly known: Known}[];
  /** Asked for and not there. */
  readonly absent: readonly string[];
};

type Limits = {readonly bytes: number; readonly resources: number};

/** Type URL, nonce and framing of a response. */
const envelopeBytes = 256;
/**
 * What must come in one piece has another limit. An agentgateway proxy takes messages up to 200 MiB. Envoy opens a
 * listener with the first VirtualHost of its RouteConfiguration, so all of them have to be in that response: a host that
 * came later would be answered 404 until then.
 */
const wholeBytes = 128 * 1024 * 1024;

class Batch {
  readonly entries: Entry[] = [];
  readonly removals: {readonly name: string; readonly known: Known}[] = [];
  readonly absent: string[] = [];
  readonly #limits: Limits;
  #bytes = envelopeBytes;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.entries.length + this.removals.length + this.absent.length;
  }

  /** Makes room for one more; a single one always fits. `whole`: it must not be parted from those before it. */
  admit(bytes: number, whole = false): boolean {
    const limit = whole ? wholeBytes : this.#limits.bytes;
    if (this.size > 0 && (this.size >= this.#limits.resources || this.#bytes + bytes > limit)) return false;
    this.#bytes += bytes;
    return true;
  }
}

export class Responses {
  readonly #client: ClientState;
  readonly #backlog: Backlog;
  readonly #firstSnapshot: FirstSnapshot;
  readonly #limits: Limits;
  readonly #mayRemove: () => boolean;

  /** `mayRemove`: false as long as it is not known what all the client has. */
  constructor(
    client: ClientState,
    backlog: Backlog,
    firstSnapshot: FirstSnapshot,
    options: {readonly maxBytes: number; mayRemove(): boolean},
  ) {
    this.#client = client;
    this.#backlog = backlog;
    this.#firstSnapshot = firstSnapshot;
    this.#limits = {bytes: options.maxBytes, resources: client.profile.maxResources};
    this.#mayRemove = () => options.mayRemove();
  }

  /** The next response; what is in it has left the backlog. Undefined: nothing to say now. */
  next(): Response | undefined {
    const {over} = this.#firstSnapshot;
    // One type may find that it waits for another, whose turn it is then.
    const addition = this.#nextAddition() ?? (over ? undefined : this.#nextAddition());
    if (addition !== undefined) return addition;
    const removals = this.#firstSnapshot.over && this.#mayRemove() ? this.#removals() : undefined;
    return removals ?? this.#owedAnswer();
  }

  #nextAddition(): Response | undefined {
    for (const state of this.#client.types) {
      const response = state.inFlight === undefined ? this.#additions(state) : undefined;
      if (response !== undefined) return response;
      if (state.items.size === 0 && this.#owes(state)) return toResponse(state, emptyBatch);
    }
    return undefined;
  }

  #additions(state: TypeState): Response | undefined {
    const turn = this.#firstSnapshot.turn(state.type);
    if (turn === 'wait') return undefined;
    const together = turn === 'whole' ? state.type : undefined;
    const batch = new Batch(this.#limitsOf(turn));
    for (const item of state.queues.suspects.ascending()) {
      if (this.#settle(item, batch, together) === 'full' || batch.size >= state.trial) break;
    }
    if (batch.size > 0) return toResponse(state, batch);
    for (const item of state.queues.adds.ascending()) {
      // A lower order still waits: the higher ones (a Bind after its Listener) are not for now.
      if (item.order > state.waitingAdds.lowest) break;
      if (this.#settle(item, batch, together) === 'full') break;
    }
    return batch.size === 0 ? undefined : toResponse(state, batch);
  }

  #limitsOf(turn: Exclude<Turn, 'wait'>): Limits {
    switch (turn) {
      case 'serving':
        return this.#limits;
      case 'chunks':
        return {...this.#limits, resources: Infinity};
      case 'whole':
        return {bytes: wholeBytes, resources: Infinity};
    }
  }

  /** Puts an item where it belongs: into the batch, aside, or away. */
  #settle(item: Item, batch: Batch, together: string | undefined): 'full' | 'settled' {
    const decision = this.#client.decide(item, together);
    switch (decision.kind) {
      case 'nothing':
        this.#backlog.drop(item);
        return 'settled';
      case 'wait':
        this.#backlog.waitFor(item, decision.ref);
        this.#promote(item, decision.ref);
        return 'settled';
      case 'wait-to-leave':
        this.#backlog.waitToLeave(item);
        return 'settled';
      case 'remove':
        this.#backlog.queueRemoval(item);
        return 'settled';
      case 'absent':
        if (!batch.admit(removedNameBytes(item.name))) return 'full';
        batch.absent.push(item.name);
        this.#backlog.drop(item);
        return 'settled';
      case 'add':
        if (!batch.admit(decision.entry.wire.length, this.#opens(decision.entry))) return 'full';
        batch.entries.push(decision.entry);
        this.#backlog.drop(item);
        return 'settled';
    }
  }

  /** It is among the first children of a parent that is new on the client. */
  #opens({parent}: Entry): boolean {
    return parent !== undefined && this.#client.known(parent)?.populated === false;
  }

  /** What an item of a lower order waits for must not wait for that order. */
  #promote(item: Item, ref: string): void {
    const prefix = `${item.state.type}|`;
    if (!ref.startsWith(prefix)) return;
    const target = item.state.items.get(ref.slice(prefix.length));
    if (target !== undefined) this.#backlog.promote(target, item.order);
  }

  /** Removals come after all additions, in the reverse order of types; overdue ones come at once. */
  #removals(): Response | undefined {
    const addsPending = this.#client.types.some((state) => state.addsPending);
    for (const state of this.#client.types.toReversed()) {
      if (state.inFlight !== undefined) {
        if (state.inFlight.removals.length > 0) return undefined;
        continue;
      }
      const batch = new Batch(this.#limits);
      this.#collectRemovals(state.queues.urgent.descending(), batch);
      if (!addsPending) this.#collectRemovals(state.queues.removals.descending(), batch);
      if (batch.size > 0) return toResponse(state, batch);
    }
    return undefined;
  }

  #collectRemovals(items: Iterable<Item>, batch: Batch): void {
    for (const item of items) {
      const decision = this.#client.decide(item);
      if (decision.kind === 'remove') {
        if (!batch.admit(removedNameBytes(item.name))) return;
        batch.removals.push({name: item.name, known: decision.known});
        this.#backlog.drop(item);
      } else if (decision.kind === 'wait-to-leave') this.#backlog.waitToLeave(item);
      else if (decision.kind === 'nothing') this.#backlog.drop(item);
      else this.#backlog.touch(item.state, item.name, item.order);
    }
  }

  /** An empty response where an answer is owed and nothing can be said at present. */
  #owedAnswer(): Response | undefined {
    const state = this.#client.types.find((candidate) => this.#owes(candidate));
    return state && toResponse(state, emptyBatch);
  }

  #owes(state: TypeState): boolean {
    return state.owesAnswer && state.idle && this.#firstSnapshot.turn(state.type) !== 'wait';
  }
}

const emptyBatch: Omit<Response, 'state'> = {entries: [], removals: [], absent: []};

function toResponse(state: TypeState, batch: Omit<Response, 'state'>): Response {
  const {entries, removals, absent} = batch;
  return {state, entries, removals, absent};
}
