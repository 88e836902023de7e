/** What follows from the client's answer to a response, an ACK or a NACK, for each name in it. */
import type {Backlog} from './backlog.ts';
import type {ClientState} from './client-state.ts';
import type {Nack} from './nack.ts';
import {refOf} from './ref.ts';
import type {InFlight, Sent, TypeState} from './type-state.ts';

/** What to report of it. */
export type Settled = {
  readonly accepted: readonly string[];
  /** Not applied. */
  readonly rejected: readonly string[];
  /** Applied, with a warning. */
  readonly warned: readonly string[];
};

export class Settlement {
  readonly #client: ClientState;
  readonly #backlog: Backlog;

  constructor(client: ClientState, backlog: Backlog) {
    this.#client = client;
    this.#backlog = backlog;
  }

  settle(state: TypeState, inFlight: InFlight, nack: Nack | undefined): Settled {
    const verdict = verdictOf(inFlight, nack);
    state.trial = verdict.split ? Math.max(1, Math.floor(inFlight.resources.length / 2)) : state.trial * 2;
    const accepted: string[] = [];
    const rejected: string[] = [];
    const warned: string[] = [];
    for (const sent of inFlight.resources) {
      const {name} = sent;
      if (verdict.rejects(name)) rejected.push(name);
      else accepted.push(name);
      if (verdict.warns(name)) warned.push(name);
      // Unsubscribed meanwhile: the client has dropped it, whatever it thought of it.
      if (state.known.get(name) !== sent.known) continue;
      if (!verdict.rejects(name)) this.#accept(state, sent);
      else if (verdict.split) this.#retry(state, sent);
      else this.#refuse(state, sent);
    }
    for (const {name, known} of inFlight.removals) {
      // A client that refuses a removal has been seen nowhere; to ask again would not help.
      if (nack?.kind === 'whole') rejected.push(name);
      else accepted.push(name);
      if (state.known.get(name) === known) state.known.forget(name);
    }
    // Rejected with the resources of the same response, so the client does not know it yet.
    if (nack?.kind === 'whole' && inFlight.resources.length > 0) {
      for (const name of inFlight.absent) this.#backlog.touch(state, name, 0, {asked: true});
    }
    if (rejected.length === 0) state.clean = true;
    // The client turns ready with its first response without error: what it did accept has to be enough.
    else if (!state.clean && this.#client.profile.readiness.includes(state.type)) state.owesAnswer = true;
    return {accepted, rejected, warned};
  }

  #accept(state: TypeState, {name, stamp, known, life}: Sent): void {
    const ref = refOf(state.type, name);
    const revived = !known.alive && life === known.life;
    state.known.accept(known, stamp);
    if (revived) {
      known.alive = true;
      known.populated = false;
    }
    state.rejected.delete(name);
    this.#backlog.wake(ref);
    if (revived) this.#resendChildren(ref);
  }

  #refuse(state: TypeState, {name, stamp, known}: Sent): void {
    state.known.refuse(name, known, stamp);
    state.rejected.set(name, stamp.version);
    this.#backlog.wake(refOf(state.type, name));
    const companion = this.#client.profile.companion(state.type);
    if (companion !== undefined) this.#backlog.wake(refOf(companion, name));
  }

  /** Only sent alone can a resource be blamed for the rejection; until then the client may or may not have it. */
  #retry(state: TypeState, {name, stamp}: Sent): void {
    const entry = this.#client.scope.get(state.type, name);
    this.#backlog.touch(state, name, entry?.stamp.order ?? stamp.order, {suspect: true});
  }

  /** The parent is new on the client, so it has none of its children, whatever it was sent before. */
  #resendChildren(ref: string): void {
    for (const child of this.#client.scope.children(ref).values()) {
      const state = this.#client.type(child.type);
      if (state?.subscription.covers(child.name) === true) {
        this.#backlog.touch(state, child.name, child.stamp.order, {forced: true});
      }
    }
  }
}

type Verdict = {
  rejects(name: string): boolean;
  warns(name: string): boolean;
  /** The rejected ones are to be tried again in smaller responses. */
  readonly split: boolean;
};

const acceptance: Verdict = {rejects: () => false, warns: () => false, split: false};

function verdictOf(inFlight: InFlight, nack: Nack | undefined): Verdict {
  if (nack === undefined) return acceptance;
  const names = inFlight.resources.map(({name}) => name);
  const wholeResponse = {rejects: () => true, warns: () => false, split: names.length > 1};
  switch (nack.kind) {
    case 'whole':
      return wholeResponse;
    case 'blamed': {
      const {errors, warnings} = nack;
      // Blames nothing that was sent: then there is no telling what it took.
      if (errors.size > 0 && !names.some((name) => errors.has(name))) return wholeResponse;
      return {rejects: (name) => errors.has(name), warns: (name) => warnings.has(name), split: false};
    }
  }
}
