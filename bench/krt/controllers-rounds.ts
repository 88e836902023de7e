import {setImmediate as turn} from 'node:timers/promises';
import {
  recomputed,
  sameWorkload,
  type Controller,
  type ControllerKind,
  type ServiceRow,
  type Workload,
} from './controllers-model.ts';
import {timed, type Contender} from './interleave.ts';
import {
  pods,
  random,
  readdressed,
  reselected,
  services,
  touched,
  type Pod,
  type Random,
  type Shape,
} from './workload.ts';

/** What happens in the rounds of a comparison, the same for all contenders. */
export type Job =
  /** Pods get another address, each in a call of its own or so many a call. */
  | {readonly change: 'pods'; readonly batch: number}
  /** Services are written again: equal to the old row, with another resourceVersion, or selecting other pods. */
  | {readonly change: 'touch' | 'version' | 'flip'};

/** A kind, and how many updates it makes a round; fewer where it is slow. */
export type Entrant = {
  readonly kind: ControllerKind;
  readonly operations: number;
  /** Starts every round with a controller of its own: for a library that grows slower with every update it was given. */
  readonly fresh?: boolean;
};

export const initialServices = (shape: Shape): ServiceRow[] =>
  services(shape).map((service) => ({...service, resourceVersion: 1}));

/** Contenders that do this job on this shape, each on its own controller; those with as many operations on the same rows. */
export function contenders(job: Job, shape: Shape, entrants: readonly Entrant[]): Contender[] {
  const feeds = new Map<number, Feed>();
  return entrants.map((entrant) => {
    const feed = feeds.get(entrant.operations) ?? createFeed(job, shape, entrant.operations);
    feeds.set(entrant.operations, feed);
    return contender(job, entrant, feed);
  });
}

function contender(job: Job, {kind, operations, fresh = false}: Entrant, feed: Feed): Contender {
  let told = 0;
  const start = ({pods, services}: Rows): Controller => {
    const made = kind.create(() => told++);
    for (const service of services) made.updateService(service);
    made.update(pods);
    return made;
  };
  let controller: Controller | undefined;
  let round = 0;
  return {
    name: kind.name,
    async round() {
      const {before, written, expected} = feed(round++);
      if (fresh) {
        controller?.dispose();
        controller = undefined;
      }
      const current = (controller ??= start(before));
      const work = prepared(job, current, written);
      // Lets what waits for the event loop happen, such as finalizers; then collects, because rows were just made.
      await turn();
      globalThis.gc?.();
      told = 0;
      const measured = timed(operations, work);
      verify(kind.name, current.end(), expected());
      const must = toldBy(job, operations);
      if (must !== undefined && told !== must) throw new Error(`${kind.name} told ${told}, not ${must}`);
      return measured;
    },
  };
}

/** The timed part, with all that is not the work itself done before. */
function prepared(job: Job, controller: Controller, {pods, services}: Rows): () => void {
  if (job.change !== 'pods') {
    return () => {
      for (const service of services) controller.updateService(service);
    };
  }
  const batches: Pod[][] = [];
  for (let at = 0; at < pods.length; at += job.batch) batches.push(pods.slice(at, at + job.batch));
  return () => {
    for (const batch of batches) controller.update(batch);
  };
}

/** How many changes the listener must hear of; unknown where selectors move. */
function toldBy({change}: Job, operations: number): number | undefined {
  switch (change) {
    case 'pods':
      return operations;
    case 'touch':
    case 'version':
      return 0;
    case 'flip':
      return undefined;
  }
}

type Rows = {readonly pods: readonly Pod[]; readonly services: readonly ServiceRow[]};

/** A round: what there was before, what is written in it, and what must come of it. Made when it is first asked for. */
type Feed = (round: number) => Round;
type Round = {
  readonly before: Rows;
  readonly written: Rows;
  readonly expected: () => ReadonlyMap<string, Workload>;
};

function createFeed(job: Job, shape: Shape, count: number): Feed {
  const draw = random(42);
  const current = {pods: pods(shape), services: initialServices(shape)};
  const next = (): Round => {
    const before = {pods: [...current.pods], services: [...current.services]};
    const written =
      job.change === 'pods'
        ? {pods: cycle(current.pods, count, (pod) => readdressed(pod, draw)), services: []}
        : {pods: [], services: cycle(current.services, count, rewriting(job.change, draw, shape))};
    let expected: ReadonlyMap<string, Workload> | undefined;
    return {before, written, expected: () => (expected ??= recomputed(current.pods, current.services))};
  };
  let number = 0;
  let round = next();
  return (asked) => {
    if (asked === number + 1) {
      number++;
      round = next();
    }
    if (asked !== number) throw new Error(`round ${asked} was asked for in round ${number}`);
    return round;
  };
}

const rewriting =
  (change: Exclude<Job['change'], 'pods'>, draw: Random, shape: Shape) =>
  (service: ServiceRow): ServiceRow => {
    const {resourceVersion} = service;
    switch (change) {
      case 'touch':
        return {...touched(service), resourceVersion};
      case 'version':
        return {...touched(service), resourceVersion: resourceVersion + 1};
      case 'flip':
        return {...reselected(service, draw, shape), resourceVersion: resourceVersion + 1};
    }
  };

/** Changes rows one after the other, and over again; leaves the changed ones in `current`. */
function cycle<T>(current: T[], count: number, change: (row: T) => T): readonly T[] {
  return Array.from({length: count}, (_, at) => {
    const place = at % current.length;
    const row = current[place];
    if (row === undefined) throw new Error('nothing to change');
    const changed = change(row);
    current[place] = changed;
    return changed;
  });
}

/** Throws where a state is not what a recomputation from nothing says. */
export function verify(
  who: string,
  actual: ReadonlyMap<string, Workload>,
  expected: ReadonlyMap<string, Workload>,
): void {
  if (actual.size !== expected.size) throw new Error(`${who}: ${actual.size} workloads, not ${expected.size}`);
  for (const [key, row] of expected) {
    const found = actual.get(key);
    const same = found?.key === key && found.name === row.name && found.namespace === row.namespace;
    if (!same || !sameWorkload(found, row)) {
      throw new Error(`${who}: ${JSON.stringify(found)} instead of ${JSON.stringify(row)}`);
    }
  }
}
