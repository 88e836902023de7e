import type {Listener} from './map-mirror.ts';
import {type Address, addressOf, type MapSystem} from './map-rows.ts';
import type {Pod} from './workload.ts';

/** One level by hand: inputs, outputs, and a listener. It does not compare rows, so it tells of every write. */
export class HandWrittenMap implements MapSystem {
  readonly #pods = new Map<string, Pod>();
  readonly #addresses = new Map<string, Address>();
  readonly #listen: Listener<Address>;

  constructor(listen: Listener<Address>) {
    this.#listen = listen;
  }

  set(pod: Pod): void {
    const {key} = pod;
    this.#pods.set(key, pod);
    const old = this.#addresses.get(key);
    const now = addressOf(pod);
    this.#addresses.set(key, now);
    this.#listen(old === undefined ? {key, new: now} : {key, old, new: now});
  }

  setAll(pods: readonly Pod[]): void {
    for (const pod of pods) this.set(pod);
  }

  delete(key: string): void {
    const old = this.#addresses.get(key);
    if (old === undefined) return;
    this.#pods.delete(key);
    this.#addresses.delete(key);
    this.#listen({key, old});
  }

  rows(): readonly Address[] {
    return [...this.#addresses.values()];
  }
}
