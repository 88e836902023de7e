/**
 * None, one, a few or many of something. Most keys have one reader, which then stands by itself: a collection made for
 * one costs more than everything else about it.
 */
export type Bag<T extends object> = undefined | T | T[] | Set<T>;

/** From here on finding one in an array is dearer than a set. */
const FEW = 12;

/**
 * Things that are in one bag at a time can know where: a number, in place of an entry in a set of many, which is worth
 * it where there are as many as rows. -1 = not in a list.
 */
export type Placed = {position: number};

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
  return Array.isArray(bag) ? without(bag, bag.indexOf(item)) : bag;
}

/** A bag of things that know their place in it: never a set. */
export type PlacedBag<T extends Placed> = undefined | T | T[];

export function withPlaced<T extends Placed>(bag: PlacedBag<T>, item: T): PlacedBag<T> {
  if (bag === undefined) return item;
  if (!Array.isArray(bag)) {
    bag.position = 0;
    item.position = 1;
    return [bag, item];
  }
  item.position = bag.length;
  bag.push(item);
  return bag;
}

export function withoutPlaced<T extends Placed>(bag: PlacedBag<T>, item: T): PlacedBag<T> {
  if (bag === item) return undefined;
  if (!Array.isArray(bag) || bag[item.position] !== item) return bag;
  const last = bag[bag.length - 1];
  if (last !== undefined) last.position = item.position;
  return without(bag, item.position);
}

/** The last one takes the place of the one at `at`. */
function without<T extends object>(bag: T[], at: number): T | T[] | undefined {
  if (at < 0) return bag;
  const last = bag.pop();
  if (last !== undefined && at < bag.length) bag[at] = last;
  return bag.length > 1 ? bag : bag[0];
}

export function itemsOf<T extends object>(bag: Bag<T>): Iterable<T> {
  if (bag === undefined) return [];
  return bag instanceof Set || Array.isArray(bag) ? bag : [bag];
}
