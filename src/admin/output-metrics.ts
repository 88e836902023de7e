/** What goes on between a replica and its cluster: what is written, who leads, who may be served. */
import type {Registry} from 'prom-client';
import type {Metric, Sample} from './metric.ts';
import {addMetric} from './read-metric.ts';

/** All are optional: what this instance does not do has no figures. Counts are those since the start. */
export type OutputSources = {
  /** Statuses by kind of object and what became of them. */
  readonly statusWrites?: () => readonly {readonly kind: string; readonly result: string; readonly count: number}[];
  /** Work that waits, by who is to do it: `status`, `provision`. */
  readonly queues?: () => readonly {readonly queue: string; readonly waiting: number}[];
  /** Objects written and deleted for Gateways, and times that not all of those of a Gateway could be written. */
  readonly provisioned?: () => {readonly applied: number; readonly deleted: number; readonly failures: number};
  /** Whether this replica writes. */
  readonly leading?: () => boolean;
  /** How proxies fared that had to say who they are, by outcome. */
  readonly authentication?: () => Readonly<Record<string, number>>;
  /** Questions to the API server about tokens, those among them without an answer, and questions that memory answered. */
  readonly tokenReviews?: () => {readonly asked: number; readonly failed: number; readonly remembered: number};
  /** Events recorded: requests, occurrences that were only counted, and those that nobody is told of. */
  readonly events?: () => {readonly written: number; readonly repeated: number; readonly dropped: number};
  /** What xDS is served with, `authority` and `server`, and when it ends. */
  readonly certificates?: () => readonly {readonly certificate: string; readonly ends: Date}[];
};

export function addOutputMetrics(registry: Registry, sources: OutputSources): void {
  const {statusWrites, queues, provisioned, leading, authentication, tokenReviews, events, certificates} = sources;
  /** Nothing without a source. */
  const add = <T>(
    source: (() => T) | undefined,
    [name, help, type]: readonly [string, string, Metric['type']],
    labels: readonly string[],
    samples: (figures: T) => readonly Sample[],
  ): void => {
    if (source === undefined) return;
    addMetric(registry, {name, help, type, labels, read: () => samples(source())});
  };

  add(
    statusWrites,
    ['sluice_status_writes_total', 'Statuses written, and what became of those that were not.', 'counter'],
    ['kind', 'result'],
    (writes) => writes.map(({kind, result, count}) => ({labels: {kind, result}, value: count})),
  );
  add(
    queues,
    ['sluice_queue_depth', 'Objects that wait to be written or are being written.', 'gauge'],
    ['queue'],
    (all) => all.map(({queue, waiting}) => ({labels: {queue}, value: waiting})),
  );
  add(
    provisioned,
    ['sluice_provision_objects_total', 'Objects written and deleted for Gateways.', 'counter'],
    ['action'],
    ({applied, deleted}) => by('action', {applied, deleted}),
  );
  add(
    provisioned,
    ['sluice_provision_failures_total', 'Times that the objects of a Gateway could not all be written.', 'counter'],
    [],
    ({failures}) => [{value: failures}],
  );
  add(
    leading,
    ['sluice_leader', '1 for the replica that writes statuses and what is made for Gateways.', 'gauge'],
    [],
    (leads) => [{value: leads ? 1 : 0}],
  );
  add(
    authentication,
    ['sluice_xds_auth_total', 'Proxies that had to say who they are, by what came of it.', 'counter'],
    ['outcome'],
    (outcomes) => by('outcome', outcomes),
  );
  add(
    tokenReviews,
    ['sluice_token_reviews_total', 'Tokens looked at: by the API server, in vain, or from memory.', 'counter'],
    ['result'],
    ({asked, failed, remembered}) => by('result', {answered: asked - failed, failed, remembered}),
  );
  add(
    events,
    ['sluice_events_total', 'Events of Gateways: written, counted with others of their kind, or left out.', 'counter'],
    ['result'],
    ({written, repeated, dropped}) => by('result', {written, repeated, dropped}),
  );
  add(
    certificates,
    ['sluice_xds_certificate_end_seconds', 'When it ends that xDS is served with, seconds since 1970.', 'gauge'],
    ['certificate'],
    (all) => all.map(({certificate, ends}) => ({labels: {certificate}, value: ends.getTime() / 1000})),
  );
}

const by = (label: string, values: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(values).map(([name, value]) => ({labels: {[label]: name}, value}));
