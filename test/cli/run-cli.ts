import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';

const root = resolve(import.meta.dirname, '../..');

export type Ran = {readonly code: number; readonly stdout: string; readonly stderr: string};
export type Bundle = {
  /** Runs the bundled command line as a process of its own. */
  sluice(...args: readonly string[]): Promise<Ran>;
  remove(): void;
};

/** Builds the command line into a folder of its own: other tests may be using dist/. */
export async function bundle(): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bundle-'));
  await promisify(execFile)(process.execPath, [join(root, 'build.mjs'), folder]);
  return {
    sluice: (...args) =>
      new Promise((done) => {
        const command = [join(folder, 'sluice.js'), ...args];
        execFile(process.execPath, command, {cwd: root, maxBuffer: 64 * 1024 * 1024}, (error, stdout, stderr) => {
          done({code: error === null ? 0 : Number(error.code), stdout, stderr});
        });
      }),
    remove: () => rmSync(folder, {recursive: true, force: true}),
  };
}
