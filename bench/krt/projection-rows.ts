import type {Row} from '../../src/krt/index.ts';
import type {Pod, Service} from './workload.ts';

/** A service as an API server has it: what is of use, and what is written to it all the time. */
export type LiveService = Service & {
  readonly clusterIp: string;
  readonly ports: readonly {readonly name: string; readonly number: number}[];
  readonly resourceVersion: string;
  readonly status: {readonly conditions: readonly {readonly type: string; readonly lastTransitionTime: string}[]};
};

/** What pods read of their service. */
export type Front = Pick<LiveService, 'clusterIp' | 'ports'>;

export const frontOf = ({clusterIp, ports}: LiveService): Front => ({clusterIp, ports});

/** A pod behind its service. */
export type FrontedPod = Row & {readonly ip: string; readonly front: string; readonly ports: readonly number[]};

/** None without a service. */
export const frontedPod = ({key, ip}: Pod, front: Front | undefined): FrontedPod | undefined =>
  front && {key, ip, front: front.clusterIp, ports: front.ports.map(({number}) => number)};

/** All pods of a namespace are behind its one service. */
export const serviceOf = ({namespace}: Pod): string => `${namespace}/front`;

/** A keeper of fronted pods. Every call is a commit of its own, after which listeners have been told. */
export type ProjectionSystem = {
  setPods(pods: readonly Pod[]): void;
  deletePod(key: string): void;
  setService(service: LiveService): void;
  deleteService(key: string): void;
  rows(): readonly FrontedPod[];
};

/** From nothing. */
export function frontedPods(pods: Iterable<Pod>, services: ReadonlyMap<string, LiveService>): readonly FrontedPod[] {
  return [...pods].flatMap((pod) => frontedPod(pod, services.get(serviceOf(pod))) ?? []);
}
