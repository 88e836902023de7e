import type {AppService, Endpoint, Namespace, Port} from './depth-rows.ts';
import {workloadOf} from './depth-rows.ts';
import type {Write} from './depth-system.ts';
import {type Pod, type Random, relabelled, type Shape} from './workload.ts';

const portsFrom = (number: number): readonly Port[] => [
  {name: 'http', number},
  {name: 'admin', number: number + 1_000},
];

const serviceOf = ({namespace, labels}: Pod, number: number): AppService => {
  const app = labels['app'] ?? '';
  return {key: `${namespace}/${app}`, namespace, app, ports: portsFrom(number)};
};

/** A fixed endpoint under the key of a pod stands in for it. */
const standIn = (pod: Pod, draw: Random): Endpoint => ({
  key: pod.key,
  service: workloadOf(pod).service,
  ip: `192.168.0.${draw.int(250)}`,
  ready: true,
  ports: portsFrom(8_000 + draw.int(1_000)),
  mtls: draw.int(2) === 0,
  domain: 'svc.elsewhere',
});

/** A world to begin with, all of it: a fixed endpoint stands in for every 50th pod. */
export function initialWrites(pods: readonly Pod[], draw: Random): readonly Write[] {
  const services = new Map<string, AppService>();
  const namespaces = new Map<string, Namespace>();
  for (const pod of pods) {
    const service = serviceOf(pod, 8_080);
    services.set(service.key, service);
    namespaces.set(pod.namespace, {key: pod.namespace, mtls: namespaces.size % 2 === 0});
  }
  return [
    {kind: 'settings', row: {key: 'settings', domain: 'cluster.local'}},
    ...[...namespaces.values()].map((row): Write => ({kind: 'namespace', row})),
    ...[...services.values()].map((row): Write => ({kind: 'service', row})),
    ...pods.filter((_, at) => at % 50 === 0).map((pod): Write => ({kind: 'fixed', row: standIn(pod, draw)})),
  ];
}

/**
 * One write of each kind to what belongs to pods picked at random, so that all that is not timed is verified too;
 * `current` is changed to hold the pods as they are then.
 */
export function everyWrite(current: Pod[], shape: Shape, draw: Random): readonly Write[] {
  const at = draw.int(current.length);
  const pod = current[at];
  if (pod === undefined) throw new Error('no pods');
  const moved = relabelled(pod, draw, shape);
  current[at] = moved;
  const other = draw.pick(current);
  const {namespace, key: service} = serviceOf(other, 0);
  return [
    {kind: 'pod', row: moved},
    {kind: 'pod gone', key: other.key},
    {kind: 'service', row: serviceOf(other, 8_000 + draw.int(1_000))},
    {kind: 'fixed', row: standIn(other, draw)},
    {kind: 'fixed', row: standIn(other, draw)},
    {kind: 'pod', row: other},
    {kind: 'fixed gone', key: other.key},
    {kind: 'fixed', row: standIn(moved, draw)},
    {kind: 'pod', row: {...moved, phase: moved.phase === 'Running' ? 'Failed' : 'Running'}},
    {kind: 'fixed gone', key: moved.key},
    {kind: 'pod', row: moved},
    {kind: 'service gone', key: service},
    {kind: 'service', row: serviceOf(other, 8_000 + draw.int(1_000))},
    {kind: 'namespace gone', key: namespace},
    {kind: 'namespace', row: {key: namespace, mtls: draw.int(2) === 0}},
    {kind: 'settings', row: {key: 'settings', domain: `cluster-${draw.int(1_000)}.local`}},
  ];
}
