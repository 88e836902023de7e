import type {Span, Tracer} from '@opentelemetry/api';
import type {Node} from './node.ts';

/** A span for every epoch in which something was written, with what came of it. Uses the API only; exporting is the user's. */
export class EpochTracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  begin(nodes: ReadonlyMap<string, Node>): EpochSpan {
    return new EpochSpan(this.#tracer.startSpan('krt.commit'), nodes);
  }
}

class EpochSpan {
  readonly #span: Span;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #before: Work;

  constructor(span: Span, nodes: ReadonlyMap<string, Node>) {
    this.#span = span;
    this.#nodes = nodes;
    this.#before = workOf(nodes);
  }

  /** An epoch without writes is not worth a span: it is never ended, so nobody sees it. */
  end(epoch: number, written: readonly string[]): void {
    if (written.length === 0) return;
    const work = workOf(this.#nodes);
    this.#span.setAttributes({
      'krt.epoch': epoch,
      'krt.inputs': [...written],
      'krt.runs': work.runs - this.#before.runs,
      'krt.changed': work.changed - this.#before.changed,
    });
    this.#span.end();
  }
}

type Work = {readonly runs: number; readonly changed: number};

function workOf(nodes: ReadonlyMap<string, Node>): Work {
  let [runs, changed] = [0, 0];
  for (const {counters} of nodes.values()) {
    runs += counters.runs;
    changed += counters.changed;
  }
  return {runs, changed};
}
