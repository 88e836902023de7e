import {mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {afterEach, describe, expect, it} from 'vitest';
import {formatProblem} from '../../src/api/problem.ts';
import {createSecretFolder, type SecretFolder, type SecretFolderOptions} from '../../src/files/secret-folder.ts';
import {testFolder} from './folder.ts';
import {eventually} from '../kube/eventually.ts';

const decoded = (data: Readonly<Record<string, string>> = {}): string =>
  Object.entries(data)
    .map(([key, value]) => `${key}=${Buffer.from(value, 'base64').toString()}`)
    .join(' ');

describe('a folder of secrets', () => {
  let folder = testFolder();
  let stop = async (): Promise<void> => undefined;
  const batches: string[][] = [];
  const problems: string[] = [];

  const start = async (more: Partial<SecretFolderOptions> = {}): Promise<SecretFolder> => {
    const watcher = createSecretFolder({
      folder: folder.at('secrets'),
      debounceMs: 20,
      onChanges: ({set, removed}) =>
        batches.push([
          ...set.map((object) => {
            if (object.kind !== 'Secret') return object.kind;
            const {metadata, type, data} = object;
            return `+${metadata.namespace}/${metadata.name} ${metadata.generation} ${type} ${decoded(data)}`;
          }),
          ...removed.map(({groupKind, key}) => `-${groupKind} ${key}`),
        ]),
      onProblems: (found) =>
        problems.push(...found.map((problem) => formatProblem(problem).replaceAll(`${folder.path}/`, ''))),
      ...more,
    });
    stop = watcher.stop;
    await watcher.start();
    return watcher;
  };
  const next = async (): Promise<string[]> => {
    await eventually(() => expect(batches.length).toBeGreaterThan(0));
    return batches.splice(0).flat();
  };
  const nothing = async (): Promise<void> => {
    await new Promise((resolve) => void setTimeout(resolve, 150));
    expect(batches).toEqual([]);
  };

  afterEach(async () => {
    await stop();
    folder[Symbol.dispose]();
    folder = testFolder();
    for (const list of [batches, problems]) list.length = 0;
  });

  it('gives a Secret for each of its folders, of type TLS where there is a pair', async () => {
    folder.write('secrets/default/web/tls.crt', 'CERT');
    folder.write('secrets/default/web/tls.key', 'KEY');
    folder.write('secrets/infra/token/value', 'a');
    folder.write('secrets/infra/token/.hidden', 'b');
    folder.write('secrets/stray', 'x');
    folder.write('secrets/.git/config/x', 'x');
    const watcher = await start();
    expect(await next()).toEqual([
      '+default/web 1 kubernetes.io/tls tls.crt=CERT tls.key=KEY',
      '+infra/token 1 Opaque .hidden=b value=a',
    ]);
    expect(watcher.problems()).toEqual([]);
  });

  it('tells what changes, comes and goes, and nothing else', async () => {
    folder.write('secrets/default/a/key', '1');
    folder.write('secrets/default/b/key', '1');
    await start();
    await next();
    folder.write('secrets/default/a/key', '2');
    expect(await next()).toEqual(['+default/a 2 Opaque key=2']);
    folder.write('secrets/default/a/key', '2');
    await nothing();
    folder.write('secrets/other/c/key', '1');
    expect(await next()).toEqual(['+other/c 1 Opaque key=1']);
    folder.write('secrets/other/c/more', '2');
    expect(await next()).toEqual(['+other/c 2 Opaque key=1 more=2']);
    rmSync(folder.at('secrets/default'), {recursive: true});
    expect((await next()).sort()).toEqual(['-/Secret default/a', '-/Secret default/b']);
    folder.write('secrets/default/a/key', '3');
    expect(await next()).toEqual(['+default/a 3 Opaque key=3']);
  });

  it('sees a certificate and its key change together', async () => {
    folder.write('secrets/default/web/tls.crt', 'CERT');
    folder.write('secrets/default/web/tls.key', 'KEY');
    await start({debounceMs: 100});
    await next();
    folder.write('secrets/default/web/tls.crt', 'CERT2');
    await new Promise((resolve) => void setTimeout(resolve, 40));
    folder.write('secrets/default/web/tls.key', 'KEY2');
    expect(await next()).toEqual(['+default/web 2 kubernetes.io/tls tls.crt=CERT2 tls.key=KEY2']);
  });

  it('follows a mounted volume, whose files are replaced by turning a link', async () => {
    // As a kubelet writes them: KEY -> ..data/KEY, ..data -> ..VERSION.
    const at = (name: string): string => folder.at(`secrets/default/web/${name}`);
    const version = (name: string, cert: string): void => {
      folder.write(`secrets/default/web/${name}/tls.crt`, cert);
      folder.write(`secrets/default/web/${name}/tls.key`, `KEY of ${cert}`);
      symlinkSync(name, at('..data_tmp'));
      renameSync(at('..data_tmp'), at('..data'));
    };
    version('..2026_1', 'CERT1');
    for (const key of ['tls.crt', 'tls.key']) symlinkSync(`..data/${key}`, at(key));
    await start();
    expect(await next()).toEqual(['+default/web 1 kubernetes.io/tls tls.crt=CERT1 tls.key=KEY of CERT1']);
    for (const [generation, name] of [
      [2, '..2026_2'],
      [3, '..2026_3'],
    ] as const) {
      version(name, `CERT${generation}`);
      rmSync(at(`..2026_${generation - 1}`), {recursive: true});
      expect(await next()).toEqual([
        `+default/web ${generation} kubernetes.io/tls tls.crt=CERT${generation} tls.key=KEY of CERT${generation}`,
      ]);
    }
  });

  it('reads a mounted volume behind its link: what is left of older versions beside it does not count', async () => {
    const at = (name: string): string => folder.at(`secrets/default/web/${name}`);
    folder.write('secrets/default/web/..1/tls.crt', 'CERT');
    symlinkSync('..1', at('..data'));
    // The kubelet has removed the file, and not yet the link to it.
    for (const key of ['tls.crt', 'tls.key']) symlinkSync(`..data/${key}`, at(key));
    const watcher = await start();
    expect(await next()).toEqual(['+default/web 1 Opaque tls.crt=CERT']);
    expect(watcher.problems()).toEqual([]);
  });

  it('keeps what cannot be used as it was, and says why', async () => {
    folder.write('secrets/default/a/key', '1');
    folder.write('secrets/default/Bad_Name/key', '1');
    const watcher = await start();
    expect(await next()).toEqual(['+default/a 1 Opaque key=1']);
    expect(problems.splice(0)).toEqual([
      'secrets/default/Bad_Name: metadata.name: must be a lower-case DNS name, is "Bad_Name"',
    ]);
    writeFileSync(folder.at('secrets/default/a/big'), Buffer.alloc(1024 * 1024 + 1));
    await eventually(() => expect(problems).toEqual(['secrets/default/a/big: a Secret holds at most 1 MiB']));
    await nothing();
    expect(watcher.problems()).toHaveLength(2);
    rmSync(folder.at('secrets/default/a/big'));
    renameSync(folder.at('secrets/default/Bad_Name'), folder.at('secrets/default/good'));
    expect(await next()).toEqual(['+default/good 1 Opaque key=1']);
    expect(watcher.problems()).toEqual([]);
  });

  it('keeps everything when the folder itself is gone, and goes on when it is back', async () => {
    folder.write('secrets/default/a/key', '1');
    const watcher = await start();
    await next();
    renameSync(folder.at('secrets'), folder.at('elsewhere'));
    await eventually(() => expect(problems).toEqual(['secrets: no such file or directory']));
    await nothing();
    mkdirSync(folder.at('elsewhere/other/b'), {recursive: true});
    folder.write('elsewhere/other/b/key', '1');
    renameSync(folder.at('elsewhere'), folder.at('secrets'));
    expect(await next()).toEqual(['+other/b 1 Opaque key=1']);
    expect(watcher.problems()).toEqual([]);
  });

  it('starts without the folder, and reads it when it comes', async () => {
    const watcher = await start();
    expect(batches.splice(0)).toEqual([[]]);
    expect(watcher.problems()).toHaveLength(1);
    folder.write('secrets/default/a/key', '1');
    expect(await next()).toEqual(['+default/a 1 Opaque key=1']);
    expect(watcher.problems()).toEqual([]);
  });

  it('sees by polling what no event told of', async () => {
    // A file that a link leads to from elsewhere: nothing happens in the folders that are watched.
    folder.write('agent/key', '1');
    mkdirSync(folder.at('secrets/default/a'), {recursive: true});
    symlinkSync(folder.at('agent/key'), folder.at('secrets/default/a/key'));
    await start({pollMs: 50});
    await next();
    folder.write('agent/key', '2');
    expect(await next()).toEqual(['+default/a 2 Opaque key=2']);
  });

  it('tells nothing more when it is stopped', async () => {
    folder.write('secrets/default/a/key', '1');
    await start({pollMs: 30});
    await next();
    folder.write('secrets/default/a/key', '2');
    await stop();
    await nothing();
    expect(problems).toEqual([]);
  });
});
