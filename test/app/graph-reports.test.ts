import {describe, expect, it} from 'vitest';
import {createGraph, derive, input, type Row, union} from '../../src/krt/index.ts';
import {createGraphReports, type GraphReport} from '../../src/graph-reports.ts';

type Item = Row & {readonly needs?: string};

/** A graph of items that fail without what they need, and of the same items twice. */
function rig() {
  const items = input<Item>('items', {key: ({key}) => key});
  const satisfied = derive('satisfied', {
    from: items,
    rows: (ctx, {key, needs}) => {
      if (needs !== undefined && ctx.get(items, needs) === undefined) throw new Error(`there is no ${needs}`);
      return {key};
    },
  });
  const copies = derive('copies', {from: items, rows: (_ctx, {key}) => ({key})});
  const told: GraphReport[] = [];
  const reports = createGraphReports((report) => told.push(report));
  const graph = createGraph({outputs: [union('both', [satisfied, copies])], onDiagnostic: reports.take});
  const set = (...all: readonly Item[]) =>
    graph.commit((tx) => {
      for (const item of all) tx.set(items, item);
    });
  const texts = (): readonly string[] => told.map(({node, message}) => `${node}: ${message}`);
  return {graph, reports, set, texts};
}

describe('reports of the graph', () => {
  it('tell of a failure before all objects are there only if it stands', () => {
    const {graph, reports, set, texts} = rig();
    set({key: 'a', needs: 'b'}, {key: 'c', needs: 'd'});
    set({key: 'b'});
    expect(texts()).toEqual([]);
    reports.complete(graph.errors());
    const failures = texts().filter((text) => text.startsWith('satisfied'));
    expect(failures).toEqual(['satisfied: the transform failed for c, its last good rows stand: there is no d']);
  });

  it('tell of everything else once, and of all at once from then on', () => {
    const {graph, reports, set, texts} = rig();
    set({key: 'a'});
    expect(texts()).toEqual([]);
    reports.complete(graph.errors());
    expect(texts()).toEqual(['both: a is in satisfied and in copies; the first wins']);
    set({key: 'x', needs: 'y'});
    expect(texts()).toHaveLength(2);
    expect(texts()[1]).toContain('the transform failed for x');
  });
});
