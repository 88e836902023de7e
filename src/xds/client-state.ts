/** What is known of one client over all types, and what follows from it for single names. */
import type {Item} from './item.ts';
import type {Holders, Known} from './known.ts';
import {type Profile, rankOf} from './profile.ts';
import {splitRef} from './ref.ts';
import type {Entry, Scope} from './store.ts';
import {TypeState} from './type-state.ts';

export type Decision =
  | {readonly kind: 'nothing'}
  | {readonly kind: 'add'; readonly entry: Entry}
  /** An addition that waits for `ref`. */
  | {readonly kind: 'wait'; readonly ref: string}
  | {readonly kind: 'remove'; readonly known: Known}
  /** A removal that waits for what refers to it. */
  | {readonly kind: 'wait-to-leave'}
  /** The client asked for what does not exist. */
  | {readonly kind: 'absent'};

const nothing: Decision = {kind: 'nothing'};

export class ClientState {
  readonly scope: Scope;
  readonly profile: Profile;
  readonly holders: Holders;
  /** In the order of additions. */
  #types: readonly TypeState[] = [];
  readonly #byType = new Map<string, TypeState>();

  constructor(scope: Scope, profile: Profile, holders: Holders) {
    this.scope = scope;
    this.profile = profile;
    this.holders = holders;
  }

  get types(): readonly TypeState[] {
    return this.#types;
  }

  type(type: string): TypeState | undefined {
    return this.#byType.get(type);
  }

  open(type: string): TypeState {
    const found = this.#byType.get(type);
    if (found !== undefined) return found;
    const state = new TypeState(type, this.holders);
    this.#byType.set(type, state);
    this.#types = [...this.#byType.values()].sort(
      (a, b) => rankOf(this.profile, a.type) - rankOf(this.profile, b.type),
    );
    return state;
  }

  /**
   * What to do about a name now; costs O(its references). References of type `together` do not count: they travel in
   * the same response.
   */
  decide(item: Item, together?: string): Decision {
    const {state, name} = item;
    if (!state.subscription.covers(name)) return nothing;
    const entry = this.scope.get(state.type, name);
    const known = state.known.get(name);
    if (entry === undefined) return this.#decideGone(item, known);
    if (!item.forced) {
      if (known?.alive === true && known.acked?.version === entry.stamp.version && known.sent === undefined) {
        state.known.refresh(known, entry.stamp);
        state.rejected.delete(name);
        return nothing;
      }
      if (state.rejected.get(name) === entry.stamp.version) return nothing;
    }
    // Not a matter of patience: what has no parent on the client is thrown away there. The parent's ACK brings it up
    // again.
    if (entry.parent !== undefined && !this.isAlive(entry.parent)) return nothing;
    const ref = item.isOverdue('addition') ? undefined : this.#firstUnmet(entry, together);
    return ref === undefined ? {kind: 'add', entry} : {kind: 'wait', ref};
  }

  /** The client has it, and has not asked for it anew since. */
  isAlive(ref: string): boolean {
    return this.known(ref)?.alive ?? false;
  }

  known(ref: string): Known | undefined {
    const {type, name} = splitRef(ref);
    return this.#byType.get(type)?.known.get(name);
  }

  #decideGone(item: Item, known: Known | undefined): Decision {
    const {state, name} = item;
    // Who named it still waits for one that is good, and is told that there is none.
    const wasRejected = state.rejected.delete(name) && state.subscription.isNamed(name);
    if (known === undefined) return item.asked || wasRejected ? {kind: 'absent'} : nothing;
    if (item.isOverdue('removal') || !this.holders.isHeld(`${state.type}|${name}`)) return {kind: 'remove', known};
    return {kind: 'wait-to-leave'};
  }

  #firstUnmet(entry: Entry, together: string | undefined): string | undefined {
    for (const ref of entry.stamp.refs) {
      const {type, name} = splitRef(ref);
      if (type === together) continue;
      if (this.#isUnmet(type, name)) return ref;
      const companion = this.profile.companion(type);
      if (companion !== undefined && this.#isUnmet(companion, name)) return `${companion}|${name}`;
    }
    return undefined;
  }

  /** It exists, the client is going to have it, and does not have it yet. */
  #isUnmet(type: string, name: string): boolean {
    const target = this.scope.get(type, name);
    if (target === undefined) return false;
    const state = this.#byType.get(type);
    if (state?.subscription.covers(name) !== true) return this.#isExpected(type, name);
    if (state.known.get(name)?.alive === true) return false;
    return state.rejected.get(name) !== target.stamp.version;
  }

  /** Not subscribed to, but will be: a client asks for the companion of what it was given. */
  #isExpected(type: string, name: string): boolean {
    for (const leader of this.#types) {
      if (this.profile.companion(leader.type) !== type || !leader.subscription.covers(name)) continue;
      const entry = this.scope.get(leader.type, name);
      if (entry !== undefined && leader.rejected.get(name) !== entry.stamp.version) return true;
    }
    return false;
  }
}
