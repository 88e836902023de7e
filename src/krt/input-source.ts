import type {Input} from './definition.ts';
import type {Graph, InputSource, Transaction} from './graph-api.ts';

/** See Graph.connect. `report` is told of an observable that failed. */
export function connectSource<T>(
  graph: Graph,
  input: Input<T>,
  source: InputSource<T>,
  report: (error: unknown) => void,
): () => void {
  /** What cannot be committed is reported, and is no reason to stop listening. */
  const commit = (write: (tx: Transaction) => void): void => {
    try {
      graph.commit(write);
    } catch (error) {
      report(error);
    }
  };
  if ('snapshots' in source) {
    const subscription = source.snapshots.subscribe({
      next: (rows) => commit((tx) => tx.replaceAll(input, rows)),
      error: report,
    });
    return () => subscription.unsubscribe();
  }
  const subscription = source.changes.subscribe({
    next: (change) =>
      commit((tx) => {
        for (const key of change.delete ?? []) tx.delete(input, key);
        for (const row of change.set ?? []) tx.set(input, row);
      }),
    error: report,
  });
  return () => subscription.unsubscribe();
}
