import type {ServiceRow} from './controllers-model.ts';
import {selects, type Pod} from './workload.ts';

/** Things by the label pairs they are filed under. */
export type PairIndex<T> = Map<string, Map<string, Set<T>>>;

/** Services of a namespace, each under the first pair of its selector. */
export type ServicesByPair = {
  readonly byPair: PairIndex<ServiceRow>;
  /** Services whose selector has no pair: they select every pod. */
  readonly unconditional: Set<ServiceRow>;
};

export function servicesByPair(services: readonly ServiceRow[]): ServicesByPair {
  const made: ServicesByPair = {byPair: new Map(), unconditional: new Set()};
  for (const service of services) fileService(made, service);
  return made;
}

/** The sorted names of the services that select a pod; each is filed once, so none is met twice. */
export function namesFor({labels}: Pod, {byPair, unconditional}: ServicesByPair): readonly string[] {
  const names: string[] = [];
  for (const label in labels) {
    const candidates = byPair.get(label)?.get(labels[label] ?? '');
    if (candidates === undefined) continue;
    for (const {selector, name} of candidates) if (selects(selector, labels)) names.push(name);
  }
  for (const {name} of unconditional) names.push(name);
  return names.length > 1 ? names.sort() : names;
}

export function fileService({byPair, unconditional}: ServicesByPair, service: ServiceRow): void {
  const [pair] = Object.entries(service.selector);
  if (pair === undefined) unconditional.add(service);
  else file(byPair, ...pair, service);
}

export function unfileService({byPair, unconditional}: ServicesByPair, service: ServiceRow): void {
  const [pair] = Object.entries(service.selector);
  if (pair === undefined) unconditional.delete(service);
  else unfile(byPair, ...pair, service);
}

export function file<T>(index: PairIndex<T>, label: string, value: string, item: T): void {
  let values = index.get(label);
  if (values === undefined) index.set(label, (values = new Map()));
  const items = values.get(value);
  if (items === undefined) values.set(value, new Set([item]));
  else items.add(item);
}

export function unfile<T>(index: PairIndex<T>, label: string, value: string, item: T): void {
  const values = index.get(label);
  const items = values?.get(value);
  items?.delete(item);
  if (items?.size === 0) values?.delete(value);
}
