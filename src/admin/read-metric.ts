/** Metrics of which the figures stand elsewhere: they are read when somebody asks, so that nothing is counted twice. */
import {Counter, Gauge, type Registry} from 'prom-client';
import type {Metric, Sample} from './metric.ts';

export type ReadMetric = Omit<Metric, 'samples'> & {
  readonly labels?: readonly string[];
  /** All samples there are now; for a counter, totals since the start. */
  readonly read: () => Iterable<Sample>;
};

/** Throws where the name is taken. */
export function addMetric(registry: Registry, metric: ReadMetric): void {
  registry.registerMetric(metric.type === 'gauge' ? gauge(metric) : counter(metric));
}

function gauge({name, help, labels = [], read}: ReadMetric): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [],
    collect() {
      this.reset();
      // Where there is nothing to tell, nothing is told: 0 would be a figure.
      if (labels.length === 0) this.remove();
      for (const sample of read()) this.set({...sample.labels}, sample.value);
    },
  });
}

function counter({name, help, labels = [], read}: ReadMetric): Counter {
  return new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [],
    collect() {
      this.reset();
      if (labels.length === 0) this.remove();
      for (const sample of read()) this.inc({...sample.labels}, sample.value);
    },
  });
}

/** Metrics whose names and labels only those know who count. */
export class GivenMetrics {
  readonly #registry: Registry;
  readonly #known = new Map<string, {readonly labels: ReadonlySet<string>; metric: Metric}>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** From now on the registry tells of these, and of no others that were given before. Throws where a name is taken. */
  set(metrics: readonly Metric[]): void {
    const names = new Set(metrics.map(({name}) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#forget(name);
    for (const metric of metrics) {
      const {name, help, type, samples} = metric;
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels ?? {})));
      const known = this.#known.get(name);
      if (known !== undefined && [...labels].every((label) => known.labels.has(label))) {
        known.metric = metric;
        continue;
      }
      if (known !== undefined) this.#forget(name);
      const entry = {labels, metric};
      this.#known.set(name, entry);
      addMetric(this.#registry, {name, help, type, labels: [...labels], read: () => entry.metric.samples});
    }
  }

  #forget(name: string): void {
    this.#registry.removeSingleMetric(name);
    this.#known.delete(name);
  }
}
