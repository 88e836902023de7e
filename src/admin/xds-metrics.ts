import {Counter, Histogram, type Registry} from 'prom-client';
import type {ClientEvent, ClientView, ProfileName, TypeStats, XdsServer} from '../xds/api.ts';
import {typeUrls} from '../xds/type-urls.ts';
import type {Sample} from './metric.ts';
import {addMetric} from './read-metric.ts';

export type XdsFigures = {readonly clients: readonly ClientView[]; readonly stats: ReadonlyMap<string, TypeStats>};

export type XdsMetricsOptions = {
  readonly figures: () => XdsFigures;
  readonly events$: XdsServer['events$'];
  /** Proxies are counted by Gateway where no more Gateways than these have any. */
  readonly gatewayLimit: number;
};

/** Seconds: a proxy next door takes a millisecond, one with much to do some seconds. */
const ackBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const profiles: readonly ProfileName[] = ['envoy', 'agentgateway'];

/** Who is connected, what was sent, and what they say to it. Returns what ends it. */
export function addXdsMetrics(registry: Registry, {figures, events$, gatewayLimit}: XdsMetricsOptions): () => void {
  const typeLabel = typeLabels();

  const perDialect = (value: (client: ClientView) => number) => (): readonly Sample[] => {
    const sums = new Map<string, number>(profiles.map((profile) => [profile, 0]));
    for (const client of figures().clients) sums.set(client.profile, (sums.get(client.profile) ?? 0) + value(client));
    return [...sums].map(([dialect, sum]) => ({labels: {dialect}, value: sum}));
  };
  const gauge = (name: string, help: string, value: (client: ClientView) => number): void =>
    addMetric(registry, {name, help, type: 'gauge', labels: ['dialect'], read: perDialect(value)});
  gauge('sluice_xds_clients', 'Connected proxies.', () => 1);
  gauge('sluice_xds_pending', 'Names still to be sent, over all proxies.', ({types}) =>
    types.reduce((sum, {pending}) => sum + pending, 0),
  );
  gauge('sluice_xds_rejected', 'Resources whose newest version is rejected, over all proxies.', ({types}) =>
    types.reduce((sum, {rejected}) => sum + rejected.length, 0),
  );

  const scopes = (): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const {scope} of figures().clients) counts.set(scope, (counts.get(scope) ?? 0) + 1);
    return counts;
  };
  addMetric(registry, {
    name: 'sluice_xds_gateways',
    help: 'Gateways with connected proxies.',
    type: 'gauge',
    read: () => [{value: scopes().size}],
  });
  addMetric(registry, {
    name: 'sluice_xds_gateway_clients',
    help: `Connected proxies of each Gateway; nothing where more than ${gatewayLimit} Gateways have any.`,
    type: 'gauge',
    labels: ['dialect', 'namespace', 'gateway'],
    read: () => {
      const counts = scopes();
      return counts.size > gatewayLimit ? [] : [...counts].map(([scope, value]) => ({labels: partsOf(scope), value}));
    },
  });

  const perType = (name: string, help: string, what: keyof TypeStats): void =>
    addMetric(registry, {
      name,
      help,
      type: 'counter',
      labels: ['type'],
      read: () =>
        [...figures().stats].map(([type, counted]) => ({labels: {type: typeLabel(type)}, value: counted[what]})),
    });
  perType('sluice_xds_messages_total', 'Responses sent: pushes.', 'messages');
  perType('sluice_xds_resources_total', 'Resources sent.', 'resources');
  perType('sluice_xds_removed_total', 'Removed names sent.', 'removed');
  perType('sluice_xds_bytes_total', 'Bytes of the responses sent.', 'bytes');

  const registers = [registry];
  const connections = new Counter({
    name: 'sluice_xds_connections_total',
    help: 'Streams that proxies have opened.',
    labelNames: ['dialect'],
    registers,
  });
  for (const dialect of profiles) connections.inc({dialect}, 0);
  const acknowledged = new Histogram({
    name: 'sluice_xds_ack_seconds',
    help: 'From a response handed to the socket to its acknowledgement.',
    labelNames: ['type'],
    buckets: ackBuckets,
    registers,
  });
  const nacks = new Counter({
    name: 'sluice_xds_nacks_total',
    help: 'Resources that proxies refused (error), or took and complained of (warning).',
    labelNames: ['type', 'severity'],
    registers,
  });
  const take = (event: ClientEvent): void => {
    switch (event.kind) {
      case 'connected':
        connections.inc({dialect: event.profile});
        return;
      case 'disconnected':
        return;
      case 'acknowledged':
        acknowledged.observe({type: typeLabel(event.type)}, event.ms / 1000);
        return;
      case 'rejected':
        // Of a response as such, where it names no resource.
        nacks.inc(
          {type: typeLabel(event.type), severity: event.warning ? 'warning' : 'error'},
          Math.max(1, event.names.length),
        );
        return;
    }
  };
  const subscription = events$.subscribe(take);
  return () => subscription.unsubscribe();
}

/** `<dialect>/<namespace>/<gateway>`. */
function partsOf(scope: string): Readonly<Record<string, string>> {
  const [dialect = '', namespace = '', ...gateway] = scope.split('/');
  return {dialect, namespace, gateway: gateway.join('/')};
}

/** Types besides the known ones that get a name of their own: extensions have some. */
const furtherTypes = 16;

/** The last part of a type URL. Clients may ask for types of any name, so those that come last are `other`. */
function typeLabels(): (type: string) => string {
  const last = (type: string): string => type.slice(type.lastIndexOf('/') + 1);
  const labels = new Map<string, string>(Object.values(typeUrls).map((type) => [type, last(type)]));
  const most = labels.size + furtherTypes;
  return (type) => {
    const label = labels.get(type);
    if (label !== undefined) return label;
    if (labels.size >= most) return 'other';
    labels.set(type, last(type));
    return last(type);
  };
}
