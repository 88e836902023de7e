import type {Graph, Transaction} from './graph-api.ts';
import {SliceSize} from './slice-size.ts';

type Write = (tx: Transaction) => void;

/** Milliseconds: what an event loop is blocked for at most, if no single write takes longer. */
const BUDGET = 10;

/** See Graph.commitInSlices. The size of a slice follows from what the ones before it took. */
export async function commitInSlices(
  graph: Graph,
  writes: Iterable<Write>,
  {budget = BUDGET, signal}: {readonly budget?: number; readonly signal?: AbortSignal} = {},
): Promise<number> {
  const iterator = writes[Symbol.iterator]();
  const sizes = new SliceSize(budget);
  for (;;) {
    signal?.throwIfAborted();
    const started = performance.now();
    const slice = take(iterator, sizes.size);
    if (slice.length === 0) return graph.epoch;
    graph.commit((tx) => {
      for (const write of slice) write(tx);
    });
    sizes.took(slice.length, performance.now() - started);
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
