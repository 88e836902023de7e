/** How a server is doing, for the log: each change once, however many kinds it concerns. */
import type {KindState} from './kind-feed.ts';

export type KubeLog = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export class ServerLog {
  readonly #log: KubeLog;
  readonly #server: string;
  #states: ReadonlyMap<string, KindState> = new Map();
  #isUnreachable = false;
  /** Kinds of which it was said that they are not read. */
  readonly #notRead = new Set<string>();

  constructor(log: KubeLog, server: string) {
    this.#log = log;
    this.#server = server;
  }

  /** By `group/Kind`. */
  states(states: ReadonlyMap<string, KindState>): void {
    for (const [kind, state] of states) {
      const before = this.#states.get(kind);
      if (before?.is !== state.is) this.#changed(kind, state);
    }
    this.#states = states;
    const unreachable = [...states.values()].find(({is}) => is === 'unreachable');
    const server = this.#server;
    if (unreachable?.is === 'unreachable' && !this.#isUnreachable) {
      this.#log.warn({server, reason: unreachable.message}, 'the API server cannot be read; what is known of it stays');
    } else if (unreachable === undefined && this.#isUnreachable) {
      this.#log.info({server}, 'the API server is read again');
    }
    this.#isUnreachable = unreachable !== undefined;
  }

  /** What hears of changes has failed. */
  fault(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log.error({reason}, 'changes of objects were not taken over completely');
  }

  #changed(kind: string, state: KindState): void {
    switch (state.is) {
      case 'forbidden':
        this.#notRead.add(kind);
        this.#log.error({kind, reason: state.message}, 'objects of this kind may not be read: grant list and watch');
        break;
      case 'not served':
        this.#notRead.add(kind);
        this.#log.info({kind}, 'the API server has no such kind; it is looked for');
        break;
      case 'following':
        if (this.#notRead.delete(kind)) this.#log.info({kind}, 'objects of this kind are read');
        break;
      case 'unreachable':
      case 'missing':
        this.#log.debug({kind, reason: state.message}, 'not followed');
        break;
      case 'starting':
        break;
    }
  }
}
