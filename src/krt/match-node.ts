import type {AnyCollection, Labels, MatchDefinition} from './definition.ts';
import {structurallyEqual} from './equality.ts';
import {MatchSide} from './match-side.ts';
import {type Host, type Node, type Origin, Tally} from './node.ts';
import {removeFrom} from './remove-from.ts';
import {type LabelSelector, sameLabels, selectorMatches} from './selector.ts';
import type {Slot, Watcher} from './slot.ts';
import type {Store, StoreListener} from './store.ts';

/** What one epoch did: the rows that changed, with what they were before it, and those whose selector did. */
type Changes = {
  readonly selectors: ReadonlyMap<Slot, unknown>;
  readonly targets: ReadonlyMap<Slot, unknown>;
  readonly moved: Set<Slot>;
};

/**
 * `matchJoin`: which rows select which. No pair is stored. What a target is matched by is looked up in the index of
 * selectors, what a selector matches in the index of labels; a change is compared with what was true before it, so that
 * exactly those hear of it whose matches differ.
 */
export class MatchNode implements Node {
  readonly kind = 'match';
  readonly name: string;
  readonly definition: MatchDefinition;
  readonly outputs: readonly Store[] = [];
  rank = 0;
  isScheduled = false;
  scheduledNext: Node | undefined = undefined;
  readonly counters = new Tally();
  readonly targets: MatchSide;
  readonly selectors: MatchSide;
  readonly #host: Host;
  readonly #selectorStore: Store;
  readonly #targetStore: Store;
  /** Rows of different namespaces never match. */
  readonly #scoped: boolean;
  /** Rows that changed in this epoch, with what they were before it. */
  #touchedSelectors = new Map<Slot, unknown>();
  #touchedTargets = new Map<Slot, unknown>();
  readonly #listeners: readonly (readonly [Store, StoreListener])[];

