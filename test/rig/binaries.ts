/**
 * The real servers and the conformance suite, built from their Go modules (go/control-plane, go/suite) into a cache outside
 * of the checkout. The first time it takes about five minutes for the control plane and two for the suite, and 5 GB; the
 * cache (`$XDG_CACHE_HOME/sluice/rig`) may be deleted at any time.
 */
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {access, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import {withLock} from './file-lock.ts';
import {runGo} from './go-command.ts';
import {findGo, type Go} from './go-toolchain.ts';

/** Paths of programs. */
export type ControlPlaneBinaries = {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  /** A folder: the CRDs of Gateway API, experimental channel, and their policy of safe upgrades. */
  readonly crds: string;
};

export type SuiteBinaries = {
  /** The Gateway API conformance suite, as `go test -c` makes it. */
  readonly conformance: string;
  /** What its Pods run. */
  readonly echoBasic: string;
  /** Go's own program that makes events in JSON of what a test binary prints. */
  readonly test2json: string;
  /** A file: which tests and profiles the suite has, as go/suite/cmd/list-tests prints them. */
  readonly tests: string;
};

export type RigBinaries = {readonly controlPlane?: ControlPlaneBinaries; readonly suite?: SuiteBinaries};

export type BinaryOptions = {
  readonly parts: readonly ('control-plane' | 'suite')[];
  /** Told in words what is done, every few seconds while something is built. */
  readonly log: (line: string) => void;
};

/** Those of the cache; what is not there is built. Says why where that does not work; never rejects for that. */
export async function ensureBinaries({parts, log}: BinaryOptions): Promise<RigBinaries | {readonly missing: string}> {
  const root = cacheRoot();
  try {
    await mkdir(root, {recursive: true});
    const go = await findGo(root, log);
    const ensure = (recipe: Recipe): Promise<string> => ensureFolder(root, recipe, go, log);
    return {
      ...(parts.includes('control-plane') && {controlPlane: await controlPlane(ensure)}),
      ...(parts.includes('suite') && {suite: await suite(ensure)}),
    };
  } catch (error) {
    return {missing: error instanceof Error ? error.message : String(error)};
  }
}

export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'sluice', 'rig');
}

/** How one folder of the cache is made. */
type Recipe = {
  readonly name: string;
  /** Below go/; everything in it counts for whether the folder is up to date. */
  readonly module: string;
  /** Commands of Go, run one after the other in the module; OUT in them is the folder. */
  readonly commands: readonly (readonly string[])[];
  /** Anything else. */
  readonly finish?: (out: string, run: (args: readonly string[]) => Promise<string>) => Promise<void>;
};

type Ensure = (recipe: Recipe) => Promise<string>;

async function controlPlane(ensure: Ensure): Promise<ControlPlaneBinaries> {
  const version = /^\tk8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)$/m.exec(goMod('control-plane'));
  if (version === null) throw new Error('go/control-plane/go.mod does not say which k8s.io/kubernetes it wants');
  const [, full, major, minor] = version;
  // Without them it calls itself v0.0.0-master.
  const stamps = Object.entries({gitVersion: full, gitMajor: major, gitMinor: minor});
  const ldflags = ['-s', '-w', ...stamps.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)];
  const folder = await ensure({
    name: 'control-plane',
    module: 'control-plane',
    commands: [['build', '-v', '-trimpath', '-ldflags', ldflags.join(' '), '-o', 'OUT/', './cmd/...']],
  });
  return {
    etcd: join(folder, 'etcd'),
    kubeApiserver: join(folder, 'kube-apiserver'),
    kubeControllerManager: join(folder, 'kube-controller-manager'),
    crds: await ensure({name: 'crds', module: 'suite', commands: [], finish: copyCrds}),
  };
}

