import type {LabelSelector, Row} from '../../src/krt/index.ts';
import {type Pod, selects, type Service} from './workload.ts';

/** A pod with the services that select it. */
export type ServedPod = Row & {readonly ip: string; readonly services: readonly string[]};

/** `services` in key order, as the engine answers. */
export const servedPod = ({key, ip}: Pod, services: readonly Service[]): ServedPod => ({
  key,
  ip,
  services: services.map(({name}) => name),
});

/** As in Kubernetes, a service without a selector selects nothing. */
export const selectorOf = ({selector}: Service): LabelSelector | undefined =>
  Object.keys(selector).length === 0 ? undefined : {matchLabels: selector};

/** A keeper of served pods. Every call is a commit of its own, after which listeners have been told. */
export type SelectorSystem = {
  /** To begin with. */
  load(pods: readonly Pod[], services: readonly Service[]): void;
  setPod(pod: Pod): void;
  deletePod(key: string): void;
  setService(service: Service): void;
  deleteService(key: string): void;
  rows(): readonly ServedPod[];
};

/** From nothing, with every service tried on every pod. */
export function servedPods(pods: Iterable<Pod>, services: Iterable<Service>): readonly ServedPod[] {
  const sorted = [...services].sort((a, b) => (a.key < b.key ? -1 : 1));
  const ofNamespace = new Map<string, Service[]>();
  for (const service of sorted) {
    if (Object.keys(service.selector).length === 0) continue;
    const others = ofNamespace.get(service.namespace);
    if (others === undefined) ofNamespace.set(service.namespace, [service]);
    else others.push(service);
  }
  return [...pods].map((pod) =>
    servedPod(
      pod,
      (ofNamespace.get(pod.namespace) ?? []).filter(({selector}) => selects(selector, pod.labels)),
    ),
  );
}
