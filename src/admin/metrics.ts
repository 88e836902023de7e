/** Everything that /metrics tells. All figures of an answer are of the same moment, and none is counted for it. */
import {Registry} from 'prom-client';
import type {Graph} from '../krt/index.ts';
import type {XdsServer} from '../xds/api.ts';
import {addGraphMetrics, type GraphFigures} from './graph-metrics.ts';
import type {Meters} from './meters.ts';
import type {Metric} from './metric.ts';
import {addOutputMetrics, type OutputSources} from './output-metrics.ts';
import {addProcessMetrics} from './process-metrics.ts';
import {addMetric, GivenMetrics} from './read-metric.ts';
import {addXdsMetrics, type XdsFigures} from './xds-metrics.ts';

export type MetricsSources = OutputSources & {
  readonly graph: Pick<Graph, 'epoch' | 'nodes' | 'errors'>;
  readonly xds: Pick<XdsServer, 'clients' | 'stats' | 'events$'>;
  /** Further metrics, of those who count for themselves. */
  readonly metrics: () => readonly Metric[];
  readonly meters?: Meters;
  /** Of Sluice. */
  readonly version?: string;
  /** Proxies are counted by Gateway where no more Gateways than these have any; 1,000 by default. */
  readonly gatewayLimit?: number;
};

export type Metrics = {
  readonly contentType: string;
  /** The Prometheus text format. */
  text(): Promise<string>;
  stop(): void;
};

export function createMetrics(sources: MetricsSources): Metrics {
  const {graph, xds, metrics, meters, version, gatewayLimit = 1_000} = sources;
  const registry = new Registry();
  const read = (): GraphFigures & XdsFigures => ({
    nodes: graph.nodes(),
    epoch: graph.epoch,
    errors: graph.errors().length,
    clients: xds.clients(),
    stats: xds.stats(),
  });
  let figures = read();

  addGraphMetrics(registry, () => figures);
  const stopXds = addXdsMetrics(registry, {figures: () => figures, events$: xds.events$, gatewayLimit});
  addOutputMetrics(registry, sources);
  for (const histogram of meters?.histograms ?? []) registry.registerMetric(histogram);
  const given = new GivenMetrics(registry);
  const ofProcess = addProcessMetrics(registry);
  if (version !== undefined) {
    addMetric(registry, {
      name: 'sluice_build_info',
      help: 'What runs here; always 1.',
      type: 'gauge',
      labels: ['version', 'node'],
      read: () => [{labels: {version, node: process.versions.node}, value: 1}],
    });
  }
  return {
    contentType: registry.contentType,
    text() {
      figures = read();
      ofProcess.refresh();
      given.set(metrics());
      return registry.metrics();
    },
    stop() {
      stopXds();
      ofProcess.stop();
    },
  };
}
