/** What is written to a cluster, by the one replica that leads: statuses, what is made for Gateways, GatewayClasses. */
import {randomBytes} from 'node:crypto';
import {hostname} from 'node:os';
import {provisioned} from '../../collections/index.ts';
import {gatewayClasses, provisionFailures} from '../../collections/inputs.ts';
import type {Meters} from '../admin/meters.ts';
import type {OutputSources} from '../admin/output-metrics.ts';
import type {StaticConfig} from '../config/static-config.ts';
import type {KubeClient} from '../kube/client.ts';
import {systemClock} from '../kube/clock.ts';
import {createLeaseElection, type LeaseElection} from '../kube/lease-election.ts';
import {endlessTerm, type Term} from '../kube/lease-term.ts';
import type {LiveObjects} from '../kube/live-objects.ts';
import {createKubeApplier, type KubeApplier} from '../provision/kube-applier.ts';
import type {ProvisionReport} from '../provision/kube-applier-options.ts';
import {createKubeLiveFeed} from '../provision/kube-live-feed.ts';
import {createEventRecorder} from '../status/kube-event-recorder.ts';
import {createKubeStatusWriter} from '../status/kube-status-writer.ts';
import type {StatusDocument} from '../status/status-document.ts';
import type {SurroundingsOptions} from '../surroundings.ts';
import {createGatewayClasses} from './gateway-classes.ts';
import {recordGatewayEvents} from './gateway-events.ts';

export type ClusterOutputsOptions = SurroundingsOptions & {
  readonly client: KubeClient;
  readonly live: LiveObjects;
  readonly meters: Meters;
};

export type ClusterOutputs = {
  /** The graph is at rest with all objects in it. From here on this replica leads, where it is elected. */
  connect(): void;
  statuses(): readonly StatusDocument[];
  readonly figures: OutputSources;
  /** Writes what waits, and lets another replica lead. */
  stop(): Promise<void>;
};

export function createClusterOutputs(config: StaticConfig, options: ClusterOutputsOptions): ClusterOutputs {
  const {graph, outputs, logs, client, live, meters} = options;
  const {controllerNames, status, provision} = config;
  // Who finds itself in a Lease takes it for its own: a Pod of the same name may have been another process.
  const identity = `${config.pod.name ?? hostname()}_${randomBytes(4).toString('hex')}`;
  const log = logs('sluice');
  const writer = createKubeStatusWriter({
    client,
    live,
    log: logs('status'),
    controllerNames: [controllerNames.envoy, controllerNames.agentgateway],
    concurrency: status.concurrency,
    pacing: {quietMs: status.quietMs, spacingMs: status.spacingMs},
    observe: (report) => meters.statusWritten(report),
  });
  const recorder = createEventRecorder({
    client,
    reporter: {controller: 'sluice.dev/controller', instance: identity},
    log: logs('status'),
  });
  const report = ({gateway, message}: ProvisionReport): void => {
    graph.commit((tx) => {
      if (message === undefined) tx.delete(provisionFailures, gateway);
      else tx.set(provisionFailures, {key: gateway, message});
    });
  };
  const applier: KubeApplier | undefined = provision.enabled
    ? createKubeApplier({
        client,
        feed: createKubeLiveFeed({client, clock: systemClock, log: logs('provision')}),
        log: logs('provision'),
        onReport: report,
      })
    : undefined;
  const undo: (() => void)[] = [];
  let election: LeaseElection | undefined;
  let isLeading = false;
  let endClasses = (): void => {};

  const lead = (term: Term): void => {
    isLeading = true;
    writer.lead(term);
    applier?.lead(term);
    if (provision.createGatewayClasses) {
      const isThere = (name: string): boolean => graph.get(gatewayClasses, name) !== undefined;
      endClasses = createGatewayClasses(config, {client, term, log, isThere});
    }
  };
  const follow = (): Promise<void> => {
    isLeading = false;
    endClasses();
    writer.follow();
    return applier?.follow() ?? Promise.resolve();
  };

  const connectApplier = (to: KubeApplier): void => {
    const all = <T extends {readonly key: string}>(rows: readonly T[]): readonly {key: string; new: T}[] =>
      rows.map((row) => ({key: row.key, new: row}));
    to.apply({objects: all(graph.list(provisioned.objects)), gateways: all(graph.list(provisioned.gateways))});
    undo.push(
      graph.subscribe(provisioned.gateways, ({changes}) => to.apply({objects: [], gateways: changes})),
      graph.subscribe(provisioned.objects, ({changes}) => to.apply({objects: changes, gateways: []})),
    );
  };

  return {
    connect: () => {
      writer.start(graph.list(outputs.statuses));
      undo.push(graph.subscribe(outputs.statuses, ({changes}) => writer.apply(changes)));
      if (applier !== undefined) connectApplier(applier);
      undo.push(recordGatewayEvents(graph, recorder));
      const {enabled, namespace, leaseName, leaseDurationMs, renewDeadlineMs, retryPeriodMs} = config.leaderElection;
      if (!enabled || namespace === undefined) {
        lead(endlessTerm);
        return;
      }
      election = createLeaseElection({
        client,
        namespace,
        name: leaseName,
        identity,
        leaseMs: leaseDurationMs,
        renewMs: renewDeadlineMs,
        retryMs: retryPeriodMs,
        onElected: lead,
        onLost: () => void follow(),
        log: logs('status'),
      });
      election.start();
    },
    statuses: () => writer.list(),
    figures: {
      statusWrites: () => writer.counts().results,
      queues: () => [
        {queue: 'status', waiting: writer.counts().waiting},
        ...(applier ? [{queue: 'provision', waiting: applier.counts().waiting}] : []),
      ],
      ...(applier && {provisioned: () => applier.counts()}),
      leading: () => isLeading,
      events: () => recorder.counts(),
    },
    stop: async () => {
      for (const undoOne of undo.splice(0).toReversed()) undoOne();
      await writer.stop();
      await follow();
      await election?.stop();
      await recorder.stop();
    },
  };
}
