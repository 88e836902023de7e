import {type Bag, itemsOf, withItem, withoutItem} from './bag.ts';
import type {Labels} from './definition.ts';
import {structurallyEqual} from './equality.ts';
import {anchorsOf, type LabelSelector, mentionedBy, selectorMatches} from './selector.ts';
import {byKey, type Slot, type Watcher} from './slot.ts';
import type {Store} from './store.ts';

/** Answers kept per namespace; beyond, they are all forgotten: labels that every row has a value of its own of are rare in selectors. */
const KEPT = 10_000;

const NO_SLOTS: readonly Slot[] = [];

type ByPair<T extends object> = Map<string, Map<string, Bag<T>>>;

/** Who asked for the selectors that match these labels. */
export type SelectingReader = Watcher & {readonly labels: Labels; readonly namespace: string};

/** The selectors of one namespace, each filed under one anchor. */
class Space {
  readonly name: string;
  readonly byPair: ByPair<Slot> = new Map();
  readonly byName = new Map<string, Bag<Slot>>();
  /** Selectors that demand no label. */
  rest: Bag<Slot> = undefined;
  /** How many selectors' verdicts depend on a label. All other labels make no difference. */
  readonly mentioned = new Map<string, number>();
  /** Answers by the labels that make a difference. */
  readonly answers = new Map<string, readonly Slot[]>();
  readonly readersByPair: ByPair<SelectingReader> = new Map();
  readers: Bag<SelectingReader> = undefined;
  /** How many selectors are filed. */
  size = 0;

  constructor(name: string) {
    this.name = name;
  }
}

type Filed = {readonly selector: LabelSelector; readonly space: Space};

/**
 * Finds rows by whether their selector matches given labels, and tells who asked when that changes. Rows whose labels
 * differ only where no selector looks share one answer.
 */
export class SelectorIndex {
  readonly #store: Store;
  readonly #scoped: boolean;
  readonly #spaces = new Map<string, Space>();
  readonly #filed = new Map<Slot, Filed>();

  /** `scoped` = only selectors of the namespace that is asked for count. */
  constructor(store: Store, scoped: boolean) {
    this.#store = store;
    this.#scoped = scoped;
    for (const slot of store.rows()) this.#file(slot, slot.row);
  }

  /** Slots of the rows whose selector matches, in order of their keys; the same array while nothing changes. */
  query(labels: Labels, namespace: string): readonly Slot[] {
    const space = this.#spaces.get(this.#scoped ? namespace : '');
    if (space === undefined) return NO_SLOTS;
    let signature = '';
    for (const key in labels) if (space.mentioned.has(key)) signature += `${key}=${labels[key]}\u0000`;
    const known = space.answers.get(signature);
    if (known !== undefined) return known;
    const found: Slot[] = [];
    const consider = (bag: Bag<Slot>): void => {
      for (const slot of itemsOf(bag)) {
        const filed = this.#filed.get(slot);
        if (filed !== undefined && selects(filed.selector, labels)) found.push(slot);
      }
    };
    for (const [key, value] of Object.entries(labels)) {
      consider(space.byPair.get(key)?.get(value));
      consider(space.byName.get(key));
    }
    consider(space.rest);
    found.sort(byKey);
    if (space.answers.size >= KEPT) space.answers.clear();
    space.answers.set(signature, found);
    return found;
  }

  register(reader: SelectingReader): void {
    const space = this.#space(reader.namespace);
    space.readers = withItem(space.readers, reader);
    for (const [key, value] of Object.entries(reader.labels)) addPair(space.readersByPair, key, value, reader);
  }

  unregister(reader: SelectingReader): void {
    const space = this.#space(reader.namespace);
    space.readers = withoutItem(space.readers, reader);
    for (const [key, value] of Object.entries(reader.labels)) removePair(space.readersByPair, key, value, reader);
    this.#drop(space);
  }

