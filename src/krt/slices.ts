import type {Graph, Transaction} from './graph-api.ts';

type Write = (tx: Transaction) => void;

/** Milliseconds: what an event loop is blocked for at most, if no single write takes longer. */
const BUDGET = 10;
const FIRST_SLICE = 16;
/** Beyond, a slice saves nothing, and the writes after cheap ones may be dear. */
const LARGEST_SLICE = 256;
/** A slice grows to at most so many times the one before it, since the first writes are often the cheap ones. */
const GROWTH = 2;

/** See Graph.commitInSlices. The size of a slice follows from what the ones before it took. */
export async function commitInSlices(
  graph: Graph,
  writes: Iterable<Write>,
  {budget = BUDGET, signal}: {readonly budget?: number; readonly signal?: AbortSignal} = {},
): Promise<number> {
  const iterator = writes[Symbol.iterator]();
  let size = FIRST_SLICE;
  for (;;) {
    signal?.throwIfAborted();
    const started = performance.now();
    const slice = take(iterator, size);
    if (slice.length === 0) return graph.epoch;
    graph.commit((tx) => {
      for (const write of slice) write(tx);
    });
    const perWrite = (performance.now() - started) / slice.length;
    size = Math.max(1, Math.min(Math.floor(budget / perWrite), size * GROWTH, LARGEST_SLICE));
    await turn();
  }
}

function take(iterator: Iterator<Write>, count: number): readonly Write[] {
  const slice: Write[] = [];
  while (slice.length < count) {
    const {done, value} = iterator.next();
    if (done === true) break;
    slice.push(value);
  }
  return slice;
}

/** Lets everything that waits for the event loop have its turn. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
