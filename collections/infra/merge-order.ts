/** The order of merged lists, as a strategic merge keeps it. */

/** Items in the order of the list; those that are not in it stay where they are among themselves, at the end. */
export function sortedBy<T>(items: readonly T[], order: readonly unknown[], keyOf: (item: T) => unknown): readonly T[] {
  const place = (item: T): number => {
    const index = order.indexOf(keyOf(item));
    return index < 0 ? order.length : index;
  };
  return items.toSorted((a, b) => place(a) - place(b));
}

/**
 * Two lists as one in which neither changes its order. Items of `old` go before the first of `patched` that stood behind
 * them in `oldOrder`; items of `patched` that are new there go first.
 */
export function interleaved<T>(
  old: readonly T[],
  patched: readonly T[],
  oldOrder: readonly unknown[],
  keyOf: (item: T) => unknown,
): readonly T[] {
  const result: T[] = [];
  let next = 0;
  for (const item of patched) {
    const place = oldOrder.indexOf(keyOf(item));
    for (let left = old[next]; left !== undefined && place >= 0; left = old[next]) {
      const leftPlace = oldOrder.indexOf(keyOf(left));
      if (leftPlace < 0 || leftPlace > place) break;
      result.push(left);
      next++;
    }
    result.push(item);
  }
  return [...result, ...old.slice(next)];
}
