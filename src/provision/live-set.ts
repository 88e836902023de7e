import type {LiveObject} from './live-object.ts';

/** The live objects with a label of a Gateway, also by the Gateway that controls them. */
export class LiveSet {
  readonly #objects = new Map<string, LiveObject>();
  readonly #byGateway = new Map<string, Set<string>>();

  get(key: string): LiveObject | undefined {
    return this.#objects.get(key);
  }

  set(object: LiveObject): void {
    this.delete(object.key);
    this.#objects.set(object.key, object);
    const gateway = gatewayOf(object);
    if (gateway === undefined) return;
    const keys = this.#byGateway.get(gateway);
    if (keys === undefined) this.#byGateway.set(gateway, new Set([object.key]));
    else keys.add(object.key);
  }

  delete(key: string): LiveObject | undefined {
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    this.#objects.delete(key);
    const gateway = gatewayOf(object);
    const keys = gateway === undefined ? undefined : this.#byGateway.get(gateway);
    if (gateway === undefined || keys === undefined) return object;
    keys.delete(key);
    if (keys.size === 0) this.#byGateway.delete(gateway);
    return object;
  }

  of(gateway: string): readonly LiveObject[] {
    return [...(this.#byGateway.get(gateway) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  gateways(): Iterable<string> {
    return this.#byGateway.keys();
  }

  clear(): void {
    this.#objects.clear();
    this.#byGateway.clear();
  }
}

/** Key of the Gateway that controls it. */
export const gatewayOf = ({namespace, gateway}: LiveObject): string | undefined =>
  gateway === undefined ? undefined : `${namespace}/${gateway}`;
