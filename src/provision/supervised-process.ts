import {defaultBackOff, delayAfter, pause, type BackOff} from './back-off.ts';
import {tailLog} from './log-tail.ts';
import {findProcess, logFile, startProcess, type Command, type RunningProcess} from './running-process.ts';

/** The part of a logger that is used here: the fields first, then the fact as a sentence. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ProcessPlan = {
  /** As in the log: `Envoy of Gateway default/web`. */
  readonly title: string;
  /** Fields of every log line about it. */
  readonly fields: object;
  /** Holds its record and its log. */
  readonly folder: string;
  readonly fingerprint: string;
  /** Asked before each start: what to start, or why that cannot be done now. */
  readonly prepare: () => Promise<Command | {readonly notNow: string}>;
  readonly onLine: (line: string) => void;
  /** Told of each process that runs, started or adopted. */
  readonly onRunning?: (process: RunningProcess) => void;
  readonly log: Log;
  readonly backOff?: BackOff;
  /** How long to wait after `notNow`, in milliseconds; 1 s by default. */
  readonly retryMs?: number;
};

export type SupervisedProcess = {
  /** The process that runs now. */
  readonly running: RunningProcess | undefined;
  /** Why it does not run, where that is so. */
  readonly obstacle: string | undefined;
  readonly restarts: number;
  /** Asks the process to end, and does not start it again. `before` runs while it still lives. */
  stop(options: {
    readonly graceMs: number;
    readonly before?: (process: RunningProcess) => Promise<void>;
  }): Promise<void>;
  /** Ends the process; it is started again at once. */
  restart(graceMs: number): Promise<void>;
};

/**
 * Keeps one process running: takes over the one an earlier run of Sluice has left, starts it otherwise, starts it again
 * when it dies, after growing pauses, and forwards its log.
 */
export function supervise(plan: ProcessPlan): SupervisedProcess {
  const {log, fields, title, folder} = plan;
  const backOff = plan.backOff ?? defaultBackOff;
  const stopping = new AbortController();
  const state: {running: RunningProcess | undefined; obstacle: string | undefined; restarts: number; asked: boolean} = {
    running: undefined,
    obstacle: undefined,
    restarts: 0,
    asked: false,
  };

  const adopt = async (): Promise<RunningProcess | undefined> => {
    const found = findProcess(folder);
    if (found === undefined) return undefined;
    const {pid} = found.process.identity;
    if (found.record.fingerprint === plan.fingerprint) {
      log.info({...fields, pid}, `${title} still runs and is taken over`);
      return found.process;
    }
    log.info({...fields, pid}, `${title} runs with another configuration and is replaced`);
    await found.process.stop(5_000);
    return undefined;
  };

  const start = async (): Promise<RunningProcess | undefined> => {
    try {
      const command = await plan.prepare();
      if ('notNow' in command) return hindered(command.notNow);
      const started = await startProcess(folder, plan.fingerprint, command);
      log.info({...fields, pid: started.identity.pid}, `${title} started`);
      state.obstacle = undefined;
      return started;
    } catch (error) {
      return hindered(error instanceof Error ? error.message : String(error));
    }
  };

  const hindered = (reason: string): undefined => {
    if (reason !== state.obstacle) log.error(fields, `${title} cannot be started: ${reason}`);
    state.obstacle = reason;
    return undefined;
  };

  const untilEnd = async (process: RunningProcess): Promise<string> => {
    const tail = tailLog(logFile(folder), {from: process.logFrom}, plan.onLine);
    state.running = process;
    state.asked = false;
    plan.onRunning?.(process);
    const {how} = await process.ended;
    state.running = undefined;
    tail.end();
    return how;
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    let process = await adopt();
    while (!stopping.signal.aborted) {
      process ??= await start();
      if (stopping.signal.aborted) break;
      if (process === undefined) {
        await pause(plan.retryMs ?? 1_000, stopping.signal);
        continue;
      }
      const since = Date.now();
      const how = await untilEnd(process);
      process = undefined;
      if (stopping.signal.aborted) break;
      state.restarts++;
      if (state.asked) continue;
      failures = Date.now() - since > backOff.forgiveAfter ? 1 : failures + 1;
      const delay = delayAfter(backOff, failures);
      log.warn(
        {...fields, ended: how, livedMs: Date.now() - since, retryInMs: delay},
        `${title} ended, starting it again`,
      );
      await pause(delay, stopping.signal);
    }
    // Started or adopted just as it was told to stop.
    if (process !== undefined) await process.stop(1_000);
  };
  const finished = run();

  return {
    get running() {
      return state.running;
    },
    get obstacle() {
      return state.obstacle;
    },
    get restarts() {
      return state.restarts;
    },
    async stop({graceMs, before}) {
      stopping.abort();
      const {running} = state;
      if (running !== undefined) {
        await before?.(running).catch(() => {});
        await running.stop(graceMs);
        log.info({...fields, pid: running.identity.pid}, `${title} stopped`);
      }
      await finished;
    },
    async restart(graceMs) {
      state.asked = true;
      await state.running?.stop(graceMs);
    },
  };
}
