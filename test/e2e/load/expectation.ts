import {echoOf} from '../harness/cases.ts';
import type {Response} from '../harness/request.ts';

/** The rule of a host sets this request header to the number of its edit. */
export const editHeader = 'x-edit';

type Edit = {
  readonly number: number;
  /** Names of the backends that may answer, with the time from which on they may not. */
  readonly backends: Map<string, number>;
  /** When the first answer of this edit came. */
  seenAt: number;
};

/**
 * What requests of one host may be answered, while it is edited: by which backend, and under which edit. As soon as one
 * answer has shown an edit, no later request may be answered by an earlier one. (True of an Envoy with a single worker.)
 */
export class Expectation {
  readonly #edits: Edit[] = [];
  #seen: (() => void)[] = [];

  constructor(backends: readonly string[]) {
    this.edit(backends);
  }

  get number(): number {
    return this.#edits.length - 1;
  }

  /** From now on the next edit may answer, by these backends. Returns its number. */
  edit(backends: readonly string[]): number {
    const number = this.#edits.length;
    this.#edits.push({number, backends: new Map(backends.map((name) => [name, Infinity])), seenAt: Infinity});
    return number;
  }

  /** A backend more for the present edit. */
  add(backend: string): void {
    this.#edits.at(-1)?.backends.set(backend, Infinity);
  }

  /** Requests that begin from now on must not be answered by it. */
  remove(backend: string): void {
    this.#edits.at(-1)?.backends.set(backend, performance.now());
  }

  /** Resolves when the present edit was seen in an answer; rejects after `limitMs`. */
  async seen(limitMs = 5_000): Promise<void> {
    const {number} = this;
    if (this.#edits[number]?.seenAt !== Infinity) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`edit ${number} was not seen in ${limitMs} ms`)), limitMs);
      this.#seen.push(() => {
        if (this.#edits[number]?.seenAt !== Infinity) resolve();
      });
    });
    clearTimeout(timer);
    this.#seen = [];
  }

  readonly judge = (answer: Response, startedAt: number): string | undefined => {
    const echo = echoOf(answer);
    if (answer.status !== 200 || echo === undefined) return `answered ${answer.status} ${answer.body.slice(0, 200)}`;
    const number = Number(echo.headers[editHeader] ?? -1);
    const edit = this.#edits[number];
    if (edit === undefined) return `answered under edit ${number}, which was not made`;
    const until = edit.backends.get(echo.name);
    if (until === undefined) return `answered by ${echo.name} under edit ${number}`;
    if (until < startedAt) return `answered by ${echo.name}, which was removed before`;
    const newest = this.#edits.findLast(({seenAt}) => seenAt < startedAt);
    if (newest !== undefined && newest.number > number)
      return `answered under edit ${number} after ${newest.number} was seen`;
    if (edit.seenAt === Infinity) {
      edit.seenAt = performance.now();
      for (const tell of this.#seen) tell();
    }
    return undefined;
  };
}
