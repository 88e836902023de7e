import type {Cluster, Instance} from './depth-rows.ts';
import type {Listener} from './map-mirror.ts';

type Entry = {readonly key: string; row: Cluster | undefined; members: Instance[] | undefined};

/** By hand: instances grouped by cluster and kept sorted, told once per cluster and commit. */
export class ClusterTable {
  readonly #entries = new Map<string, Entry>();
  readonly #listen: Listener<Cluster>;
  /** Those with `members`: a copy of their row's, being changed. */
  #touched: Entry[] = [];

  constructor(listen: Listener<Cluster>) {
    this.#listen = listen;
  }

  put(instance: Instance): void {
    const members = this.#open(instance.cluster);
    const at = position(members, instance.key);
    if (members[at]?.key === instance.key) members[at] = instance;
    else members.splice(at, 0, instance);
  }

  remove({cluster, key}: Instance): void {
    const members = this.#open(cluster);
    const at = position(members, key);
    if (members[at]?.key === key) members.splice(at, 1);
  }

  /** Ends a commit. */
  flush(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const entry of touched) {
      const {key, row: old, members = []} = entry;
      entry.members = undefined;
      if (old !== undefined && sameMembers(old.rows, members)) continue;
      entry.row = members.length === 0 ? undefined : {key, rows: members};
      if (entry.row === undefined) this.#entries.delete(key);
      if (old === undefined) {
        if (entry.row !== undefined) this.#listen({key, new: entry.row});
      } else this.#listen(entry.row === undefined ? {key, old} : {key, old, new: entry.row});
    }
  }

  list(): readonly Cluster[] {
    return [...this.#entries.values()].flatMap(({row}) => row ?? []);
  }

  #open(key: string): Instance[] {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = {key, row: undefined, members: undefined};
      this.#entries.set(key, entry);
    }
    if (entry.members === undefined) {
      entry.members = entry.row?.rows.slice() ?? [];
      this.#touched.push(entry);
    }
    return entry.members;
  }
}

/** Where the key is among sorted members, or where it would go. */
function position(members: readonly Instance[], key: string): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((members[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Instances are replaced only by different ones, so references tell. */
function sameMembers(old: readonly Instance[], now: readonly Instance[]): boolean {
  return old.length === now.length && old.every((instance, at) => instance === now[at]);
}
