import {TooLargeError} from './client.ts';

const NEWLINE = 10;

/** Cuts a stream of bytes into lines. Each byte is looked at once, however many chunks a line comes in. */
export class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  /** Bytes in the parts. */
  #size = 0;

  /** `limit`: bytes of one line. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that the chunk completes; empty ones are left out. Throws TooLargeError. */
  *take(chunk: Buffer): Generator<Buffer, void, undefined> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const line = this.#complete(chunk.subarray(from, at));
      from = at + 1;
      if (line.length > 0) yield line;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** Whether there is a beginning of a line without its end. */
  get isInLine(): boolean {
    return this.#size > 0;
  }

  #complete(end: Buffer): Buffer {
    if (this.#size === 0) {
      this.#check(end.length);
      return end;
    }
    this.#keep(end);
    const line = Buffer.concat(this.#parts, this.#size);
    this.#parts = [];
    this.#size = 0;
    return line;
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#size += part.length;
    this.#check(this.#size);
  }

  #check(size: number): void {
    if (size <= this.#limit) return;
    throw new TooLargeError(`a line has more than ${this.#limit} bytes`);
  }
}
