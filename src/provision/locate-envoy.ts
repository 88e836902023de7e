import {execFile} from 'node:child_process';
import {constants} from 'node:fs';
import {access} from 'node:fs/promises';
import {homedir} from 'node:os';
import {delimiter, join} from 'node:path';
import {fetchEnvoy} from './fetch-envoy.ts';
import type {Log} from './supervised-process.ts';

export type EnvoyLocation =
  | {readonly binary: string; readonly from: 'configuration' | 'PATH' | 'cache' | 'download'; readonly version: string}
  /** What the user can do about it. */
  | {readonly hint: string};

export type LocateOptions = {
  /** Path of an Envoy named by the configuration: this one or none. */
  readonly binary?: string;
  /** Version to fetch where there is none. */
  readonly version: string;
  /** Whether `version` was asked for, so that another one in PATH will not do. */
  readonly pinned: boolean;
  /** Holds a folder per version; `defaultCacheDir()` otherwise. */
  readonly cacheDir?: string;
  /** `process.env` by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly log: Log;
};

export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'sluice', 'envoy');
}

/** Looks for an Envoy in the configuration, PATH and the cache, and fills the cache where it is in none. */
export async function locateEnvoy(options: LocateOptions): Promise<EnvoyLocation> {
  const {log, version, pinned, env = process.env} = options;
  if (options.binary !== undefined) {
    const found = await versionOf(options.binary);
    return found === undefined
      ? {hint: `envoy.binary names ${options.binary}, which does not run as Envoy (envoy --version fails)`}
      : {binary: options.binary, from: 'configuration', version: found};
  }
  const inPath = await findInPath('envoy', env);
  const pathVersion = inPath && (await versionOf(inPath));
  if (inPath !== undefined && pathVersion !== undefined) {
    if (!pinned || pathVersion === version) return {binary: inPath, from: 'PATH', version: pathVersion};
    log.info(
      {binary: inPath, found: pathVersion, wanted: version},
      'the Envoy in PATH has another version, passed over',
    );
  }
  const cacheDir = options.cacheDir ?? defaultCacheDir(env);
  const cached = join(cacheDir, version, 'envoy');
  if ((await versionOf(cached)) !== undefined) return {binary: cached, from: 'cache', version};
  const fetched = await fetchEnvoy({version, cacheDir, env, log});
  if ('hint' in fetched) return fetched;
  const fetchedVersion = await versionOf(fetched.binary);
  return fetchedVersion === undefined
    ? {hint: `the Envoy ${version} fetched to ${fetched.binary} does not run on this machine`}
    : {binary: fetched.binary, from: 'download', version: fetchedVersion};
}

/** The version in `envoy --version`; undefined where the file is no Envoy that runs. */
function versionOf(binary: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(binary, ['--version'], {timeout: 10_000}, (error, stdout) => {
      // `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`
      const found = /version: [^/\s]+\/([^/\s]+)\//.exec(stdout);
      resolve(error === null ? found?.[1] : undefined);
    });
  });
}

export async function findInPath(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, command);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
