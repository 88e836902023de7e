import type {Cause} from './dependency.ts';
import type {DumpRow, GraphEdge, GraphNode, Why} from './graph-api.ts';
import type {Instances} from './instances.ts';
import type {Node} from './node.ts';
import type {Store} from './store.ts';

/** Causes are followed this far; the depth of a real graph is about a dozen. */
const MAX_DEPTH = 32;

/**
 * From a row back to the writes of inputs that made its transform run last. Where ways meet again, the shared part is
 * told once: the second time a row is met its causes are left out.
 */
export function explain(store: Store, key: string, instances: Instances, depth = 0, told = new Set<string>()): Why {
  const node = instances.nodeOf(store);
  const origin = node.origin(store, key);
  const exists = store.get(key) !== undefined;
  if (origin === undefined) return {collection: store.name, key, epoch: 0, change: 'absent', causes: []};
  const follow = (cause: Cause): Why => {
    const source = instances.stores.get(cause.collection);
    if (source === undefined || depth >= MAX_DEPTH) {
      return {...cause, epoch: 0, change: 'absent', causes: []};
    }
    return explain(source, cause.key, instances, depth + 1, told);
  };
  const change = node.kind === 'input' ? 'written' : !exists ? 'absent' : origin.changed ? 'changed' : 'unchanged';
  const name = `${store.name}/${key}`;
  const causes = told.has(name) ? [] : distinctCauses(origin.causes);
  told.add(name);
  return {collection: store.name, key, epoch: origin.epoch, change, causes: causes.map(follow)};
}

/** One change may have reached a row by several fetches. */
function distinctCauses(causes: readonly Cause[]): readonly Cause[] {
  return causes.filter(
    ({collection, key}, i) => causes.findIndex((other) => other.collection === collection && other.key === key) === i,
  );
}

/** All rows of a collection, sorted by key, with what each was made of. */
export function dumpOf(store: Store, node: Node): readonly DumpRow[] {
  return [...store.keys()].sort().map((key) => ({key, row: store.get(key), ...node.madeOf(store, key)}));
}

/** The graph as a Mermaid flow chart: inputs as stadiums, fetch edges dotted. */
export function toMermaid(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): string {
  const ids = new Map(nodes.map(({name}, i) => [name, `n${i}`]));
  const lines = ['flowchart LR'];
  for (const {name, kind, rows, counters} of nodes) {
    const label = `"${name}<br/>${rows} rows, ${counters.runs} runs"`;
    lines.push(`  ${ids.get(name)}${kind === 'input' ? `([${label}])` : `[${label}]`}`);
  }
  for (const {from, to, how} of edges) {
    lines.push(`  ${ids.get(from)} ${how === 'primary' ? '-->' : '-.->'} ${ids.get(to)}`);
  }
  return lines.join('\n');
}
