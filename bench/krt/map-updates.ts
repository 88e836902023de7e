import {type Pod, podUpdates, type Random, readdressed} from './workload.ts';

/** Single updates of pods picked at random, each a new address; `current` is changed to hold them. */
export function singleUpdates(current: Pod[], count: number, draw: Random): readonly Pod[] {
  const rows = podUpdates(current, count, draw);
  for (const pod of rows) flatten(pod.ip);
  return rows;
}

/** The same in batches in which no pod occurs twice. */
export function batchedUpdates(
  current: Pod[],
  {batches, size}: {readonly batches: number; readonly size: number},
  draw: Random,
): readonly (readonly Pod[])[] {
  return Array.from({length: batches}, () =>
    picked(current.length, size, draw).map((at) => {
      const pod = current[at];
      if (pod === undefined) throw new Error(`no pod ${at}`);
      const updated = readdressed(pod, draw);
      flatten(updated.ip);
      current[at] = updated;
      return updated;
    }),
  );
}

/** `count` different numbers below a limit, in random order. */
export function picked(below: number, count: number, draw: Random): readonly number[] {
  if (count > below) throw new RangeError(`${count} of ${below}`);
  const numbers = Array.from({length: below}, (_, at) => at);
  for (let at = 0; at < count; at++) {
    const other = at + draw.int(below - at);
    [numbers[at], numbers[other]] = [numbers[other] ?? 0, numbers[at] ?? 0];
  }
  return numbers.slice(0, count);
}

/**
 * A concatenated string is kept in pieces until somebody compares it. What a decoder yields is in one piece, so these
 * are joined before the clock starts, lest the first to compare them pays.
 */
export function flatten(text: string): void {
  if (Number.isNaN(text.charCodeAt(0))) throw new Error('an empty string');
}
