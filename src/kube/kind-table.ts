/**
 * What is known of one kind: which objects there are, in which version, and who told of them. Turns what reflectors read
 * into changes; objects that cannot be used stop here.
 */
import type {Problem} from '../api/problem.ts';
import {type Bad, type Head, headOf, ingest, type Ingested} from './ingest.ts';
import {apiVersionOf, groupKindOf, type KubeKind} from './kinds.ts';
import type {LiveStore} from './live-store.ts';
import type {Outgoing} from './outgoing.ts';
import type {ReflectorSink, Relist} from './reflector-types.ts';
import type {RawObject} from './watch-event.ts';

export type KindTableOptions = {
  readonly kind: KubeKind;
  readonly outgoing: Outgoing;
  readonly live: LiveStore;
  /** What to call the server in problems. */
  readonly server: string;
  /** An object cannot be used. Called once for each version of it. */
  readonly onBad: (problem: Problem) => void;
};

type Known = {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly apiVersion: string;
  readonly source: string;
};
type BadVersion = Known & {readonly problem: Problem};

export class KindTable {
  readonly #options: KindTableOptions;
  readonly #groupKind: string;
  readonly #known = new Map<string, Known>();
  /** Of an object that was fine once, its last good version is still known. */
  readonly #bad = new Map<string, BadVersion>();

  constructor(options: KindTableOptions) {
    this.#options = options;
    this.#groupKind = groupKindOf(options.kind);
  }

  get size(): number {
    return this.#known.size;
  }

  problems(): Problem[] {
    return [...this.#bad.values()].map(({problem}) => problem);
  }

  /** `source`: one reflector's share, such as a namespace; shares do not overlap. */
  sink(source: string, version: string): ReflectorSink {
    const apiVersion = apiVersionOf(this.#options.kind, version);
    return {
      set: (raw) => {
        const head = this.#head(raw);
        if (head !== undefined) this.#take(source, apiVersion, head, raw);
      },
      removed: (raw) => {
        const head = this.#head(raw);
        if (head !== undefined) this.#gone(head.key, head.uid);
      },
      relist: () => this.#relist(source, apiVersion),
    };
  }

  /** All that the source told of is gone. */
  drop(source: string): void {
    this.#keep(source, new Set());
  }

  #relist(source: string, apiVersion: string): Relist {
    const seen = new Set<string>();
    const changes = new Map<string, {readonly head: Head; readonly ingested: Ingested}>();
    return {
      take: (raw) => {
        const head = this.#head(raw);
        if (head === undefined) return;
        seen.add(head.key);
        if (this.#isSame(head, apiVersion)) changes.delete(head.key);
        else changes.set(head.key, {head, ingested: ingest(raw, this.#options.kind, apiVersion)});
      },
      removed: (raw) => {
        const head = this.#head(raw);
        if (head === undefined) return;
        seen.delete(head.key);
        changes.delete(head.key);
      },
      done: () => {
        this.#keep(source, seen);
        for (const {head, ingested} of changes.values()) this.#apply(source, apiVersion, head, ingested);
      },
    };
  }

  #head(raw: RawObject): Head | undefined {
    const head = headOf(raw, this.#options.kind);
    if (head !== undefined) return head;
    const {kind} = this.#options.kind;
    this.#options.onBad(this.#problem(kind, {field: 'metadata', message: 'an object without a name was passed over'}));
    return undefined;
  }

  #take(source: string, apiVersion: string, head: Head, raw: RawObject): void {
    if (!this.#isSame(head, apiVersion)) {
      this.#apply(source, apiVersion, head, ingest(raw, this.#options.kind, apiVersion));
    }
  }

  /** This very version is known already, or known to be bad. */
  #isSame({key, uid, resourceVersion}: Head, apiVersion: string): boolean {
    if (resourceVersion === '') return false;
    const last = this.#bad.get(key) ?? this.#known.get(key);
    return last?.uid === uid && last.resourceVersion === resourceVersion && last.apiVersion === apiVersion;
  }

  #apply(source: string, apiVersion: string, {key, uid, resourceVersion}: Head, ingested: Ingested): void {
    const {outgoing, live, kind} = this.#options;
    const version: Known = {uid, resourceVersion, apiVersion, source};
    const known = this.#known.get(key);
    // Another object of the same name, whatever it is like: the one that is known is gone.
    if (known !== undefined && known.uid !== uid) this.#gone(key, known.uid);
    if (ingested.is === 'bad') {
      const problem = this.#problem(`${kind.kind} ${key}`, ingested);
      this.#bad.set(key, {...version, problem});
      this.#options.onBad(problem);
    } else {
      this.#bad.delete(key);
      this.#known.set(key, version);
    }
    if (kind.status !== 'dropped' && this.#known.has(key)) {
      const {generation, status} = ingested;
      live.set({groupKind: this.#groupKind, key}, {apiVersion, uid, resourceVersion, generation, status});
    }
    if (ingested.is === 'good') outgoing.set(this.#groupKind, key, ingested.object);
  }

  /** An object of that uid is no more; another one of its name may have been told of before that. */
  #gone(key: string, uid: string): void {
    if (this.#bad.get(key)?.uid === uid) this.#bad.delete(key);
    if (this.#known.get(key)?.uid !== uid) return;
    this.#known.delete(key);
    this.#options.live.delete({groupKind: this.#groupKind, key});
    this.#options.outgoing.remove(this.#groupKind, key);
  }

  /** Of what the source told of, these alone are still there. */
  #keep(source: string, keys: ReadonlySet<string>): void {
    for (const objects of [this.#known, this.#bad]) {
      for (const [key, object] of objects) {
        if (object.source === source && !keys.has(key)) this.#gone(key, object.uid);
      }
    }
  }

  #problem(object: string, {field, message}: Bad): Problem {
    return {file: this.#options.server, document: 0, object, field, message};
  }
}
