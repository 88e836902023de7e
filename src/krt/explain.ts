import type {Counters, DumpRow, GraphEdge, GraphNode, HistoryEntry, Rates, Why} from './graph-api.ts';
import type {Slot} from './slot.ts';
import type {Store} from './store.ts';

/** Causes are followed this far; the depth of a real graph is about a dozen. */
const MAX_DEPTH = 32;

/**
 * From a row back to the writes of inputs that made its transform run last. Where ways meet again, the shared part is
 * told once: the second time a row is met its causes are left out. Of rows that are gone, `history` may still know.
 */
export function explain(store: Store, key: string, history: readonly HistoryEntry[]): Why {
  const told = new Set<Slot>();
  const follow = (slot: Slot, depth: number): Why => {
    const {node, name: collection} = slot.store;
    const origin = node.origin(slot);
    if (origin === undefined || slot.row === undefined) return gone(slot.store, slot.key, history);
    const change = node.kind === 'input' ? 'written' : origin.changed ? 'changed' : 'unchanged';
    const causes = told.has(slot) || depth >= MAX_DEPTH ? [] : origin.causes;
    told.add(slot);
    return {
      collection,
      key: slot.key,
      epoch: origin.epoch,
      change,
      causes: causes.map((cause) => follow(cause, depth + 1)),
    };
  };
  const slot = store.get(key);
  return slot === undefined ? gone(store, key, history) : follow(slot, 0);
}

function gone({name: collection}: Store, key: string, history: readonly HistoryEntry[]): Why {
  const removals = history.filter((entry) => entry.collection === collection && entry.key === key);
  const last = removals.at(-1);
  if (last === undefined) return {collection, key, epoch: 0, change: 'absent', causes: []};
  const causes = removals.flatMap(({epoch, cause}) =>
    epoch === last.epoch && cause !== undefined ? [{...cause, epoch, change: 'removed' as const, causes: []}] : [],
  );
  return {collection, key, epoch: last.epoch, change: 'removed', causes};
}

/** All rows of a collection, sorted by key, with what each was made of. */
export function dumpOf(store: Store): readonly DumpRow[] {
  return store.sortedSlots().map((slot) => ({key: slot.key, row: slot.row, ...store.node.madeOf(slot)}));
}

/** Work in relation to the time it was counted in, and to the runs. */
export function ratesOf({runs, changed, cutOff, examined}: Counters, seconds: number): Rates {
  const per = (count: number, whole: number): number => (whole > 0 ? count / whole : 0);
  return {
    runsPerSecond: per(runs, seconds),
    changedPerSecond: per(changed, seconds),
    cutOffPerRun: per(cutOff, runs),
    examinedPerRun: per(examined, runs),
  };
}

/** The graph as a Mermaid flow chart: inputs as stadiums, fetch edges dotted. */
export function toMermaid(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): string {
  const ids = new Map(nodes.map(({name}, i) => [name, `n${i}`]));
  const lines = ['flowchart LR'];
  for (const {name, kind, rows, counters, rates} of nodes) {
    const work = `${rows} rows, ${counters.runs} runs, ${rates.runsPerSecond.toFixed(1)}/s`;
    const label = `"${name}<br/>${work}"`;
    lines.push(`  ${ids.get(name)}${kind === 'input' ? `([${label}])` : `[${label}]`}`);
  }
  for (const {from, to, how} of edges) {
    lines.push(`  ${ids.get(from)} ${how === 'primary' ? '-->' : '-.->'} ${ids.get(to)}`);
  }
  return lines.join('\n');
}
