/** A folder of its own for a test, below the system's temporary one. */
import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';

export type TestFolder = {
  readonly path: string;
  /** Writes a file, and the folders it needs. */
  readonly write: (name: string, content: string | Buffer) => void;
  readonly at: (name: string) => string;
  readonly [Symbol.dispose]: () => void;
};

export function testFolder(): TestFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-files-')));
  const at = (name: string): string => join(path, name);
  return {
    path,
    at,
    write: (name, content) => {
      mkdirSync(dirname(at(name)), {recursive: true});
      writeFileSync(at(name), content);
    },
    [Symbol.dispose]: () => rmSync(path, {recursive: true, force: true}),
  };
}
