import type {ProvisionReport} from './kube-applier-options.ts';
import {isRefusal, messageOf, retryAfterOf} from './provision-errors.ts';

/** Milliseconds. */
const FIRST_MS = 500;
const MOST_MS = 60_000;
/** A server that cannot be asked is nothing to tell Gateways, unless it goes on and on. */
const PATIENCE = 4;

type Failure = {readonly count: number; readonly told: string | undefined};

/** What Gateways are told of their objects, each thing once, and when to try again. */
export class ProvisionReports {
  readonly #tell: (report: ProvisionReport) => void;
  readonly #random: () => number;
  readonly #failures = new Map<string, Failure>();

  constructor(tell: (report: ProvisionReport) => void, random: () => number) {
    this.#tell = tell;
    this.#random = random;
  }

  failed(gateway: string, error: unknown): {readonly message: string; readonly retryMs: number} {
    const before = this.#failures.get(gateway);
    const count = (before?.count ?? 0) + 1;
    const message = messageOf(error);
    const isTold = isRefusal(error) || count >= PATIENCE;
    const told = isTold ? message : before?.told;
    this.#failures.set(gateway, {count, told});
    if (told !== undefined && told !== before?.told) this.#tell({gateway, message: told});
    const pause = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(count - 1, 10)) * (0.5 + this.#random() / 2);
    return {message, retryMs: Math.max(pause, retryAfterOf(error))};
  }

  /** Nothing is known of any Gateway any more. */
  clear(): void {
    for (const gateway of this.#failures.keys()) this.succeeded(gateway);
  }

  succeeded(gateway: string): void {
    const before = this.#failures.get(gateway);
    this.#failures.delete(gateway);
    if (before?.told !== undefined) this.#tell({gateway});
  }
}
