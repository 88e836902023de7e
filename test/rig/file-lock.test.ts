import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {identify} from '../../src/provision/process-identity.ts';
import {withLock} from './file-lock.ts';

describe('file-lock', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
    file = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, {recursive: true}));

  it('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0;
    let most = 0;
    const turns: string[] = [];
    const work = (turn: string) => async () => {
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      turns.push(turn);
      inside -= 1;
    };
    await Promise.all(['a', 'b', 'c'].map((turn) => withLock(file, () => {}, work(turn))));
    expect(most).toBe(1);
    expect(turns.sort()).toEqual(['a', 'b', 'c']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('passes on what the work throws, and lets go', async () => {
    await expect(
      withLock(
        file,
        () => {},
        () => Promise.reject(new Error('failed')),
      ),
    ).rejects.toThrow('failed');
    expect(existsSync(file)).toBe(false);
  });

  it('takes the lock of a process that is gone, however many want it', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(child, 'spawn');
    writeFileSync(file, JSON.stringify({...identify(child.pid ?? 0), nonce: 'of the dead'}));
    let taken = false;
    const waiting = withLock(
      file,
      () => {},
      async () => {
        taken = true;
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    let inside = 0;
    const another = () =>
      withLock(
        file,
        () => {},
        async () => {
          inside += 1;
          expect(inside).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 10));
          inside -= 1;
        },
      );
    await Promise.all([waiting, another(), another(), another()]);
    expect(taken).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});
