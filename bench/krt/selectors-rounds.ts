import {strict as assert} from 'node:assert';
import {type Contender, timed} from './interleave.ts';
import {Counter, type Listener, sameRows} from './map-mirror.ts';
import {flatten} from './map-updates.ts';
import {servedPods, type SelectorSystem, type ServedPod} from './selectors-rows.ts';
import {
  type Pod,
  pods as podsOf,
  random,
  type Random,
  readdressed,
  relabelled,
  reselected,
  type Service,
  services as servicesOf,
  type Shape,
} from './workload.ts';

/** How much a round does: so many pod updates, or so many services that select something else, a commit each. */
export type SelectorRound = {readonly shape: Shape; readonly timed: 'pods' | 'services'; readonly updates: number};

/** Nine updates of ten give a pod a new address, one gives it the labels of another service. */
export function selectorContender(
  name: string,
  make: (listen: Listener<ServedPod>) => SelectorSystem,
  {shape, timed: what, updates}: SelectorRound,
): Contender {
  const counter = new Counter();
  const system = make(counter.listen);
  const draw = random(1);
  const pods = podsOf(shape);
  const services = servicesOf(shape);
  system.load(pods, services);

  const plan = (): (() => void) => {
    if (what === 'services') {
      const rows = flips(services, updates, shape, draw);
      return () => {
        for (const service of rows) system.setService(service);
      };
    }
    const rows = podChanges(pods, updates, shape, draw);
    return () => {
      for (const pod of rows) system.setPod(pod);
    };
  };

  // Made one round ahead, so that the collection of garbage before a round moves the rows out of its way.
  let work = plan();
  return {
    name,
    round() {
      const before = counter.told;
      const measured = timed(updates, work);
      const told = counter.told - before;
      if (what === 'pods') assert.equal(told, updates, `${name}: changes told`);
      sameRows(name, system.rows(), servedPods(pods, services));
      // A few services change meanwhile, so that nothing can hold on to what it found before.
      if (what === 'pods') for (const service of flips(services, 2, shape, draw)) system.setService(service);
      work = plan();
      return measured;
    },
  };
}

/** Changes of pods picked at random; `pods` is changed to hold them. */
export function podChanges(pods: Pod[], count: number, shape: Shape, draw: Random): readonly Pod[] {
  return Array.from({length: count}, (_, number) => {
    const at = draw.int(pods.length);
    const pod = pods[at];
    if (pod === undefined) throw new Error('no pods');
    const changed = number % 10 === 9 ? relabelled(pod, draw, shape) : readdressed(pod, draw);
    flatten(changed.ip);
    pods[at] = changed;
    return changed;
  });
}

/** Services picked at random that select something else; `services` is changed to hold them. */
export function flips(services: Service[], count: number, shape: Shape, draw: Random): readonly Service[] {
  return Array.from({length: count}, () => {
    const at = draw.int(services.length);
    const service = services[at];
    if (service === undefined) throw new Error('no services');
    const flipped = reselected(service, draw, shape);
    services[at] = flipped;
    return flipped;
  });
}
