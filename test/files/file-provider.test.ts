import {mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync} from 'node:fs';
import {execFileSync} from 'node:child_process';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {formatProblem} from '../../src/api/problem.ts';
import {type Batch, createFileProvider, type FileProviderOptions, loadOnce} from '../../src/files/file-provider.ts';
import {testFolder} from './folder.ts';

const DEBOUNCE = 20;
const namespace = (name: string, label = 'v'): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {l: ${label}}}\n`;
const broken = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: [}\n';

/** `+a:v` for a namespace set with its label, `-a` for one removed. */
const lines = ({removed, set}: Batch): string[] => [
  ...set.map(({metadata}) => `+${metadata.name}:${metadata.labels?.['l']}`),
  ...removed.map(({key}) => `-${key}`),
];

describe('a watched folder', () => {
  let folder = testFolder();
  let stop = async (): Promise<void> => undefined;
  const batches: string[][] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  const notes: string[] = [];

  const start = async (more: Partial<FileProviderOptions> = {}): Promise<ReturnType<typeof createFileProvider>> => {
    const provider = createFileProvider({
      paths: [folder.path],
      debounceMs: DEBOUNCE,
      onChanges: (batch) => batches.push(lines(batch)),
      onProblems: (found) =>
        problems.push(...found.map((problem) => formatProblem(problem).replaceAll(`${folder.path}/`, ''))),
      log: {debug: (text) => notes.push(text), warn: (text) => warnings.push(text)},
      ...more,
    });
    stop = provider.stop;
    await provider.start();
    return provider;
  };
  /** What the next batches say, once they say so many things. */
  const next = async (count: number): Promise<string[]> => {
    await vi.waitFor(() => expect(batches.flat().length).toBeGreaterThanOrEqual(count), {timeout: 5000, interval: 5});
    return batches.splice(0).flat().sort();
  };
  /** What batches say of a time that is long enough to say something. */
  const meanwhile = async (): Promise<string[]> => {
    await new Promise((resolve) => void setTimeout(resolve, 10 * DEBOUNCE));
    return batches.splice(0).flat();
  };

  afterEach(async () => {
    await stop();
    folder[Symbol.dispose]();
    folder = testFolder();
    for (const list of [batches, problems, warnings, notes]) list.length = 0;
  });

  it('is delivered in one batch before start() resolves, empty or not', async () => {
    await start();
    expect(batches).toEqual([[]]);
    await stop();
    batches.length = 0;
    folder.write('a.yaml', `${namespace('a')}---\n${namespace('b')}`);
    folder.write(
      'deep/er/c.json',
      JSON.stringify({apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'c', labels: {l: 'v'}}}),
    );
    folder.write('notes.txt', 'no manifest');
    folder.write('.hidden.yaml', namespace('hidden'));
    folder.write('kustomization.yaml', 'resources: [a.yaml]');
    await start();
    expect(batches).toEqual([['+a:v', '+b:v', '+c:v']]);
    expect(problems).toEqual([]);
  });

  it('tells of changed, new, deleted and renamed files', async () => {
    folder.write('a.yaml', namespace('a'));
    await start();
    expect(await next(1)).toEqual(['+a:v']);
    folder.write('a.yaml', namespace('a', 'w'));
    expect(await next(1)).toEqual(['+a:w']);
    folder.write('b.yaml', namespace('b'));
    expect(await next(1)).toEqual(['+b:v']);
    renameSync(folder.at('b.yaml'), folder.at('c.yaml'));
    expect(await meanwhile()).toEqual([]);
    renameSync(folder.at('c.yaml'), folder.at('c.txt'));
    expect(await next(1)).toEqual(['-b']);
    unlinkSync(folder.at('a.yaml'));
    expect(await next(1)).toEqual(['-a']);
  });

  it('tells of whole folders that come, move and go', async () => {
    await start();
    batches.length = 0;
    folder.write('x/y/a.yaml', namespace('a'));
    expect(await next(1)).toEqual(['+a:v']);
    folder.write('x/y/b.yaml', namespace('b'));
    expect(await next(1)).toEqual(['+b:v']);
    renameSync(folder.at('x'), folder.at('z'));
    expect(await meanwhile()).toEqual([]);
    folder.write('z/y/b.yaml', namespace('b', 'w'));
    expect(await next(1)).toEqual(['+b:w']);
    rmSync(folder.at('z'), {recursive: true});
    expect(await next(2)).toEqual(['-a', '-b']);
  });

  it('follows the symbolic link that a mounted volume swaps, time after time', async () => {
    const publish = (version: number): void => {
      folder.write(`..v${version}/a.yaml`, namespace('a', `v${version}`));
      symlinkSync(`..v${version}`, folder.at('..data_tmp'));
      renameSync(folder.at('..data_tmp'), folder.at('..data'));
      if (version > 1) rmSync(folder.at(`..v${version - 1}`), {recursive: true});
    };
    publish(1);
    symlinkSync('..data/a.yaml', folder.at('a.yaml'));
    await start();
    expect(await next(1)).toEqual(['+a:v1']);
    for (const version of [2, 3, 4]) {
      publish(version);
      expect(await next(1)).toEqual([`+a:v${version}`]);
    }
    expect(problems).toEqual([]);
  });

  it('follows a single file through such a swap, too', async () => {
    folder.write('..v1/a.yaml', namespace('a', 'v1'));
    folder.write('..v2/a.yaml', namespace('a', 'v2'));
    symlinkSync('..v1', folder.at('..data'));
    symlinkSync('..data/a.yaml', folder.at('a.yaml'));
    await start({paths: [folder.at('a.yaml')]});
    expect(await next(1)).toEqual(['+a:v1']);
    symlinkSync('..v2', folder.at('..data_tmp'));
    renameSync(folder.at('..data_tmp'), folder.at('..data'));
    expect(await next(1)).toEqual(['+a:v2']);
  });

  it('follows a configured path that is a link to a folder when the link turns', async () => {
    folder.write('v1/a.yaml', namespace('a', 'v1'));
    folder.write('v2/a.yaml', namespace('a', 'v2'));
    symlinkSync('v1', folder.at('current'));
    await start({paths: [folder.at('current')]});
    expect(await next(1)).toEqual(['+a:v1']);
    symlinkSync('v2', folder.at('next'));
    renameSync(folder.at('next'), folder.at('current'));
    expect(await next(1)).toEqual(['+a:v2']);
    folder.write('v2/a.yaml', namespace('a', 'v3'));
    expect(await next(1)).toEqual(['+a:v3']);
  });

  it('follows a file that editors replace instead of writing', async () => {
    folder.write('a.yaml', namespace('a'));
    await start({paths: [folder.at('a.yaml')]});
    expect(await next(1)).toEqual(['+a:v']);
    for (const label of ['w', 'x']) {
      folder.write('a.yaml~', namespace('a', label));
      renameSync(folder.at('a.yaml~'), folder.at('a.yaml'));
      expect(await next(1)).toEqual([`+a:${label}`]);
    }
  });

  it('says nothing where nothing changes', async () => {
    folder.write('a.yaml', namespace('a'));
    await start();
    expect(await next(1)).toEqual(['+a:v']);
    folder.write('a.yaml', namespace('a'));
    folder.write('a.yaml', `# comment\n${namespace('a')}`);
    expect(await meanwhile()).toEqual([]);
  });

  it('makes one batch of a burst', async () => {
    await start();
    batches.length = 0;
    for (let index = 0; index < 50; index++) folder.write(`${index}.yaml`, namespace(`n${index}`));
    await vi.waitFor(() => expect(batches.flat().length).toBe(50), {timeout: 5000});
    expect(batches.length).toBeLessThanOrEqual(3);
  });

  it('does not wait for ever for a quiet moment', async () => {
    await start({debounceMs: 40});
    batches.length = 0;
    const until = Date.now() + 1500;
    for (let index = 0; batches.length === 0 && Date.now() < until; index++) {
      folder.write('busy.yaml', namespace('busy', `v${index}`));
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
    expect(batches.length).toBeGreaterThan(0);
  });

  it('keeps last good objects while a file is broken, and takes the healed one', async () => {
    folder.write('a.yaml', namespace('a'));
    folder.write('b.yaml', namespace('b'));
    const provider = await start();
    expect(await next(2)).toEqual(['+a:v', '+b:v']);
    folder.write('a.yaml', broken);
    await vi.waitFor(() => expect(problems.length).toBe(1), {timeout: 5000});
    folder.write('b.yaml', namespace('b', 'w'));
    expect(await next(1)).toEqual(['+b:w']);
    expect(problems).toEqual([
      'a.yaml:3 (document 1, Namespace): invalid YAML: missed comma between flow collection entries',
    ]);
    expect(provider.problems().length).toBe(1);
    folder.write('a.yaml', namespace('a', 'w'));
    expect(await next(1)).toEqual(['+a:w']);
    expect(provider.problems()).toEqual([]);
    expect(problems.length).toBe(1);
  });

  it('waits a moment before it believes that a file was emptied', async () => {
    folder.write('a.yaml', namespace('a'));
    await start();
    expect(await next(1)).toEqual(['+a:v']);
    writeFileSync(folder.at('a.yaml'), '');
    await new Promise((resolve) => void setTimeout(resolve, 1.2 * DEBOUNCE));
    writeFileSync(folder.at('a.yaml'), namespace('a', 'w'));
    expect(await next(1)).toEqual(['+a:w']);
    writeFileSync(folder.at('a.yaml'), '');
    expect(await next(1)).toEqual(['-a']);
  });

  it('keeps what a configured path held when the path vanishes, and takes it up again', async () => {
    folder.write('x/a.yaml', namespace('a'));
    const provider = await start({paths: [folder.at('x')]});
    expect(await next(1)).toEqual(['+a:v']);
    renameSync(folder.at('x'), folder.at('gone'));
    await vi.waitFor(() => expect(problems).toEqual(['x: no such file or directory']), {
      timeout: 5000,
    });
    expect(await meanwhile()).toEqual([]);
    folder.write('x/a.yaml', namespace('a', 'w'));
    expect(await next(1)).toEqual(['+a:w']);
    expect(provider.problems()).toEqual([]);
  });

  it('waits for a configured file that is not there yet', async () => {
    await start({paths: [folder.at('later.yaml')]});
    expect(problems).toEqual(['later.yaml: no such file or directory']);
    batches.length = 0;
    folder.write('later.yaml', namespace('a'));
    expect(await next(1)).toEqual(['+a:v']);
  });

  it('reports links to nothing, pipes and loops, and stays on its feet', async () => {
    symlinkSync('nowhere', folder.at('dangling.yaml'));
    symlinkSync('loop.yaml', folder.at('loop.yaml'));
    symlinkSync('.', folder.at('itself'));
    execFileSync('mkfifo', [folder.at('pipe.yaml')]);
    mkdirSync(folder.at('folder.yaml'));
    folder.write('folder.yaml/a.yaml', namespace('a'));
    await start();
    expect(await next(1)).toEqual(['+a:v']);
    expect([...problems].sort()).toEqual([
      'dangling.yaml: is a symbolic link to nothing',
      'loop.yaml: too many symbolic links',
      'pipe.yaml: is not a regular file',
    ]);
  });

  it('sees by polling what no event told of', async () => {
    folder.write('real/a.yaml', namespace('a'));
    folder.write('watched/.keep', '');
    symlinkSync('../real/a.yaml', folder.at('watched/a.yaml'));
    await start({paths: [folder.at('watched')], pollMs: 100});
    expect(await next(1)).toEqual(['+a:v']);
    folder.write('real/a.yaml', namespace('a', 'w')); // no event in the watched folder
    expect(await next(1)).toEqual(['+a:w']);
  });

  it('notes kinds it passes over, once', async () => {
    folder.write('a.yaml', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n');
    await start();
    folder.write('b.yaml', namespace('b'));
    await vi.waitFor(() => expect(batches.flat()).toEqual(['+b:v']), {timeout: 5000});
    expect(notes).toEqual([`${folder.at('a.yaml')}: apps/v1 Deployment passed over`]);
    expect(problems).toEqual([]);
  });

  it('is silent after stop()', async () => {
    const provider = await start();
    batches.length = 0;
    await provider.stop();
    folder.write('a.yaml', namespace('a'));
    expect(await meanwhile()).toEqual([]);
  });
});

describe('reading once', () => {
  it('takes folders and files, and each file once', () => {
    using folder = testFolder();
    folder.write('x/a.yaml', namespace('a'));
    folder.write('b.conf', namespace('b'));
    const {objects, problems} = loadOnce([
      folder.at('x/a.yaml'),
      folder.at('x'),
      folder.at('b.conf'),
      folder.at('none'),
    ]);
    expect(objects.map(({metadata}) => metadata.name)).toEqual(['a', 'b']);
    expect(problems.map(formatProblem)).toEqual([`${folder.at('none')}: no such file or directory`]);
  });

  it('names files as the user named the path', () => {
    using folder = testFolder();
    folder.write('x/a.yaml', broken);
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      expect(loadOnce(['x']).problems.map(({file}) => file)).toEqual(['x/a.yaml']);
      expect(loadOnce(['./x/a.yaml']).problems.map(({file}) => file)).toEqual(['./x/a.yaml']);
    } finally {
      process.chdir(before);
    }
  });
});
