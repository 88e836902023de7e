/**
 * The first snapshot of an agentgateway proxy. It serves nothing until each of its two types has had one response
 * without error, and everything from then on, so its readiness has to come last: one type is sent in chunks until it
 * is complete, then the other in a single response. A proxy that reconnects is serving already: none of this applies.
 */

/** How a type may be sent now: `serving` = in small responses, `chunks` = in large ones, `whole` = in a single one. */
export type Turn = 'serving' | 'chunks' | 'whole' | 'wait';

export type FirstSnapshotView = {
  /** Names of the type still to be sent. */
  pending(type: string): number;
  /** Those of them that wait for what they refer to. */
  waiting(type: string): number;
  /** A response of the type is not acknowledged yet. */
  inFlight(type: string): boolean;
};

export class FirstSnapshot {
  readonly #types: readonly string[];
  readonly #asked = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #view: FirstSnapshotView;
  #over: boolean;
  #patient = true;
  /** How much of the type that was sent first was to be sent when it began. Later changes do not delay the other. */
  #remaining = 0;

  constructor(types: readonly string[], view: FirstSnapshotView) {
    this.#types = types;
    this.#view = view;
    this.#over = types.length === 0;
  }

  get over(): boolean {
    return this.#over;
  }

  /** A type was asked for; `holding`: the client has resources of it, so it is a reconnect. */
  asked(type: string, holding: boolean): void {
    this.#asked.add(type);
    if (holding) this.#over = true;
  }

  /** The other type has not been asked for in time: go on with what there is. */
  stopWaiting(): void {
    this.#patient = false;
  }

  turn(type: string): Turn {
    if (this.#over || !this.#types.includes(type)) return 'serving';
    const open = this.#types.filter((other) => !this.#answered.has(other));
    if (open.length === this.#types.length) {
      if (this.#patient && this.#types.some((other) => !this.#asked.has(other))) return 'wait';
      return type === this.#types.find((other) => this.#asked.has(other)) ? 'chunks' : 'wait';
    }
    if (!open.includes(type)) {
      // What came in since the type was complete is sent only where the last type cannot do without it.
      return this.#remaining > 0 || open.some((other) => this.#view.waiting(other) > 0) ? 'chunks' : 'wait';
    }
    return this.#types.every((other) => other === type || this.#isComplete(other)) ? 'whole' : 'wait';
  }

  sent(type: string, resources: number): void {
    if (this.#over || !this.#types.includes(type)) return;
    if (this.#answered.size === 0) this.#remaining = this.#view.pending(type);
    else this.#remaining -= resources;
    this.#answered.add(type);
    if (this.#answered.size === this.#types.length) this.#over = true;
  }

  #isComplete(type: string): boolean {
    return !this.#view.inFlight(type) && (this.#remaining <= 0 || this.#view.pending(type) === 0);
  }
}