  constructor(host: Host, definition: MatchDefinition, selectors: Store, targets: Store) {
    this.#host = host;
    this.definition = definition;
    this.name = definition.name;
    this.#selectorStore = selectors;
    this.#targetStore = targets;
    const namespaced = ({namespaceOf}: AnyCollection): boolean => namespaceOf !== undefined;
    this.#scoped = namespaced(selectors.collection) && namespaced(targets.collection);
    this.targets = new MatchSide(this, definition.sides.targets, targets, {
      matching: (key) => this.#targetsOf(this.#selectorStore.row(key)),
      keys: () => keysOf(this.#selectorStore),
    });
    this.selectors = new MatchSide(this, definition.sides.selectors, selectors, {
      matching: (key) => this.#selectorsOf(this.#targetStore.row(key)),
      keys: () => keysOf(this.#targetStore),
    });
    this.#listeners = [
      [selectors, {onSourceChange: (slot, old) => this.#touch(this.#touchedSelectors, slot, old)}],
      [targets, {onSourceChange: (slot, old) => this.#touch(this.#touchedTargets, slot, old)}],
    ];
    for (const [store, listener] of this.#listeners) store.listeners.push(listener);
  }

  #touch(touched: Map<Slot, unknown>, slot: Slot, old: unknown): void {
    if (!touched.has(slot)) touched.set(slot, old);
    if (!this.isScheduled) this.#host.schedule(this);
  }

  process(): void {
    const [selectors, targets] = [this.#touchedSelectors, this.#touchedTargets];
    this.#touchedSelectors = new Map();
    this.#touchedTargets = new Map();
    if (!this.targets.isRead && !this.selectors.isRead) return;
    const changes: Changes = {selectors, targets, moved: new Set()};
    for (const [slot, old] of selectors) if (!this.#sameSelector(old, slot.row)) changes.moved.add(slot);
    for (const [slot, old] of targets) this.#onTarget(slot, old, changes);
    for (const [slot, old] of selectors) {
      if (changes.moved.has(slot)) this.#onSelector(slot, old, changes);
      else if (this.selectors.usesRows) this.#onSelectorRow(slot, old);
    }
    this.targets.flush();
    this.selectors.flush();
  }

  /** A target is another now: what of the selectors that select as they did? */
  #onTarget(target: Slot, old: unknown, changes: Changes): void {
    const same = old !== undefined && target.row !== undefined && this.#sameTarget(old, target.row);
    // Where its labels are the same, only those who use its row have to hear of it.
    if (same ? !this.targets.usesRows : !this.targets.isRead && !this.selectors.isReadFor(target.key)) return;
    const before = this.#selectorsOf(old);
    const after = same ? before : this.#selectorsOf(target.row);
    this.#difference(before, after, (selector, was, is) => {
      if (!changes.moved.has(selector)) this.#tell(selector, target, was, is, changes);
    });
  }

  /** A row selects otherwise now: what of all targets, as they were and as they are? */
  #onSelector(selector: Slot, old: unknown, changes: Changes): void {
    const after = this.#targetsOf(selector.row);
    const before = this.#targetsOf(old).filter((target) => !changes.targets.has(target));
    // New selectors matched nothing, so that a first load does not compare each with every target.
    if (old !== undefined) {
      for (const [target, row] of changes.targets) if (this.#matches(old, row)) before.push(target);
    }
    this.#difference(before, after, (target, was, is) => this.#tell(selector, target, was, is, changes));
  }

  /** A row selects as it did and is another in other respects. */
  #onSelectorRow(selector: Slot, old: unknown): void {
    const targets = this.#targetsOf(selector.row);
    for (const target of targets) this.selectors.onMember(target.key, selector, old, true, true);
  }

  #difference(
    before: readonly Slot[],
    after: readonly Slot[],
    tell: (slot: Slot, was: boolean, is: boolean) => void,
  ): void {
    this.counters.examined += before === after ? before.length : before.length + after.length;
    if (before === after) {
      for (const slot of before) tell(slot, true, true);
      return;
    }
    const now = new Set(after);
    for (const slot of before) tell(slot, true, now.delete(slot));
    for (const slot of now) tell(slot, false, true);
  }

  /** Whose own row is as it was need not be mentioned to those who read it, where it matched and still does. */
  #tell(selector: Slot, target: Slot, was: boolean, is: boolean, {selectors, targets}: Changes): void {
    if (was !== is || targets.has(target)) {
      this.targets.onMember(selector.key, target, targets.get(target), was, is);
    }
    if (was !== is || selectors.has(selector)) {
      this.selectors.onMember(target.key, selector, selectors.get(selector), was, is);
    }
  }

  #sameSelector(old: unknown, now: unknown): boolean {
    if (old === undefined || now === undefined) return false;
    const store = this.#selectorStore;
    if (this.#scoped && store.namespaceOf(old) !== store.namespaceOf(now)) return false;
    return structurallyEqual(store.selectorOf(old), store.selectorOf(now));
  }

  #sameTarget(old: unknown, now: unknown): boolean {
    if (this.#scoped && this.#targetStore.namespaceOf(old) !== this.#targetStore.namespaceOf(now)) return false;
    return sameLabels(this.#targetStore.labelsOf(old), this.#targetStore.labelsOf(now));
  }

  #selectorsOf(target: unknown): readonly Slot[] {
    if (target === undefined) return [];
    const labels: Labels = this.#targetStore.labelsOf(target);
    const namespace = this.#scoped ? this.#targetStore.namespaceOf(target) : '';
    return this.#selectorStore.selectorIndex(this.#scoped).query(labels, namespace);
  }

  #targetsOf(selecting: unknown): Slot[] {
    const selector = this.#selectorOf(selecting);
    if (selector === undefined) return [];
    const namespace = this.#scoped ? this.#selectorStore.namespaceOf(selecting) : '';
    const {slots, examined} = this.#targetStore.labelIndex(this.#scoped).query(selector, namespace);
    this.counters.examined += examined;
    return [...slots];
  }

  #selectorOf(selecting: unknown): LabelSelector | undefined {
    return selecting === undefined ? undefined : this.#selectorStore.selectorOf(selecting);
  }

  #matches(selecting: unknown, target: unknown): boolean {
    const selector = this.#selectorOf(selecting);
    if (selector === undefined || target === undefined) return false;
    if (this.#scoped && this.#selectorStore.namespaceOf(selecting) !== this.#targetStore.namespaceOf(target))
      return false;
    return selectorMatches(selector, this.#targetStore.labelsOf(target));
  }

  origin(): Origin | undefined {
    return undefined;
  }

  madeOf(): {readonly dependencies: readonly string[]} {
    return {dependencies: []};
  }

  *watchers(): Iterable<Watcher> {
    yield* this.targets.watchers();
    yield* this.selectors.watchers();
  }

  detach(): void {
    for (const [store, listener] of this.#listeners) removeFrom(store.listeners, listener);
  }
}

function* keysOf(store: Store): Iterable<string> {
  for (const {key} of store.rows()) yield key;
}
