import type {Labels} from './definition.ts';
import {Dependency, type Reader} from './dependency.ts';
import {sameLabels} from './selector.ts';
import type {SelectorIndex} from './selector-index.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';

/** On the rows whose selector matches given labels. */
export class SelectingDependency extends Dependency {
  readonly store: Store;
  labels: Labels;
  readonly namespace: string;
  readonly scoped: boolean;
  /** The last answer, good until the next change that concerns it. */
  answer: readonly unknown[] | undefined = undefined;
  readonly #index: SelectorIndex;

  constructor(reader: Reader, store: Store, labels: Labels, namespace: string | undefined) {
    super(reader, 'rows', undefined);
    this.store = store;
    this.labels = labels;
    this.namespace = namespace ?? '';
    this.scoped = namespace !== undefined;
    this.#index = store.selectorIndex(this.scoped);
    this.#index.register(this);
  }

  /** Whether it is the same question; the labels are then taken over, so that those of an old row are let go of. */
  asks(labels: Labels, namespace: string | undefined): boolean {
    if (this.scoped !== (namespace !== undefined) || this.namespace !== (namespace ?? '')) return false;
    if (!sameLabels(this.labels, labels)) return false;
    this.labels = labels;
    return true;
  }

  slots(): readonly Slot[] {
    return this.#index.query(this.labels, this.namespace);
  }

  unregister(): void {
    this.#index.unregister(this);
  }

  describe(): string {
    return `${this.store.name} selecting ${JSON.stringify(this.labels)}${this.scoped ? ` in ${this.namespace}` : ''}`;
  }

  override onChange(slot: Slot): void {
    this.answer = undefined;
    this.reader.markDirty(slot);
  }
}
