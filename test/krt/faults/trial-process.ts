import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {constants, setPriority} from 'node:os';
import {join} from 'node:path';
import type {Modules} from './modules.ts';
import type {Verdict} from './suite-runner.ts';
import type {Order, Report, Run} from './trial-child.ts';

/** `hung` = it did not come to an end; `crashed` = it took its process with it. */
export type Outcome = Verdict | {readonly outcome: 'hung' | 'crashed'};

/** Milliseconds that may pass until a process is ready, on a machine that is busy. */
const START = 60_000;

/** Runs suites in a process of their own, one at a time. What hangs ends with its process, and another one goes on. */
export class TrialProcess {
  readonly #modules: Modules;
  #child: ChildProcess | undefined = undefined;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** `patience` = milliseconds after which the suite is taken to have no end. Rejects where no process can be started. */
  async run(run: Run, patience: number): Promise<Outcome> {
    const child = (this.#child ??= await this.#start());
    const report = await ask(child, {kind: 'run', ...run}, patience);
    if (typeof report === 'object' && report.kind === 'ran') return report.verdict;
    this.end();
    return {outcome: report === 'silent' ? 'hung' : 'crashed'};
  }

  async #start(): Promise<ChildProcess> {
    const {PATH, HOME, TMPDIR} = process.env;
    const child = fork(join(import.meta.dirname, 'trial-child.ts'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--import', 'tsx'],
      // Not what the process that runs the tests has of its own: whoever finds it takes itself for a part of that.
      env: {PATH, HOME, TMPDIR},
    });
    let said = '';
    child.stderr?.on('data', (chunk) => (said = `${said}${String(chunk)}`.slice(-10_000)));
    const ready = await answer(child, START);
    if (typeof ready === 'string') {
      child.kill('SIGKILL');
      throw new Error(`no suite can be run: ${said}`);
    }
    // Tests that measure time run meanwhile.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    await ask(child, {kind: 'modules', modules: this.#modules}, START);
    return child;
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

function ask(child: ChildProcess, order: Order, patience: number): Promise<Report | 'silent' | 'gone'> {
  // Where it cannot be sent the process has gone, which is what comes of it then.
  child.send(order, () => {});
  return answer(child, patience);
}

async function answer(child: ChildProcess, patience: number): Promise<Report | 'silent' | 'gone'> {
  if (child.exitCode !== null || child.signalCode !== null) return 'gone';
  const over = new AbortController();
  const {signal} = over;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      once(child, 'message', {signal}).then(([report]: Report[]) => report ?? ('gone' as const)),
      once(child, 'exit', {signal}).then(() => 'gone' as const),
      new Promise<'silent'>((resolve) => (timer = setTimeout(() => resolve('silent'), patience))),
    ]);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