async function suite(ensure: Ensure): Promise<SuiteBinaries> {
  const flags = ['-v', '-trimpath', '-ldflags', '-s -w'];
  const folder = await ensure({
    name: 'suite',
    module: 'suite',
    commands: [
      ['test', '-c', ...flags, '-o', 'OUT/conformance.test', 'sigs.k8s.io/gateway-api/conformance'],
      ['build', ...flags, '-o', 'OUT/echo-basic', 'sigs.k8s.io/gateway-api-conformance-images/echo-basic'],
      ['build', ...flags, '-o', 'OUT/test2json', 'cmd/test2json'],
    ],
    // With the same flags, so that nothing is compiled twice.
    finish: async (out, run) =>
      writeFile(join(out, 'tests.json'), await run(['run', ...flags.slice(1), './cmd/list-tests'])),
  });
  return {
    conformance: join(folder, 'conformance.test'),
    echoBasic: join(folder, 'echo-basic'),
    test2json: join(folder, 'test2json'),
    tests: join(folder, 'tests.json'),
  };
}

/** A folder is in the cache by being renamed into it, so it is whole; one at a time makes it. */
async function ensureFolder(root: string, recipe: Recipe, go: Go, log: (line: string) => void): Promise<string> {
  const folder = join(root, `${recipe.name}-${hash(recipe, go)}`);
  if (await exists(folder)) return folder;
  return withLock(join(root, `${recipe.name}.lock`), log, async () => {
    if (await exists(folder)) return folder;
    const drafts = `.new-${recipe.name}-`;
    // Nobody else builds this now: what is there was left behind by one that was killed.
    for (const name of await readdir(root)) {
      if (name.startsWith(drafts)) await rm(join(root, name), {recursive: true, force: true});
    }
    const out = await mkdtemp(join(root, drafts));
    try {
      const run = (args: readonly string[]): Promise<string> =>
        runGo({go, args, cwd: moduleFolder(recipe.module), title: `building ${recipe.name} of the rig`, log});
      for (const command of recipe.commands) await run(command.map((arg) => arg.replace(/^OUT(?=\/)/, out)));
      await recipe.finish?.(out, run);
      await rename(out, folder);
    } finally {
      await rm(out, {recursive: true, force: true});
    }
    return folder;
  });
}

/** Of all that makes it what it is. */
function hash(recipe: Recipe, go: Go): string {
  const sum = createHash('sha256').update(
    JSON.stringify([go.version, process.platform, process.arch, recipe.commands]),
  );
  for (const file of readdirSync(moduleFolder(recipe.module), {recursive: true, encoding: 'utf8'}).sort()) {
    if (/\.(go|mod|sum)$/.test(file))
      sum.update(`${file}\n${readFileSync(join(moduleFolder(recipe.module), file), 'utf8')}`);
  }
  return sum.digest('hex').slice(0, 16);
}

async function copyCrds(out: string, run: (args: readonly string[]) => Promise<string>): Promise<void> {
  const module = 'sigs.k8s.io/gateway-api';
  const wanted = /^\tsigs\.k8s\.io\/gateway-api (v\S+)/m.exec(goMod('suite'))?.[1];
  const {Dir: dir} = JSON.parse(await run(['mod', 'download', '-json', module])) as {readonly Dir: string}; // `go help mod download`
  const source = join(dir, 'config', 'crd', 'experimental');
  const files = (await readdir(source)).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
  for (const file of files) {
    const text = await readFile(join(source, file), 'utf8');
    const version = /gateway\.networking\.k8s\.io\/bundle-version: (v\S+)/.exec(text)?.[1];
    if (version !== wanted) throw new Error(`${file} of ${module} ${wanted} is of version ${version}`);
    await copyFile(join(source, file), join(out, file));
  }
  if (files.length === 0) throw new Error(`${source} holds no CRDs`);
}

const moduleFolder = (module: string): string => resolve(import.meta.dirname, 'go', module);
const goMod = (module: string): string => readFileSync(join(moduleFolder(module), 'go.mod'), 'utf8');

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
