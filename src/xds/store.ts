/**
 * The newest version of every resource, by scope, type and name. A change concerns one scope, and costs the sessions of
 * that scope and no other.
 */
import type {Resource, ResourceChange} from './api.ts';
import type {Stamp} from './known.ts';
import {refOf} from './ref.ts';
import {encodeEntry} from './wire.ts';

export class Entry {
  readonly ref: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
  readonly stamp: Stamp;
  readonly resource: Resource;
  #wire: Uint8Array | undefined;

  constructor(resource: Resource) {
    this.ref = refOf(resource.type, resource.name);
    this.type = resource.type;
    this.name = resource.name;
    this.parent = resource.parent;
    const refs = resource.refs.includes(this.ref) ? resource.refs.filter((ref) => ref !== this.ref) : resource.refs;
    this.stamp = {version: resource.version, refs, order: resource.order ?? 0};
    this.resource = resource;
  }

  /** Its field of the response, encoded when the first client needs it and shared from then on. */
  get wire(): Uint8Array {
    this.#wire ??= encodeEntry(this.resource);
    return this.#wire;
  }
}

/** `entry` is absent where the resource was removed. */
export type EntryChange = {readonly type: string; readonly name: string; readonly entry: Entry | undefined};

/** Told after all changes of a commit are in the store. */
export type ScopeListener = {changed(changes: readonly EntryChange[]): void};

const none: ReadonlyMap<string, Entry> = new Map();

export class Scope {
  readonly listeners = new Set<ScopeListener>();
  readonly #types = new Map<string, Map<string, Entry>>();
  readonly #children = new Map<string, Map<string, Entry>>();

  get(type: string, name: string): Entry | undefined {
    return this.#types.get(type)?.get(name);
  }

  /** All resources of a type, by name. */
  all(type: string): ReadonlyMap<string, Entry> {
    return this.#types.get(type) ?? none;
  }

  /** The types that there are resources of. */
  types(): Iterable<string> {
    return this.#types.keys();
  }

  /** What lives in the lifetime of `ref`. */
  children(ref: string): ReadonlyMap<string, Entry> {
    return this.#children.get(ref) ?? none;
  }

  isEmpty(): boolean {
    return this.#types.size === 0;
  }

  put(entry: Entry): void {
    this.delete(entry.type, entry.name);
    bucket(this.#types, entry.type).set(entry.name, entry);
    if (entry.parent !== undefined) bucket(this.#children, entry.parent).set(entry.ref, entry);
  }

  delete(type: string, name: string): boolean {
    const entry = this.get(type, name);
    if (entry === undefined) return false;
    take(this.#types, type, name);
    if (entry.parent !== undefined) take(this.#children, entry.parent, entry.ref);
    return true;
  }
}

function bucket(buckets: Map<string, Map<string, Entry>>, key: string): Map<string, Entry> {
  let found = buckets.get(key);
  if (found === undefined) buckets.set(key, (found = new Map()));
  return found;
}

function take(buckets: Map<string, Map<string, Entry>>, key: string, member: string): void {
  const found = buckets.get(key);
  found?.delete(member);
  if (found?.size === 0) buckets.delete(key);
}

export class ResourceStore {
  readonly #scopes = new Map<string, Scope>();

  /** Scopes that have resources or are followed. */
  scopes(): Iterable<string> {
    return this.#scopes.keys();
  }

  find(scope: string): Scope | undefined {
    return this.#scopes.get(scope);
  }

  /** Follows a scope, whether or not it has resources yet. */
  follow<T extends ScopeListener>(
    name: string,
    make: (scope: Scope) => T,
  ): {readonly listener: T; readonly leave: () => void} {
    const scope = this.#scope(name);
    const listener = make(scope);
    scope.listeners.add(listener);
    const leave = (): void => {
      scope.listeners.delete(listener);
      this.#tidy(name, scope);
    };
    return {listener, leave};
  }

  apply(changes: readonly ResourceChange[]): void {
    const byScope = new Map<string, EntryChange[]>();
    const note = (scope: string, change: EntryChange): void => {
      const list = byScope.get(scope);
      if (list === undefined) byScope.set(scope, [change]);
      else list.push(change);
    };
    for (const change of changes) {
      const {old} = change;
      if (old !== undefined && !(change.new !== undefined && sameIdentity(old, change.new))) {
        const gone = this.#scopes.get(old.scope)?.delete(old.type, old.name) ?? false;
        if (gone) note(old.scope, {type: old.type, name: old.name, entry: undefined});
      }
      if (change.new !== undefined) {
        const entry = new Entry(change.new);
        this.#scope(change.new.scope).put(entry);
        note(change.new.scope, {type: entry.type, name: entry.name, entry});
      }
    }
    for (const [name, list] of byScope) {
      const scope = this.#scope(name);
      for (const listener of scope.listeners) listener.changed(list);
      this.#tidy(name, scope);
    }
  }

  #scope(name: string): Scope {
    let scope = this.#scopes.get(name);
    if (scope === undefined) this.#scopes.set(name, (scope = new Scope()));
    return scope;
  }

  #tidy(name: string, scope: Scope): void {
    if (scope.listeners.size === 0 && scope.isEmpty()) this.#scopes.delete(name);
  }
}

function sameIdentity(a: Resource, b: Resource): boolean {
  return a.scope === b.scope && a.type === b.type && a.name === b.name;
}
