import {endpointOf} from './memory-controller.ts';
import {lookups, type Fetch, type Holder} from './memory-holders.ts';
import {pods, random, readdressed, relabelled, reselected, services} from './workload.ts';
import type {Pod, Service, Shape} from './workload.ts';

/** What was written to a holder last, kept apart from it. */
export type World = {readonly pods: Pod[]; readonly services: Service[]};

const COMMIT = 1_000;

export const world = (shape: Shape): World => ({pods: pods(shape), services: services(shape)});

/** Loads everything, a thousand pods at a time. */
export function load(holder: Holder, data: World): void {
  holder.write([], data.services);
  for (let at = 0; at < data.pods.length; at += COMMIT) holder.write(data.pods.slice(at, at + COMMIT), []);
}

/** Gives every pod another address, `passes` times, and keeps the world in step. */
export function churn(holder: Holder, data: World, passes: number): void {
  const draw = random(1);
  for (let pass = 0; pass < passes; pass++)
    for (let at = 0; at < data.pods.length; at += COMMIT) {
      const changed = data.pods.slice(at, at + COMMIT).map((pod) => readdressed(pod, draw));
      data.pods.splice(at, changed.length, ...changed);
      holder.write(changed, []);
    }
}

/** Changes and removals of services and pods of all sorts, some of both in one write. */
export function shuffle(holder: Holder, data: World, shape: Shape): void {
  const draw = random(2);
  for (let step = 0; step < 50; step++) {
    const [pod, service] = [draw.int(data.pods.length), draw.int(data.services.length)];
    const moved = data.pods.slice(pod, pod + 3).map((row) => relabelled(row, draw, shape));
    data.pods.splice(pod, moved.length, ...moved);
    const turned = data.services.slice(service, service + 1).map((row) => reselected(row, draw, shape));
    data.services.splice(service, turned.length, ...turned);
    holder.write(moved, turned);
    const gone = data.pods.splice(draw.int(data.pods.length), 2);
    const closed = step % 5 === 0 ? data.services.splice(draw.int(data.services.length), 1) : [];
    holder.remove(
      gone.map(({key}) => key),
      closed.map(({key}) => key),
    );
  }
}

/** Throws unless the holder has exactly the rows that the world makes, computed from nothing. */
export function verify(holder: Holder, data: World, fetch: Fetch): void {
  const {wanted, offered} = lookups[fetch];
  if (holder.size() !== data.pods.length) throw new Error(`${holder.size()} rows of ${data.pods.length} pods`);
  const byValue = new Map<string, Service[]>();
  for (const service of data.services.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const found = byValue.get(offered(service));
    if (found === undefined) byValue.set(offered(service), [service]);
    else found.push(service);
  }
  let served = 0;
  for (const pod of data.pods) {
    const due = endpointOf(pod, byValue.get(wanted(pod)) ?? []);
    const row = holder.get(pod.key);
    if (row === undefined || row.ip !== due.ip || row.services !== due.services)
      throw new Error(`${pod.key} is ${JSON.stringify(row)}, not ${JSON.stringify(due)}`);
    if (due.services !== '') served++;
  }
  if (served < data.pods.length / 2) throw new Error(`only ${served} of ${data.pods.length} pods have a service`);
}
