import type {Listener} from './map-mirror.ts';
import {type FrontedPod, frontedPod, type LiveService, type ProjectionSystem, serviceOf} from './projection-rows.ts';
import type {Pod} from './workload.ts';

type Entry = {pod: Pod; service: string; row: FrontedPod | undefined};

/** By hand: a service whose pods would not see a difference is stored, and that is all. */
export class HandWrittenProjection implements ProjectionSystem {
  readonly #pods = new Map<string, Entry>();
  readonly #services = new Map<string, LiveService>();
  readonly #podsOfService = new Map<string, Set<Entry>>();
  readonly #listen: Listener<FrontedPod>;

  constructor(listen: Listener<FrontedPod>) {
    this.#listen = listen;
  }

  /** A pod's service follows from its namespace, which is part of its key, so it never changes. */
  setPods(pods: readonly Pod[]): void {
    for (const pod of pods) {
      let entry = this.#pods.get(pod.key);
      if (entry === undefined) {
        entry = {pod, service: serviceOf(pod), row: undefined};
        this.#pods.set(pod.key, entry);
        const others = this.#podsOfService.get(entry.service);
        if (others === undefined) this.#podsOfService.set(entry.service, new Set([entry]));
        else others.add(entry);
      } else entry.pod = pod;
      this.#derive(entry);
    }
  }

  deletePod(key: string): void {
    const entry = this.#pods.get(key);
    if (entry === undefined) return;
    this.#pods.delete(key);
    this.#podsOfService.get(entry.service)?.delete(entry);
    if (entry.row !== undefined) this.#listen({key, old: entry.row});
  }

  setService(service: LiveService): void {
    const old = this.#services.get(service.key);
    this.#services.set(service.key, service);
    if (old === undefined || !sameFront(old, service)) this.#deriveAll(service.key);
  }

  deleteService(key: string): void {
    if (this.#services.delete(key)) this.#deriveAll(key);
  }

  rows(): readonly FrontedPod[] {
    return [...this.#pods.values()].flatMap(({row}) => row ?? []);
  }

  #deriveAll(service: string): void {
    for (const entry of this.#podsOfService.get(service) ?? []) this.#derive(entry);
  }

  #derive(entry: Entry): void {
    const {pod, row: old} = entry;
    const {key} = pod;
    const now = frontedPod(pod, this.#services.get(entry.service));
    if (old !== undefined && now !== undefined && sameRow(old, now)) return;
    entry.row = now;
    if (now !== undefined) this.#listen(old === undefined ? {key, new: now} : {key, old, new: now});
    else if (old !== undefined) this.#listen({key, old});
  }
}

const sameFront = (a: LiveService, b: LiveService): boolean =>
  a.clusterIp === b.clusterIp &&
  a.ports.length === b.ports.length &&
  a.ports.every(({name, number}, at) => name === b.ports[at]?.name && number === b.ports[at].number);

const sameRow = (a: FrontedPod, b: FrontedPod): boolean =>
  a.ip === b.ip &&
  a.front === b.front &&
  a.ports.length === b.ports.length &&
  a.ports.every((port, at) => port === b.ports[at]);
