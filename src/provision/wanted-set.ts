import type {Change, DesiredGateway, DesiredObject} from './desired.ts';
import {hashOf} from './live-object.ts';

export class Wanted {
  readonly desired: DesiredObject;
  #hash: string | undefined;

  constructor(desired: DesiredObject) {
    this.desired = desired;
  }

  /** Made when it is first asked for: whoever does not lead needs none. */
  get hash(): string {
    this.#hash ??= hashOf(this.desired.object);
    return this.#hash;
  }
}

export type DesiredChanges = {
  readonly objects: readonly Change<DesiredObject>[];
  readonly gateways: readonly Change<DesiredGateway>[];
};

/** What is to exist, by object and by Gateway. */
export class WantedSet {
  readonly #gateways = new Map<string, DesiredGateway>();
  readonly #objects = new Map<string, Wanted>();
  readonly #keysOf = new Map<string, Set<string>>();

  /** Returns the Gateways concerned. */
  apply({objects, gateways}: DesiredChanges): ReadonlySet<string> {
    const touched = new Set<string>();
    for (const {key, new: row} of gateways) {
      touched.add(key);
      if (row === undefined) this.#gateways.delete(key);
      else this.#gateways.set(key, row);
    }
    for (const {key, new: desired} of objects) {
      const before = this.#objects.get(key);
      if (before !== undefined) touched.add(this.#forget(before.desired));
      if (desired !== undefined) touched.add(this.#take(desired));
    }
    return touched;
  }

  get(key: string): Wanted | undefined {
    return this.#objects.get(key);
  }

  gateway(key: string): DesiredGateway | undefined {
    return this.#gateways.get(key);
  }

  gateways(): Iterable<string> {
    return this.#gateways.keys();
  }

  of(gateway: string): readonly Wanted[] {
    return [...(this.#keysOf.get(gateway) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  #take(desired: DesiredObject): string {
    const {key, gateway} = desired;
    this.#objects.set(key, new Wanted(desired));
    const keys = this.#keysOf.get(gateway);
    if (keys === undefined) this.#keysOf.set(gateway, new Set([key]));
    else keys.add(key);
    return gateway;
  }

  #forget({key, gateway}: DesiredObject): string {
    this.#objects.delete(key);
    const keys = this.#keysOf.get(gateway);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOf.delete(gateway);
    return gateway;
  }
}
