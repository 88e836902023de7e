import type {AnyCollection, Input} from './definition.ts';
import type {Transaction} from './graph-api.ts';
import type {InputNode} from './input-node.ts';

/**
 * Runs `write` and returns the inputs that it staged something for. Where it throws, nothing stays staged. The
 * transaction is good for as long as `write` runs.
 */
export function collectWrites(
  write: (tx: Transaction) => void,
  inputNode: (input: AnyCollection) => InputNode,
): ReadonlySet<InputNode> {
  const written = new Set<InputNode>();
  let open = true;
  const node = (input: AnyCollection) => {
    if (!open) throw new Error('a transaction was used after its commit');
    const found = inputNode(input);
    written.add(found);
    return found;
  };
  try {
    write({
      set: <T>(input: Input<T>, row: T) => node(input).stage(input.keyOf(row), row),
      delete: <T>(input: Input<T>, key: string) => node(input).stage(key, undefined),
      replaceAll: <T>(input: Input<T>, rows: Iterable<T>) =>
        node(input).stageAll(new Map([...rows].map((row) => [input.keyOf(row), row]))),
    });
  } catch (error) {
    for (const input of written) input.discard();
    throw error;
  } finally {
    open = false;
  }
  return written;
}
