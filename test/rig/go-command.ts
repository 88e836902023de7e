/** Runs a command of Go, in the background of whatever else the machine does, and says how far it is. */
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import type {Go} from './go-toolchain.ts';

/** How often a command that runs is mentioned, in milliseconds. */
const reportEveryMs = 5_000;
/** Lines that say what went wrong are the last ones. */
const keptLines = 20;

export type GoCommand = {
  readonly go: Go;
  readonly args: readonly string[];
  readonly cwd: string;
  /** For the progress: `building X`. */
  readonly title: string;
  readonly log: (line: string) => void;
};

/** Resolves to its standard output; rejects with its last lines. */
export async function runGo({go, args, cwd, title, log}: GoCommand): Promise<string> {
  const binary = await go.binary();
  const env = {
    ...process.env,
    ...go.env,
    // No toolchain is fetched behind our back, nothing depends on a C compiler, and go.sum cannot drift.
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    CGO_ENABLED: '0',
    GOFLAGS: '-mod=readonly -modcacherw -buildvcs=false -p=2',
    GOMAXPROCS: '2',
  };
  const child = spawn('nice', ['-n', '10', binary, ...args], {cwd, env, stdio: ['ignore', 'pipe', 'pipe']});
  const began = Date.now();
  let stdout = '';
  let fresh = 0;
  const last: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  createInterface({input: child.stderr}).on('line', (line) => {
    fresh += 1;
    last.push(line);
    if (last.length > keptLines) last.shift();
  });
  const timer = setInterval(() => {
    // It prints a package when it begins with it, and nothing while it links.
    const now = fresh === 0 ? 'compiling or linking' : (last.at(-1) ?? '');
    fresh = 0;
    log(`${title}: ${Math.round((Date.now() - began) / 1000)} s, ${now}`);
  }, reportEveryMs);
  const stopWithUs = (): void => void child.kill();
  process.once('exit', stopWithUs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${title}: go ${args[0]} failed (exit code ${code}):\n${last.join('\n')}`);
    return stdout;
  } finally {
    clearInterval(timer);
    process.off('exit', stopWithUs);
  }
}
