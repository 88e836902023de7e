import type {Bucket} from './bucket.ts';
import type {AnyIndex} from './definition.ts';
import type {IndexTable} from './index-table.ts';
import {type Anchor, anchorsOf, type LabelSelector, sameLabels, selectorMatches} from './selector.ts';
import {byKey, type Slot} from './slot.ts';
import type {Store} from './store.ts';

/** Stands between the parts of an index value; no label, key or namespace contains it. */
const SEPARATOR = '\u0000';

/** Values of an index that between them have every row a selector can match. */
type Place = {readonly table: IndexTable; readonly values: readonly string[]; readonly anchored: boolean};

/**
 * Finds rows by their labels: by pair, by the name of a label, or by namespace alone, of all namespaces or of one. Made
 * of ordinary indexes, of which only those exist that some selection needed.
 */
export class LabelIndex {
  readonly #store: Store;
  readonly #pairs: AnyIndex;
  readonly #keys: AnyIndex;
  readonly #all: AnyIndex;
  readonly #scoped: boolean;

  /** `scoped` = selections are narrowed to a namespace. */
  constructor(store: Store, scoped: boolean) {
    this.#store = store;
    this.#scoped = scoped;
    const {collection: of} = store;
    const prefix = (row: unknown): string => (scoped ? store.namespaceOf(row) + SEPARATOR : '');
    const sameSpace = (old: unknown, now: unknown): boolean =>
      !scoped || store.namespaceOf(old) === store.namespaceOf(now);
    const unchanged = (old: unknown, now: unknown): boolean =>
      sameLabels(store.labelsOf(old), store.labelsOf(now)) && sameSpace(old, now);
    const suffix = scoped ? ' of a namespace' : '';
    this.#pairs = {
      name: `labels${suffix}`,
      of,
      unchanged,
      values: (row) => Object.entries(store.labelsOf(row)).map(([key, value]) => prefix(row) + pair(key, value)),
    };
    this.#keys = {
      name: `label names${suffix}`,
      of,
      unchanged,
      values: (row) => Object.keys(store.labelsOf(row)).map((key) => prefix(row) + key),
    };
    this.#all = {name: 'namespace', of, unchanged: sameSpace, values: (row) => prefix(row)};
  }

  /**
   * The buckets that hold every row which the selector can match, by its rarest anchor: where changes that concern it pass
   * by. Undefined where that would be all rows of the store; `anchored` says that the selector had an anchor at all.
   */
  places(
    selector: LabelSelector,
    namespace: string,
  ): {readonly buckets: readonly Bucket[] | undefined; readonly anchored: boolean} {
    const place = this.#placeOf(selector, namespace);
    if (place === undefined) return {buckets: undefined, anchored: false};
    return {buckets: place.values.map((value) => place.table.readable(value)), anchored: place.anchored};
  }

  /** Slots of the rows that match, in order of their keys, and how many had to be looked at. */
  query(selector: LabelSelector, namespace: string): {readonly slots: readonly Slot[]; readonly examined: number} {
    const place = this.#placeOf(selector, namespace);
    const candidates =
      place === undefined ? [...this.#store.rows()] : place.values.flatMap((value) => place.table.slotsOf(value));
    const slots = candidates.filter(({row}) => selectorMatches(selector, this.#store.labelsOf(row))).sort(byKey);
    return {slots, examined: candidates.length};
  }

  #placeOf(selector: LabelSelector, namespace: string): Place | undefined {
    const prefix = this.#scoped ? namespace + SEPARATOR : '';
    let best: Place | undefined;
    let least = Infinity;
    for (const anchor of anchorsOf(selector)) {
      const place = this.#anchored(anchor, prefix);
      const size = place.values.reduce((sum, value) => sum + place.table.sizeOf(value), 0);
      if (size < least) [best, least] = [place, size];
    }
    if (best !== undefined || !this.#scoped) return best;
    return {table: this.#store.table(this.#all), values: [prefix], anchored: false};
  }

  #anchored(anchor: Anchor, prefix: string): Place {
    switch (anchor.kind) {
      case 'pairs': {
        // Without values nothing can match; a value that no row has stands for that.
        const values = anchor.values.map((value) => prefix + pair(anchor.key, value));
        const nowhere = [prefix + SEPARATOR];
        return {table: this.#store.table(this.#pairs), values: values.length > 0 ? values : nowhere, anchored: true};
      }
      case 'key':
        return {table: this.#store.table(this.#keys), values: [prefix + anchor.key], anchored: true};
    }
  }
}

const pair = (key: string, value: string): string => `${key}=${value}`;
