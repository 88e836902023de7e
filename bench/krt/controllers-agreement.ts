import {figure, type Figure} from '../report.ts';
import {
  recomputed,
  sameWorkload,
  type ControllerKind,
  type Listener,
  type ServiceRow,
  type Workload,
} from './controllers-model.ts';
import {initialServices, verify} from './controllers-rounds.ts';
import {pods, random, readdressed, relabelled, reselected, touched, type Pod, type Shape} from './workload.ts';

const SHAPE: Shape = {pods: 60, services: 9, namespaces: 2};
const STEPS = 60;

type Step = {readonly pods: readonly Pod[]} | {readonly service: ServiceRow};

/**
 * The same random steps for all kinds: addresses, labels, new pods, new services, selectors, and writes that change
 * nothing. After every step the state of each, and what it told, is held against a recomputation.
 */
export function agreement(kinds: readonly ControllerKind[]): Figure[] {
  const steps = program();
  return kinds.map((kind) => {
    const folded = new Map<string, Workload>();
    let told = 0;
    const listener: Listener = (key, old, now) => {
      if (folded.get(key) !== old) throw new Error(`${kind.name}: ${key} did not change from what it was`);
      if (old !== undefined && sameWorkload(old, now)) throw new Error(`${kind.name}: ${key} changed to an equal one`);
      folded.set(key, now);
      told++;
    };
    const controller = kind.create(listener);
    const current = {pods: new Map<string, Pod>(), services: new Map<string, ServiceRow>()};
    let expected: ReadonlyMap<string, Workload> = new Map();
    let changes = 0;
    for (const step of steps) {
      if ('pods' in step) {
        for (const pod of step.pods) current.pods.set(pod.key, pod);
        controller.update(step.pods);
      } else {
        current.services.set(step.service.key, step.service);
        controller.updateService(step.service);
      }
      const before = expected;
      expected = recomputed(current.pods.values(), current.services.values());
      for (const [key, row] of expected) {
        const old = before.get(key);
        if (old === undefined || !sameWorkload(old, row)) changes++;
      }
      verify(kind.name, controller.end(), expected);
      verify(`${kind.name}, as told`, folded, expected);
    }
    controller.dispose();
    return figure(`${kind.name}: changes told`, told, 'changes', {exactly: changes});
  });
}

function program(): Step[] {
  const draw = random(7);
  const podRows = pods(SHAPE);
  const serviceRows = initialServices(SHAPE);
  const later = podRows.splice(-10);
  const lateService = serviceRows.pop();
  const steps: Step[] = [...serviceRows.map((service) => ({service})), {pods: [...podRows]}];
  for (let step = 0; step < STEPS; step++) {
    if (step === STEPS / 2 && lateService !== undefined) steps.push({service: lateService});
    if (draw.int(3) === 0) {
      const old = draw.pick(serviceRows);
      const service = [
        {...touched(old), resourceVersion: old.resourceVersion},
        {...old, resourceVersion: old.resourceVersion + 1},
        {...reselected(old, draw, SHAPE), resourceVersion: old.resourceVersion + 1},
      ][draw.int(3)];
      if (service === undefined) continue;
      serviceRows[serviceRows.indexOf(old)] = service;
      steps.push({service});
      continue;
    }
    const batch = new Map<string, Pod>();
    const added = later.pop();
    if (added !== undefined) podRows.push(added);
    if (added !== undefined) batch.set(added.key, added);
    for (let count = draw.int(8); count >= 0; count--) {
      const at = draw.int(podRows.length);
      const old = podRows[at];
      if (old === undefined || batch.has(old.key)) continue;
      const pod = [{...old}, readdressed(old, draw), relabelled(old, draw, SHAPE)][draw.int(3)];
      if (pod === undefined) continue;
      podRows[at] = pod;
      batch.set(pod.key, pod);
    }
    steps.push({pods: [...batch.values()]});
  }
  return steps;
}