  get isUsed(): boolean {
    for (const {readers} of this.#spaces.values()) if (readers !== undefined) return true;
    return false;
  }

  *readers(): Iterable<SelectingReader> {
    for (const {readers} of this.#spaces.values()) yield* itemsOf(readers);
  }

  /** A row of the collection changed; the slot holds the new one already. */
  update(slot: Slot, old: unknown): void {
    const before = this.#filed.get(slot);
    const selector = slot.row === undefined ? undefined : this.#store.selectorOf(slot.row);
    const moves =
      selector === undefined ||
      before?.space.name !== this.#namespaceOf(slot.row) ||
      !structurallyEqual(before.selector, selector);
    if (moves && before !== undefined) this.#unfile(slot, before);
    const after = moves ? this.#file(slot, slot.row) : before;
    // Who matches both is told twice, which is once: a run is due.
    if (before !== undefined) this.#tell(before, slot, old);
    if (moves && after !== undefined) this.#tell(after, slot, old);
  }

  #tell({space, selector}: Filed, slot: Slot, old: unknown): void {
    for (const reader of readersOf(space, selector)) {
      if (selects(selector, reader.labels)) reader.onChange(slot, old, old !== undefined, slot.row !== undefined, true);
    }
  }

  #file(slot: Slot, row: unknown): Filed | undefined {
    const selector = row === undefined ? undefined : this.#store.selectorOf(row);
    if (selector === undefined) return undefined;
    const space = this.#space(this.#namespaceOf(row));
    file(space, slot, selector);
    const filed = {selector, space};
    this.#filed.set(slot, filed);
    return filed;
  }

  #unfile(slot: Slot, {selector, space}: Filed): void {
    unfile(space, slot, selector);
    this.#filed.delete(slot);
    this.#drop(space);
  }

  #drop(space: Space): void {
    if (space.size === 0 && space.readers === undefined) this.#spaces.delete(space.name);
  }

  #namespaceOf(row: unknown): string {
    return this.#scoped && row !== undefined ? this.#store.namespaceOf(row) : '';
  }

  #space(namespace: string): Space {
    const name = this.#scoped ? namespace : '';
    let space = this.#spaces.get(name);
    if (space === undefined) this.#spaces.set(name, (space = new Space(name)));
    return space;
  }
}

/** A selector too broken to be tried selects nothing. */
function selects(selector: LabelSelector, labels: Labels): boolean {
  try {
    return selectorMatches(selector, labels);
  } catch {
    return false;
  }
}

/** Readers that the selector may match; a label has one value, so each comes once. */
function* readersOf(space: Space, selector: LabelSelector): Iterable<SelectingReader> {
  const [anchor] = anchorsOf(selector);
  if (anchor === undefined) yield* itemsOf(space.readers);
  else if (anchor.kind === 'pairs') {
    for (const value of anchor.values) yield* itemsOf(space.readersByPair.get(anchor.key)?.get(value));
  } else {
    for (const readers of space.readersByPair.get(anchor.key)?.values() ?? []) yield* itemsOf(readers);
  }
}

function file(space: Space, slot: Slot, selector: LabelSelector): void {
  space.size++;
  space.answers.clear();
  for (const key of mentionedBy(selector)) space.mentioned.set(key, (space.mentioned.get(key) ?? 0) + 1);
  const [anchor] = anchorsOf(selector);
  if (anchor === undefined) space.rest = withItem(space.rest, slot);
  else if (anchor.kind === 'pairs') for (const value of anchor.values) addPair(space.byPair, anchor.key, value, slot);
  else space.byName.set(anchor.key, withItem(space.byName.get(anchor.key), slot));
}

function unfile(space: Space, slot: Slot, selector: LabelSelector): void {
  space.size--;
  space.answers.clear();
  for (const key of mentionedBy(selector)) {
    const left = (space.mentioned.get(key) ?? 0) - 1;
    if (left > 0) space.mentioned.set(key, left);
    else space.mentioned.delete(key);
  }
  const [anchor] = anchorsOf(selector);
  if (anchor === undefined) space.rest = withoutItem(space.rest, slot);
  else if (anchor.kind === 'pairs')
    for (const value of anchor.values) removePair(space.byPair, anchor.key, value, slot);
  else {
    const bag = withoutItem(space.byName.get(anchor.key), slot);
    if (bag === undefined) space.byName.delete(anchor.key);
    else space.byName.set(anchor.key, bag);
  }
}

function addPair<T extends object>(pairs: ByPair<T>, key: string, value: string, item: T): void {
  let values = pairs.get(key);
  if (values === undefined) pairs.set(key, (values = new Map<string, Bag<T>>()));
  values.set(value, withItem(values.get(value), item));
}

function removePair<T extends object>(pairs: ByPair<T>, key: string, value: string, item: T): void {
  const values = pairs.get(key);
  if (values === undefined) return;
  const bag = withoutItem(values.get(value), item);
  if (bag !== undefined) values.set(value, bag);
  else values.delete(value);
  if (values.size === 0) pairs.delete(key);
}
