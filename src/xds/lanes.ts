/** The connections of a server, shared out so that they need not all be sent away in the same instant. */
import type {Socket} from 'node:net';
import type {ServerCredentials} from '@grpc/grpc-js';
import type {Clock} from './clock.ts';
import {Lane, type Serve} from './lane.ts';

/** Clients are sent away in at most so many steps; up to this number each of them is a step of its own. */
const most = 128;

/** Nobody is sent away in the first tenth of the window: word that this server is not ready any more has to get around. */
const lead = 0.1;

export type LanesOptions = {
  readonly credentials: ServerCredentials;
  readonly serve: Serve;
  readonly clock: Clock;
};

export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes: Lane[] = [];
  readonly #leaving = new Set<() => void>();
  #done: () => void = () => {};
  #drained: Promise<void> | undefined;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  take(socket: Socket): void {
    // What comes while the others go would only have to go, too.
    if (this.#drained !== undefined) socket.destroy();
    else this.#lane().take(socket);
  }

  /**
   * Sends everybody away, one lane after the other. Resolves when nobody is left to send away: early where clients leave
   * of their own accord, or when called again with a window of 0.
   */
  drain(windowMs: number): Promise<void> {
    const first = this.#drained === undefined;
    this.#drained ??= new Promise((resolve) => {
      this.#done = resolve;
    });
    if (windowMs <= 0) for (const leave of this.#leaving) leave();
    if (first) this.#leaveWithin(windowMs);
    return this.#drained;
  }

  /** After `drain`. Resolves when nothing is open any more. */
  async closed(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.closed()));
  }

  #leaveWithin(windowMs: number): void {
    const {clock} = this.#options;
    const used = this.#lanes.filter(({connections}) => connections > 0);
    const begin = windowMs * lead;
    for (const [i, lane] of used.entries()) {
      const leave = (): void => {
        if (!this.#leaving.delete(leave)) return;
        cancel();
        lane.leave();
        this.#rest();
      };
      this.#leaving.add(leave);
      const cancel = clock.after(begin + ((windowMs - begin) * (i + 1)) / used.length, leave);
      if (windowMs <= 0) leave();
    }
    this.#rest();
  }

  /** Waits for nobody who has left. */
  #rest(): void {
    if (this.#drained === undefined) return;
    if (this.#leaving.size === 0 || this.#lanes.every(({connections}) => connections === 0)) {
      for (const leave of this.#leaving) leave();
      this.#done();
    }
  }

  /** One without connections where there is one, a new one where there may be more, otherwise the one with the fewest. */
  #lane(): Lane {
    let least: Lane | undefined;
    for (const lane of this.#lanes) if (least === undefined || lane.connections < least.connections) least = lane;
    if (least !== undefined && (least.connections === 0 || this.#lanes.length >= most)) return least;
    const {credentials, serve} = this.#options;
    const lane = new Lane(credentials, serve, () => this.#rest());
    this.#lanes.push(lane);
    return lane;
  }
}
