import type {GraphNode} from '../krt/index.ts';
import type {ClientView, TypeStats} from '../xds/api.ts';

export type Sample = {readonly labels?: Readonly<Record<string, string>>; readonly value: number};
export type Metric = {
  /** Ends in `_total` where it only grows. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
};

/** The Prometheus text format, version 0.0.4. */
export function formatMetrics(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const {name, help, type, samples} of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const {labels = {}, value} of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
      lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const escape = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', String.raw`\"`);

/** What the nodes of the graph hold and have done. */
export function graphMetrics(nodes: readonly GraphNode[], epoch: number, errors: number): readonly Metric[] {
  const per = (value: (node: GraphNode) => number): readonly Sample[] =>
    nodes.map((node) => ({labels: {node: node.name}, value: value(node)}));
  return [
    {name: 'sluice_commits_total', help: 'Commits of the graph.', type: 'counter', samples: [{value: epoch}]},
    {name: 'sluice_rows', help: 'Rows held.', type: 'gauge', samples: per(({rows}) => rows)},
    {name: 'sluice_runs_total', help: 'Transform runs.', type: 'counter', samples: per(({counters}) => counters.runs)},
    {
      name: 'sluice_rows_changed_total',
      help: 'Rows added, changed or removed.',
      type: 'counter',
      samples: per(({counters}) => counters.changed),
    },
    {
      name: 'sluice_cut_offs_total',
      help: 'Runs whose rows equalled the old ones, so that nothing downstream ran.',
      type: 'counter',
      samples: per(({counters}) => counters.cutOff),
    },
    {
      name: 'sluice_rows_examined_total',
      help: 'Rows that fetches looked at.',
      type: 'counter',
      samples: per(({counters}) => counters.examined),
    },
    {name: 'sluice_transform_errors', help: 'Rows whose transform fails.', type: 'gauge', samples: [{value: errors}]},
  ];
}

/** Who is connected, and what was sent. Clients are counted by scope: one Gateway, one kind of proxy. */
export function xdsMetrics(clients: readonly ClientView[], stats: ReadonlyMap<string, TypeStats>): readonly Metric[] {
  const scopes = new Map<string, {clients: number; pending: number; rejected: number}>();
  for (const {scope, types} of clients) {
    const sum = scopes.get(scope) ?? {clients: 0, pending: 0, rejected: 0};
    sum.clients++;
    for (const {pending, rejected} of types) {
      sum.pending += pending;
      sum.rejected += rejected.length;
    }
    scopes.set(scope, sum);
  }
  const perScope = (what: 'clients' | 'pending' | 'rejected'): readonly Sample[] =>
    [...scopes].map(([scope, sum]) => ({labels: {scope}, value: sum[what]}));
  const perType = (what: keyof TypeStats): readonly Sample[] =>
    [...stats].map(([type, counted]) => ({
      labels: {type: type.slice(type.lastIndexOf('/') + 1)},
      value: counted[what],
    }));
  return [
    {name: 'sluice_xds_clients', help: 'Connected proxies.', type: 'gauge', samples: perScope('clients')},
    {name: 'sluice_xds_pending', help: 'Names still to be sent.', type: 'gauge', samples: perScope('pending')},
    {
      name: 'sluice_xds_rejected',
      help: 'Resources whose newest version is rejected.',
      type: 'gauge',
      samples: perScope('rejected'),
    },
    {name: 'sluice_xds_messages_total', help: 'Responses sent.', type: 'counter', samples: perType('messages')},
    {name: 'sluice_xds_resources_total', help: 'Resources sent.', type: 'counter', samples: perType('resources')},
    {name: 'sluice_xds_removed_total', help: 'Removed names sent.', type: 'counter', samples: perType('removed')},
    {name: 'sluice_xds_bytes_total', help: 'Bytes of the responses sent.', type: 'counter', samples: perType('bytes')},
  ];
}

/** What the process itself uses. */
export function processMetrics(): readonly Metric[] {
  const {rss, heapUsed} = process.memoryUsage();
  const {user, system} = process.cpuUsage();
  return [
    {name: 'process_resident_memory_bytes', help: 'Resident memory.', type: 'gauge', samples: [{value: rss}]},
    {name: 'nodejs_heap_used_bytes', help: 'Heap in use.', type: 'gauge', samples: [{value: heapUsed}]},
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time used.',
      type: 'counter',
      samples: [{value: (user + system) / 1e6}],
    },
    {
      name: 'process_start_time_seconds',
      help: 'When it was started, seconds since 1970.',
      type: 'gauge',
      samples: [{value: Math.round(Date.now() / 1000 - process.uptime())}],
    },
  ];
}
