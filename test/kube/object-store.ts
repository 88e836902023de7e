/** What the API servers of tests hold: objects of collections, one version counter, and the changes since the last compaction. */
export type StoredObject = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly unknown[];
  };
  readonly [field: string]: unknown;
};

export type StoredChange = {
  readonly version: number;
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
};

export type NewObject = {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Everything but metadata. */
  readonly fields?: Readonly<Record<string, unknown>>;
};

export const keyOf = ({namespace, name}: {readonly namespace?: string; readonly name: string}): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

export class ObjectStore {
  version = 1000;
  /** Changes up to this version are forgotten. */
  floor = 1000;
  readonly changes: StoredChange[] = [];
  readonly #collections = new Map<string, Map<string, StoredObject>>();
  readonly #listeners = new Set<(change: StoredChange) => void>();
  #uids = 0;

  /** `collection`: a path such as `/api/v1/services`. */
  list(collection: string): readonly StoredObject[] {
    const objects = [...(this.#collections.get(collection)?.values() ?? [])];
    return objects.sort((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1));
  }

  /** Creates or changes. */
  put(collection: string, {name, namespace, labels, annotations, fields = {}}: NewObject): StoredObject {
    const objects = this.#collections.get(collection) ?? new Map<string, StoredObject>();
    this.#collections.set(collection, objects);
    const key = keyOf({name, ...(namespace !== undefined && {namespace})});
    const before = objects.get(key);
    const object: StoredObject = {
      ...fields,
      metadata: {
        name,
        ...(namespace !== undefined && {namespace}),
        uid: before?.metadata.uid ?? `uid-${++this.#uids}`,
        resourceVersion: String(++this.version),
        generation: (before?.metadata.generation ?? 0) + 1,
        ...(labels !== undefined && {labels}),
        ...(annotations !== undefined && {annotations}),
        managedFields: [{manager: 'test', operation: 'Apply'}],
      },
    };
    objects.set(key, object);
    this.#tell({version: this.version, collection, type: before === undefined ? 'ADDED' : 'MODIFIED', object});
    return object;
  }

  remove(collection: string, key: string): void {
    const object = this.#collections.get(collection)?.get(key);
    if (object === undefined) return;
    this.#collections.get(collection)?.delete(key);
    const metadata = {...object.metadata, resourceVersion: String(++this.version)};
    this.#tell({version: this.version, collection, type: 'DELETED', object: {...object, metadata}});
  }

  /** Forgets all changes so far: who has to know them gets 410. */
  compact(): void {
    this.floor = this.version;
    this.changes.length = 0;
  }

  onChange(listener: (change: StoredChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(change: StoredChange): void {
    this.changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}
