import {readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Fault} from './fault.ts';

const ENGINE = resolve(import.meta.dirname, '../../../src/krt');

/** The files of the engine as they were when this was made: whoever edits them meanwhile disturbs nothing. */
export class EngineSource {
  readonly files: ReadonlyMap<string, string>;

  /** `folder` = where it is read from; a copy of src/krt does as well. */
  constructor(folder: string = ENGINE) {
    const names = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ts'));
    this.files = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  }

  /** What the fault's file is with the fault in it. */
  withFault({file, find, replace}: Fault): string {
    return (this.files.get(file) ?? '').split(find).join(replace);
  }

  /** Why a fault cannot be made as it is described, and what to do about that; undefined where it can. */
  misfit(fault: Fault): string | undefined {
    const {name, file, find} = fault;
    const count = occurrences(this.files.get(file), find);
    if (count === 1) return undefined;
    if (count > 1) return `"${name}": occurs ${count} times in ${file}; make \`find\` longer`;
    const others = [...this.files].filter(([, text]) => occurrences(text, find) > 0).map(([other]) => other);
    const [other] = others;
    if (other === undefined) {
      return `"${name}": ${file} has no such text any more; say what the mistake would be now, or remove it`;
    }
    const is = `"${name}": has moved from ${file} to ${others.join(', ')}`;
    return others.length === 1 ? `${is}; write file: '${other}'` : `${is}; choose one`;
  }
}

const occurrences = (text: string | undefined, find: string): number => (text ?? '').split(find).length - 1;
