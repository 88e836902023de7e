/** Durations that others measure: made before those who measure, told of by the metrics. */
import {Histogram} from 'prom-client';

/** What became of a status; `requestMs` is absent where nothing was sent. */
export type StatusReport = {
  readonly kind: string;
  readonly result: string;
  readonly requestMs?: number;
  /** Since the first change that the status tells of. */
  readonly waitedMs?: number;
};

export type Meters = {
  readonly histograms: readonly Histogram[];
  statusWritten(report: StatusReport): void;
};

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createMeters(): Meters {
  const requests = new Histogram({
    name: 'sluice_status_request_seconds',
    help: 'How long the API server took to answer the write of a status.',
    labelNames: ['kind'],
    buckets,
    registers: [],
  });
  const waits = new Histogram({
    name: 'sluice_status_delay_seconds',
    help: 'From the change of an input to the status that tells of it.',
    labelNames: ['kind'],
    buckets,
    registers: [],
  });
  return {
    histograms: [requests, waits],
    statusWritten({kind, requestMs, waitedMs}) {
      if (requestMs !== undefined) requests.observe({kind}, requestMs / 1000);
      if (waitedMs !== undefined) waits.observe({kind}, waitedMs / 1000);
    },
  };
}
