/** What became of a request for a status, or of the wish for one. */
export type WriteResult =
  | 'written'
  /** Entries of ours were taken out. */
  | 'removed'
  /** Live was as wanted: nothing was sent. */
  | 'equal'
  | 'conflict'
  | 'gone'
  | 'refused'
  | 'forbidden'
  | 'failed'
  | 'unavailable'
  /** The term was over: nothing was sent. */
  | 'fenced';

/** Something that was sent, or decided not to be. */
export type WriteReport = {
  /** Kind of the object. */
  readonly kind: string;
  readonly result: WriteResult;
  /** Of the request, in milliseconds; undefined where there was none. */
  readonly requestMs?: number;
  /** Since the first change that it tells of. */
  readonly waitedMs?: number;
};

export type WriteCount = {readonly kind: string; readonly result: WriteResult; readonly count: number};

export class StatusCounters {
  readonly #counts = new Map<WriteResult, Map<string, number>>();

  add({kind, result}: WriteReport): void {
    let kinds = this.#counts.get(result);
    if (kinds === undefined) this.#counts.set(result, (kinds = new Map()));
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }

  total(result: WriteResult): number {
    let sum = 0;
    for (const count of this.#counts.get(result)?.values() ?? []) sum += count;
    return sum;
  }

  list(): readonly WriteCount[] {
    return [...this.#counts].flatMap(([result, kinds]) => [...kinds].map(([kind, count]) => ({kind, result, count})));
  }
}
