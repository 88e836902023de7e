import type {Registry} from 'prom-client';
import type {GraphNode} from '../krt/index.ts';
import type {Sample} from './metric.ts';
import {addMetric} from './read-metric.ts';

export type GraphFigures = {readonly nodes: readonly GraphNode[]; readonly epoch: number; readonly errors: number};

/** What the collections hold and have done. A label names a node of the graph: a collection, or several made together. */
export function addGraphMetrics(registry: Registry, figures: () => GraphFigures): void {
  const per = (value: (node: GraphNode) => number) => (): readonly Sample[] =>
    figures().nodes.map((node) => ({labels: {collection: node.name}, value: value(node)}));
  const perNode = (name: string, help: string, type: 'counter' | 'gauge', value: (node: GraphNode) => number): void =>
    addMetric(registry, {name, help, type, labels: ['collection'], read: per(value)});

  addMetric(registry, {
    name: 'sluice_commits_total',
    help: 'Commits of the graph: its epochs.',
    type: 'counter',
    read: () => [{value: figures().epoch}],
  });
  perNode('sluice_rows', 'Rows held.', 'gauge', ({rows}) => rows);
  perNode('sluice_runs_total', 'Transform runs.', 'counter', ({counters}) => counters.runs);
  perNode('sluice_rows_changed_total', 'Rows added, changed or removed.', 'counter', ({counters}) => counters.changed);
  perNode(
    'sluice_cut_offs_total',
    'Runs whose rows equalled the old ones, so that nothing downstream ran.',
    'counter',
    ({counters}) => counters.cutOff,
  );
  perNode('sluice_rows_examined_total', 'Rows that fetches looked at.', 'counter', ({counters}) => counters.examined);
  perNode(
    'sluice_scans_total',
    'Times a change was compared with a dependency that no index could rule out.',
    'counter',
    ({counters}) => counters.scans,
  );
  addMetric(registry, {
    name: 'sluice_transform_errors',
    help: 'Rows whose transform fails.',
    type: 'gauge',
    read: () => [{value: figures().errors}],
  });
}
