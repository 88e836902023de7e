/** What one client has, or has been sent, of one type. */

/** What a version of a resource means for order; one object per store entry, shared by all clients. */
export type Stamp = {readonly version: string; readonly refs: readonly string[]; readonly order: number};

/** One resource on the client. */
export class Known {
  /** The version it accepted last, or claimed when it connected. */
  acked: Stamp | undefined;
  /** Sent and not settled: in flight, or part of a response that was rejected as a whole. */
  sent: Stamp | undefined;
  /** Accepted (or claimed) since the client last asked for it: others may rely on it. */
  alive = false;
  /** Some of its children were sent since the client got it, or it came with them from an earlier stream. */
  populated = false;
  /** Grows whenever the client asks for it again; an ACK of an earlier life does not make it alive. */
  life = 0;
}

/** Counts, over all types of a client, how many resource versions on the client refer to a resource. */
export class Holders {
  readonly #counts = new Map<string, number>();
  readonly #free: (ref: string) => void;

  /** `free` is called when nothing on the client refers to a resource any more. */
  constructor(free: (ref: string) => void) {
    this.#free = free;
  }

  isHeld(ref: string): boolean {
    return this.#counts.has(ref);
  }

  hold(refs: readonly string[]): void {
    for (const ref of refs) this.#counts.set(ref, (this.#counts.get(ref) ?? 0) + 1);
  }

  release(refs: readonly string[]): void {
    for (const ref of refs) {
      const count = (this.#counts.get(ref) ?? 1) - 1;
      if (count > 0) this.#counts.set(ref, count);
      else {
        this.#counts.delete(ref);
        this.#free(ref);
      }
    }
  }
}

const noRefs: readonly string[] = [];

export class KnownResources {
  readonly #byName = new Map<string, Known>();
  readonly #holders: Holders;
  #acknowledged = 0;

  constructor(holders: Holders) {
    this.#holders = holders;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** How many were accepted in some version. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get(name: string): Known | undefined {
    return this.#byName.get(name);
  }

  names(): IterableIterator<string> {
    return this.#byName.keys();
  }

  /** The client says that it has this version. */
  claim(name: string, stamp: Stamp): void {
    const known = this.#ensure(name);
    this.#setAcked(known, stamp);
    known.alive = true;
    known.populated = true;
  }

  /** The client asks for it although it may have it: until its next ACK nothing may rely on it. */
  renew(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    known.alive = false;
    known.life += 1;
  }

  send(name: string, stamp: Stamp): Known {
    const known = this.#ensure(name);
    this.#setSent(known, stamp);
    return known;
  }

  accept(known: Known, stamp: Stamp): void {
    this.#setAcked(known, stamp);
    this.#setSent(known, undefined);
  }

  /** The client does not have that version; it is forgotten where it never had another. */
  refuse(name: string, known: Known, stamp: Stamp): void {
    this.#setSent(known, undefined);
    if (known.acked?.version === stamp.version) {
      this.#setAcked(known, undefined);
      known.alive = false;
    }
    if (known.acked === undefined) this.#byName.delete(name);
  }

  /** Same version, newer stamp: what it refers to may be known better now. */
  refresh(known: Known, stamp: Stamp): void {
    if (known.acked !== stamp) this.#setAcked(known, stamp);
  }

  forget(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    this.#byName.delete(name);
    known.alive = false;
    this.#setAcked(known, undefined);
    this.#setSent(known, undefined);
  }

  #ensure(name: string): Known {
    let known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, (known = new Known()));
    return known;
  }

  #setAcked(known: Known, stamp: Stamp | undefined): void {
    const old = known.acked;
    if (old === undefined && stamp !== undefined) this.#acknowledged += 1;
    if (old !== undefined && stamp === undefined) this.#acknowledged -= 1;
    known.acked = stamp;
    this.#swap(old, stamp);
  }

  #setSent(known: Known, stamp: Stamp | undefined): void {
    const old = known.sent;
    known.sent = stamp;
    this.#swap(old, stamp);
  }

  /** Holds before it releases, so that no count passes through zero. */
  #swap(old: Stamp | undefined, stamp: Stamp | undefined): void {
    this.#holders.hold(stamp?.refs ?? noRefs);
    this.#holders.release(old?.refs ?? noRefs);
  }
}
