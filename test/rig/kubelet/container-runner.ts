/** Runs a container again and again, as the Pod's restart policy says, until the Pod ends. */
import {constants} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ContainerLog} from './container-log.ts';
import {startContainer, type ContainerProcess} from './container-process.ts';
import type {RootOptions} from './container-root.ts';
import {NotYet, type Container, type PodSpec} from './pod.ts';
import type {ContainerView, Terminated} from './pod-status.ts';
import {watchReadiness} from './probe.ts';

/** Between restarts: twice as long each time, from the start again once it has run for a while. */
const backOff = {firstMs: 500, longestMs: 10_000, forgottenAfterMs: 30_000};

export type ContainerRunner = {
  readonly view: ContainerView;
  readonly log: ContainerLog;
  /** Resolves when it has ended for good. */
  readonly done: Promise<void>;
  /** SIGTERM; it is not started again. */
  terminate(): void;
  kill(): void;
};

export type RunnerOptions = {
  readonly container: Container;
  readonly restartPolicy: NonNullable<PodSpec['restartPolicy']>;
  /** Name of the Pod's network namespace. */
  readonly namespace: string;
  readonly podIP: string;
  readonly log: ContainerLog;
  /** Everything for the next run; throws NotYet while something is missing. */
  readonly prepare: () => Promise<RootOptions>;
  /** Resolves when it may be worth to prepare again. */
  readonly news: () => Promise<void>;
  readonly changed: () => void;
};

export function runContainer(options: RunnerOptions): ContainerRunner {
  const {container, restartPolicy, namespace, podIP, log, prepare, news, changed} = options;
  let view: ContainerView = {
    name: container.name,
    image: container.image,
    state: {waiting: {reason: 'ContainerCreating'}},
    ready: false,
    restartCount: 0,
  };
  const ending = new AbortController();
  let running: ContainerProcess | undefined;

  const set = (change: Partial<ContainerView>): void => {
    view = {...view, ...change};
    changed();
  };
  const prepared = async (): Promise<RootOptions | undefined> => {
    while (!ending.signal.aborted) {
      try {
        return await prepare();
      } catch (error) {
        const {reason, message} = error instanceof NotYet ? error : new NotYet('CreateContainerError', String(error));
        set({state: {waiting: {reason, message}}});
      }
      await news();
    }
    return undefined;
  };
  const runOnce = async (root: RootOptions): Promise<Terminated> => {
    const startedAt = new Date().toISOString();
    const process = startContainer(namespace, root, log);
    running = process;
    set({state: {running: {startedAt}}});
    const probing = new AbortController();
    void watchReadiness(container, podIP, probing.signal, (ready) => set({ready}));
    const {exitCode, signal} = await process.exited;
    probing.abort();
    running = undefined;
    return {
      exitCode,
      ...(signal !== undefined && {signal: constants.signals[signal]}),
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt,
      finishedAt: new Date().toISOString(),
    };
  };
  const run = async (): Promise<void> => {
    let pauseMs = 0;
    for (;;) {
      const root = await prepared();
      if (root === undefined) return;
      const terminated = await runOnce(root);
      set({state: {terminated}, ready: false});
      const again = restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && terminated.exitCode !== 0);
      if (!again || ending.signal.aborted) return;
      const lived = Date.parse(terminated.finishedAt) - Date.parse(terminated.startedAt);
      pauseMs = lived > backOff.forgottenAfterMs ? 0 : Math.min(backOff.longestMs, pauseMs * 2 || backOff.firstMs);
      const message = `back-off ${pauseMs} ms restarting failed container ${container.name}`;
      const state = {waiting: {reason: 'CrashLoopBackOff', message}};
      set({state, lastState: {terminated}, restartCount: view.restartCount + 1});
      await sleep(pauseMs, undefined, {signal: ending.signal}).catch(() => {});
      if (ending.signal.aborted) return;
    }
  };

  return {
    get view() {
      return view;
    },
    log,
    done: run(),
    terminate() {
      ending.abort();
      running?.signal('SIGTERM');
    },
    kill() {
      ending.abort();
      running?.signal('SIGKILL');
    },
  };
}
