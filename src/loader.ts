/**
 * Takes objects into the graph, batch by batch. The first batch may be all there is, and takes as long: it goes in slices,
 * so that nothing else has to wait for it. Until it is in, the graph holds a part of the objects, and nothing may act on
 * what it says of them. Each later batch is one commit.
 */
import type {Batch, Inputs, Write} from './inputs.ts';
import {type Graph, TransformFailure} from './krt/index.ts';

export type Loader<B extends Batch> = {
  take(batch: B): void;
  /**
   * Resolves when the first batch is in, with all that came meanwhile, or when the loader was stopped. Rejects where a
   * commit of a single batch would have thrown.
   */
  loaded(): Promise<void>;
  /** Takes nothing more. Resolves when nothing is under way. */
  stop(): Promise<void>;
};

export type LoaderOptions<B> = {
  readonly graph: Pick<Graph, 'commit' | 'commitInSlices' | 'errors'>;
  readonly inputs: Inputs;
  /** A batch is in the graph. */
  readonly onTaken: (batch: B) => void;
};

export function createLoader<B extends Batch>({graph, inputs, onTaken}: LoaderOptions<B>): Loader<B> {
  const aborting = new AbortController();
  const {signal} = aborting;
  const waiting: B[] = [];
  let first: Promise<void> | undefined;
  let isLoaded = false;

  const commit = (batch: B): void => {
    graph.commit((tx) => inputs.write(tx, batch));
    onTaken(batch);
  };

  const load = async (batch: B): Promise<void> => {
    const groups: readonly (readonly Write[])[] = [[(tx) => inputs.begin(tx)], ...inputs.writes(batch)];
    const failures: TransformFailure[] = [];
    for (const writes of groups) failures.push(...(await commitAll(graph, writes, signal)));
    // What failed for want of an object that came later is well by now.
    const standing = new Set(graph.errors());
    const failure = failures.find(({errors}) => errors.some((error) => standing.has(error)));
    if (failure !== undefined) throw failure;
    onTaken(batch);
    isLoaded = true;
    for (const later of waiting.splice(0)) commit(later);
  };

  return {
    take(batch) {
      if (signal.aborted) return;
      if (isLoaded) commit(batch);
      else if (first !== undefined) waiting.push(batch);
      else {
        first = load(batch).catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
        // Whoever asks `loaded` is told.
        first.catch(() => {});
      }
    },
    async loaded() {
      await first;
    },
    async stop() {
      aborting.abort();
      await first?.catch(() => {});
    },
  };
}

/** Goes on after transforms that fail, with everything else in effect, and returns their failures. */
async function commitAll(
  graph: Pick<Graph, 'commitInSlices'>,
  writes: readonly Write[],
  signal: AbortSignal,
): Promise<readonly TransformFailure[]> {
  const failures: TransformFailure[] = [];
  let done = 0;
  while (done < writes.length) {
    const rest = writes.slice(done).map((write): Write => (tx) => {
      write(tx);
      done++;
    });
    try {
      await graph.commitInSlices(rest, {signal});
    } catch (error) {
      if (!(error instanceof TransformFailure)) throw error;
      failures.push(error);
    }
  }
  return failures;
}
