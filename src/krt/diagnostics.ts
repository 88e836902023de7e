import {messageOf} from './erased.ts';
import type {GraphOptions} from './graph-api.ts';

type Callback = NonNullable<GraphOptions['onDiagnostic']>;
type Diagnostic = Parameters<Callback>[0];

/** What nodes have to report: kept until the graph is at rest, each thing once, since the callback may use the graph. */
export class Diagnostics {
  readonly #callback: Callback | undefined;
  #kept = new Map<string, Diagnostic>();

  constructor(callback: Callback | undefined) {
    this.#callback = callback;
  }

  keep(node: string, message: string): void {
    this.#kept.set(`${node}: ${message}`, {node, message});
  }

  /** Tells all that was kept. */
  flush(): void {
    if (this.#kept.size === 0) return;
    const kept = this.#kept;
    this.#kept = new Map();
    for (const diagnostic of kept.values()) this.#tell(diagnostic);
  }

  #tell(diagnostic: Diagnostic): void {
    try {
      this.#callback?.(diagnostic);
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** An error as a diagnostic shows it: with its stack, since nobody else will see it. */
export const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
