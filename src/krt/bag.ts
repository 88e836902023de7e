/**
 * None, one, a few or many of something. Most keys have one reader, which then stands by itself: a set made for one
 * costs more than everything else about it.
 */
export type Bag<T extends object> = undefined | T | T[] | Set<T>;

/** From here on finding one in an array is dearer than a set. */
const FEW = 12;

/** The bag with one more item, which must not be in it. */
export function withItem<T extends object>(bag: Bag<T>, item: T): Bag<T> {
  if (bag === undefined) return item;
  if (bag instanceof Set) return bag.add(item);
  if (!Array.isArray(bag)) return [bag, item];
  bag.push(item);
  return bag.length > FEW ? new Set(bag) : bag;
}

/** The bag without that item. */
export function withoutItem<T extends object>(bag: Bag<T>, item: T): Bag<T> {
  if (bag === item) return undefined;
  if (bag instanceof Set) {
    bag.delete(item);
    return bag.size > 0 ? bag : undefined;
  }
  if (!Array.isArray(bag)) return bag;
  const at = bag.indexOf(item);
  if (at < 0) return bag;
  const last = bag.pop();
  if (last !== undefined && last !== item) bag[at] = last;
  return bag.length > 1 ? bag : bag[0];
}

export function itemsOf<T extends object>(bag: Bag<T>): Iterable<T> {
  if (bag === undefined) return [];
  return bag instanceof Set || Array.isArray(bag) ? bag : [bag];
}

export function sizeOf<T extends object>(bag: Bag<T>): number {
  if (bag === undefined) return 0;
  if (bag instanceof Set) return bag.size;
  return Array.isArray(bag) ? bag.length : 1;
}
