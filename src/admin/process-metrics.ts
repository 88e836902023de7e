/** What the process itself uses. (collectDefaultMetrics cannot be ended, and walks through every open handle.) */
import {monitorEventLoopDelay} from 'node:perf_hooks';
import type {Registry} from 'prom-client';
import {addMetric} from './read-metric.ts';

/** Milliseconds between two looks at the event loop. */
const resolution = 20;

export type ProcessMetrics = {
  /** Reads all of them anew; delays of the event loop are those since the last time. */
  refresh(): void;
  stop(): void;
};

export function addProcessMetrics(registry: Registry): ProcessMetrics {
  const delay = monitorEventLoopDelay({resolution});
  delay.enable();
  // What is measured is the time from one look to the next.
  const lag = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolution / 1e3) || 0;
  const read = () => ({
    memory: process.memoryUsage(),
    cpu: process.cpuUsage(),
    lag: {p50: lag(delay.percentile(50)), p99: lag(delay.percentile(99)), max: lag(delay.max)},
  });
  let figures = read();

  const gauge = (name: string, help: string, value: () => number): void =>
    addMetric(registry, {name, help, type: 'gauge', read: () => [{value: value()}]});
  gauge('process_resident_memory_bytes', 'Resident memory.', () => figures.memory.rss);
  gauge('nodejs_heap_used_bytes', 'Heap in use.', () => figures.memory.heapUsed);
  gauge('nodejs_heap_total_bytes', 'Heap taken from the system.', () => figures.memory.heapTotal);
  gauge('nodejs_external_memory_bytes', 'Memory outside the heap, buffers.', () => figures.memory.external);
  addMetric(registry, {
    name: 'process_cpu_seconds_total',
    help: 'CPU time used.',
    type: 'counter',
    read: () => [{value: (figures.cpu.user + figures.cpu.system) / 1e6}],
  });
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  gauge('process_start_time_seconds', 'When it was started, seconds since 1970.', () => startedAt);
  const since = 'since the last time that metrics were asked for.';
  gauge('nodejs_eventloop_lag_p50_seconds', `Median delay of the event loop ${since}`, () => figures.lag.p50);
  gauge('nodejs_eventloop_lag_p99_seconds', `99th percentile of the delay ${since}`, () => figures.lag.p99);
  gauge('nodejs_eventloop_lag_max_seconds', `Longest delay ${since}`, () => figures.lag.max);
  return {
    refresh() {
      figures = read();
      delay.reset();
    },
    stop: () => void delay.disable(),
  };
}
