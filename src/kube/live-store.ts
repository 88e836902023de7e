import type {LiveName, LiveObject, LiveObjects} from './live-objects.ts';

/** LiveObjects, with what fills it. */
export class LiveStore implements LiveObjects {
  readonly #byKind = new Map<string, Map<string, LiveObject>>();
  readonly #listeners = new Set<(name: LiveName) => void>();

  get({groupKind, key}: LiveName): LiveObject | undefined {
    return this.#byKind.get(groupKind)?.get(key);
  }

  *names(): Iterable<LiveName> {
    for (const [groupKind, objects] of this.#byKind) for (const key of objects.keys()) yield {groupKind, key};
  }

  onChange(listener: (name: LiveName) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  set(name: LiveName, object: LiveObject): void {
    const {groupKind, key} = name;
    const objects = this.#byKind.get(groupKind) ?? new Map<string, LiveObject>();
    this.#byKind.set(groupKind, objects);
    objects.set(key, object);
    for (const listener of this.#listeners) listener(name);
  }

  delete(name: LiveName): void {
    if (this.#byKind.get(name.groupKind)?.delete(name.key) !== true) return;
    for (const listener of this.#listeners) listener(name);
  }
}
