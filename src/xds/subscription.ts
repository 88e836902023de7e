/**
 * What one client wants of one type. Wildcard is explicit (`*`) or legacy: the first request of the type names
 * nothing. It survives the naming of resources; only unsubscribing from `*` ends it.
 */
const wildcardName = '*';

export type SubscriptionChange = {
  /** Named now, whether or not they were named before: each wants an answer. */
  readonly added: readonly string[];
  /** Not to be named any more. */
  readonly dropped: readonly string[];
  /** Those of `dropped` that were named before. */
  readonly named: ReadonlySet<string>;
  readonly wildcard: 'gained' | 'lost' | 'same';
};

export class Subscription {
  readonly #names = new Set<string>();
  #wildcard = false;
  #asked = false;

  get wildcard(): boolean {
    return this.#wildcard;
  }

  /** No request of this type was seen yet. */
  get fresh(): boolean {
    return !this.#asked;
  }

  covers(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  isNamed(name: string): boolean {
    return this.#names.has(name);
  }

  /** Unsubscriptions count first: what one request names in both lists is wanted anew. */
  update(subscribe: readonly string[], unsubscribe: readonly string[]): SubscriptionChange {
    const before = this.#wildcard;
    if (this.fresh && subscribe.length + unsubscribe.length === 0) this.#wildcard = true;
    this.#asked = true;
    const dropped = new Set<string>();
    const named = new Set<string>();
    for (const name of unsubscribe) {
      if (name === wildcardName) this.#wildcard = false;
      else {
        dropped.add(name);
        if (this.#names.delete(name)) named.add(name);
      }
    }
    const added = new Set<string>();
    for (const name of subscribe) {
      if (name === wildcardName) this.#wildcard = true;
      else {
        this.#names.add(name);
        added.add(name);
      }
    }
    const wildcard = this.#wildcard === before ? 'same' : this.#wildcard ? 'gained' : 'lost';
    return {added: [...added], dropped: [...dropped], named, wildcard};
  }
}
