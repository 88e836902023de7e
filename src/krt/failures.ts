import type {Input} from './definition.ts';
import type {Entry} from './entry.ts';
import type {Transaction, TransformError} from './graph-api.ts';
import {input} from './operators.ts';

/**
 * The transforms that fail, as a collection that others can be derived from: a status, a count. The graph writes it
 * itself, as an epoch of its own after the one in which a transform failed or healed.
 */
export const transformErrors: Input<TransformError> = input<TransformError>('transform-errors', {key: ({key}) => key});

/** Thrown by the commit in which transforms failed whose policy is `fail`; everything else of it is in effect. */
export class TransformFailure extends Error {
  readonly errors: readonly TransformError[];

  constructor(errors: readonly TransformError[]) {
    super(errors.map(({key, message}) => `the transform failed for ${key}: ${message}`).join('; '));
    this.errors = errors;
  }
}

/** Which transforms fail now, and what of that is news. */
export class Failures {
  readonly #failing = new Map<Entry, TransformError>();
  #fatal: TransformError[] = [];
  /** By key: what is to be written to the collection of errors. */
  #news = new Map<string, TransformError | undefined>();

  changed(entry: Entry, error: TransformError | undefined, fatal: boolean): void {
    const before = this.#failing.get(entry);
    if (error !== undefined && fatal) this.#fatal.push(error);
    if (error === before) return;
    if (error === undefined) this.#failing.delete(entry);
    else this.#failing.set(entry, error);
    const key = error?.key ?? before?.key;
    if (key !== undefined) this.#news.set(key, error);
  }

  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** Sorted by key. */
  list(): readonly TransformError[] {
    return [...this.#failing.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The write that brings the collection of errors up to date; none where there is no news. */
  takeWrite(): ((tx: Transaction) => void) | undefined {
    if (this.#news.size === 0) return undefined;
    const news = this.#news;
    this.#news = new Map();
    return (tx) => {
      for (const [key, error] of news) {
        if (error === undefined) tx.delete(transformErrors, key);
        else tx.set(transformErrors, error);
      }
    };
  }

  /** Everything is news to a collection of errors that came alive just now. */
  retell(): void {
    for (const error of this.#failing.values()) this.#news.set(error.key, error);
  }

  throwFatal(): void {
    if (this.#fatal.length === 0) return;
    const errors = this.#fatal;
    this.#fatal = [];
    throw new TransformFailure(errors);
  }

  clear(): void {
    this.#failing.clear();
    this.#news.clear();
    this.#fatal = [];
  }
}
