import type {Listener} from './map-mirror.ts';
import {PairIndex} from './selectors-pair-index.ts';
import {servedPod, type SelectorSystem, type ServedPod} from './selectors-rows.ts';
import {type Labels, type Pod, selects, type Service} from './workload.ts';

type Entry = {pod: Pod; served: ServedPod | undefined};

/** Pods with their services by hand: services filed under one pair of their selector, pods under each of their labels. */
export class HandWrittenSelectors implements SelectorSystem {
  readonly #pods = new Map<string, Entry>();
  readonly #services = new Map<string, Service>();
  readonly #servicesByPair = new PairIndex<Service>();
  readonly #podsByPair = new PairIndex<Entry>();
  readonly #listen: Listener<ServedPod>;

  constructor(listen: Listener<ServedPod>) {
    this.#listen = listen;
  }

  load(pods: readonly Pod[], services: readonly Service[]): void {
    for (const service of services) this.setService(service);
    for (const pod of pods) this.setPod(pod);
  }

  setPod(pod: Pod): void {
    let entry = this.#pods.get(pod.key);
    if (entry === undefined) {
      entry = {pod, served: undefined};
      this.#pods.set(pod.key, entry);
      this.#filePod(entry);
    } else if (samePairs(entry.pod.labels, pod.labels)) entry.pod = pod;
    else {
      this.#unfilePod(entry);
      entry.pod = pod;
      this.#filePod(entry);
    }
    this.#derive(entry);
  }

  deletePod(key: string): void {
    const entry = this.#pods.get(key);
    if (entry === undefined) return;
    this.#pods.delete(key);
    this.#unfilePod(entry);
    if (entry.served !== undefined) this.#listen({key, old: entry.served});
  }

  setService(service: Service): void {
    const old = this.#services.get(service.key);
    this.#services.set(service.key, service);
    if (old !== undefined) this.#unfileService(old);
    const [pair] = Object.entries(service.selector);
    if (pair !== undefined) this.#servicesByPair.add(service.namespace, ...pair, service);
    if (old !== undefined) for (const entry of this.#selectedBy(old)) this.#derive(entry);
    for (const entry of this.#selectedBy(service)) this.#derive(entry);
  }

  deleteService(key: string): void {
    const old = this.#services.get(key);
    if (old === undefined) return;
    this.#services.delete(key);
    this.#unfileService(old);
    for (const entry of this.#selectedBy(old)) this.#derive(entry);
  }

  rows(): readonly ServedPod[] {
    return [...this.#pods.values()].flatMap(({served}) => served ?? []);
  }

  #derive(entry: Entry): void {
    const {pod, served: old} = entry;
    const services: Service[] = [];
    for (const key in pod.labels) {
      for (const service of this.#servicesByPair.get(pod.namespace, key, pod.labels[key] ?? '')) {
        if (selects(service.selector, pod.labels)) services.push(service);
      }
    }
    if (services.length > 1) services.sort((a, b) => (a.key < b.key ? -1 : 1));
    const now = servedPod(pod, services);
    if (old !== undefined && sameRow(old, now)) return;
    entry.served = now;
    this.#listen(old === undefined ? {key: pod.key, new: now} : {key: pod.key, old, new: now});
  }

  #selectedBy({namespace, selector}: Service): readonly Entry[] {
    const [pair] = Object.entries(selector);
    if (pair === undefined) return [];
    return [...this.#podsByPair.get(namespace, ...pair)].filter(({pod}) => selects(selector, pod.labels));
  }

  #unfileService(service: Service): void {
    const [pair] = Object.entries(service.selector);
    if (pair !== undefined) this.#servicesByPair.remove(service.namespace, ...pair, service);
  }

  #filePod(entry: Entry): void {
    const {namespace, labels} = entry.pod;
    for (const key in labels) this.#podsByPair.add(namespace, key, labels[key] ?? '', entry);
  }

  #unfilePod(entry: Entry): void {
    const {namespace, labels} = entry.pod;
    for (const key in labels) this.#podsByPair.remove(namespace, key, labels[key] ?? '', entry);
  }
}

function samePairs(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  return selects(a, b) && selects(b, a);
}

const sameRow = (a: ServedPod, b: ServedPod): boolean =>
  a.ip === b.ip && a.services.length === b.services.length && a.services.every((name, at) => name === b.services[at]);
