/**
 * A strict reader of JSON texts that keeps no values: it finds the first fault, and the places of given fields.
 * Only used on texts in which something is wrong.
 */
import {endOfString, MAX_DEPTH, type SyntaxFault} from './text.ts';

type Path = readonly (string | number)[];

export type JsonFindings = {
  readonly fault?: SyntaxFault;
  /** For each path asked for: where its deepest part that exists begins. */
  readonly offsets: readonly number[];
};

export class JsonReader {
  readonly #text: string;
  #at = 0;
  #wanted: readonly Path[] = [];
  #best: {depth: number; offset: number}[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(wanted: readonly Path[]): JsonFindings {
    this.#at = 0;
    this.#wanted = wanted;
    this.#best = wanted.map(() => ({depth: 0, offset: 0}));
    let fault: SyntaxFault | undefined;
    try {
      this.#value([]);
      this.#space();
      if (this.#at < this.#text.length) this.#fail('unexpected text after the end of the document');
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      fault = {message: error.message, offset: error.offset};
    }
    const offsets = this.#best.map(({offset}) => offset);
    return fault === undefined ? {offsets} : {fault, offsets};
  }

  #fail(message: string, offset = this.#at): never {
    throw new Fault(message, offset);
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++;
  }

  #value(path: Path): void {
    this.#space();
    if (path.length > 0) this.#found(path, this.#at);
    const char = this.#text.charAt(this.#at);
    if ((char === '{' || char === '[') && path.length >= MAX_DEPTH)
      this.#fail(`nested deeper than ${MAX_DEPTH} levels`);
    if (char === '{') this.#object(path);
    else if (char === '[') this.#list(path);
    else if (char === '"') this.#string();
    else this.#word();
  }

  #object(path: Path): void {
    this.#at++;
    const keys = new Set<string>();
    this.#space();
    if (this.#text.charAt(this.#at) === '}') {
      this.#at++;
      return;
    }
    for (;;) {
      this.#space();
      const start = this.#at;
      if (this.#text.charAt(start) !== '"') this.#fail(`expected a name in double quotes, found ${this.#next()}`);
      const key = this.#string();
      if (keys.has(key)) this.#fail(`duplicate key ${JSON.stringify(key)}`, start);
      keys.add(key);
      this.#space();
      if (this.#text.charAt(this.#at) !== ':') this.#fail(`expected ":", found ${this.#next()}`);
      this.#at++;
      this.#value([...path, key]);
      if (this.#separator('}')) return;
    }
  }

  #list(path: Path): void {
    this.#at++;
    this.#space();
    if (this.#text.charAt(this.#at) === ']') {
      this.#at++;
      return;
    }
    for (let index = 0; ; index++) {
      this.#value([...path, index]);
      if (this.#separator(']')) return;
    }
  }

  /** True at the end of the list or object. */
  #separator(end: string): boolean {
    this.#space();
    const char = this.#text.charAt(this.#at);
    if (char !== ',' && char !== end) this.#fail(`expected "," or "${end}", found ${this.#next()}`);
    this.#at++;
    return char === end;
  }

  #string(): string {
    const start = this.#at;
    const end = endOfString(this.#text, start);
    this.#at = end + 1;
    try {
      return String(JSON.parse(this.#text.slice(start, end + 1)));
    } catch {
      if (end >= this.#text.length) this.#fail('a string is not closed', start);
      return this.#fail('a string holds a line break, a control character or an unknown escape', start);
    }
  }

  #word(): void {
    const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) this.#fail(`expected a value, found ${this.#next()}`);
    this.#at += found.length;
  }

  #next(): string {
    return this.#at >= this.#text.length ? 'the end of the file' : JSON.stringify(this.#text.charAt(this.#at));
  }

  #found(path: Path, offset: number): void {
    this.#wanted.forEach((wanted, index) => {
      const best = this.#best[index];
      if (best === undefined || path.length > wanted.length || path.length <= best.depth) return;
      if (path.every((part, level) => part === wanted[level])) this.#best[index] = {depth: path.length, offset};
    });
  }
}

class Fault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
