/** By hand: things filed under a namespace and a label pair. */
export class PairIndex<T> {
  readonly #buckets = new Map<string, Map<string, Map<string, Set<T>>>>();

  get(namespace: string, label: string, value: string): Iterable<T> {
    return this.#buckets.get(namespace)?.get(label)?.get(value) ?? [];
  }

  add(namespace: string, label: string, value: string, item: T): void {
    const values = inner(inner(this.#buckets, namespace), label);
    const bucket = values.get(value);
    if (bucket === undefined) values.set(value, new Set([item]));
    else bucket.add(item);
  }

  /** Leaves empty maps of namespaces and labels, of which there are few. */
  remove(namespace: string, label: string, value: string, item: T): void {
    const values = this.#buckets.get(namespace)?.get(label);
    const bucket = values?.get(value);
    bucket?.delete(item);
    if (bucket?.size === 0) values?.delete(value);
  }
}

function inner<V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let found = outer.get(key);
  if (found === undefined) {
    found = new Map();
    outer.set(key, found);
  }
  return found;
}
