import {figure, type Figure} from '../report.ts';
import type {Listener, ServiceRow} from './controllers-model.ts';
import {oursByNamespace, oursBySelector, type Ours} from './controllers-ours.ts';
import {initialServices} from './controllers-rounds.ts';
import {pods, random, readdressed, relabelled, touched, type Shape} from './workload.ts';

/**
 * What the engine does for one change, at two sizes: with the selector index it is the same however many services there
 * are, and a pod with the labels it had looks at none, because its last answer still stands.
 */
export function work(): Figure[] {
  return [10, 40].flatMap((services) => {
    const shape = {pods: services * 10, services, namespaces: 2};
    const inNamespace = shape.pods / shape.namespaces;
    return [
      ...workOf(oursBySelector, shape, {examined: 0, examinedRelabelled: 1, touchedByVersion: 10}),
      ...workOf(oursByNamespace, shape, {
        examined: services / shape.namespaces,
        examinedRelabelled: services / shape.namespaces,
        touchedByVersion: inNamespace,
      }),
    ];
  });
}

function workOf(
  {name, create}: {readonly name: string; readonly create: (listener: Listener) => Ours},
  shape: Shape,
  must: {readonly examined: number; readonly examinedRelabelled: number; readonly touchedByVersion: number},
): Figure[] {
  const controller = create(() => {});
  const all = pods(shape);
  const [first] = initialServices(shape);
  for (const service of initialServices(shape)) controller.updateService(service);
  controller.update(all);
  const draw = random(3);
  const measure = (change: () => void) => {
    controller.graph.resetCounters();
    change();
    const counted = controller.graph.counters().get('workloads');
    if (counted === undefined || first === undefined) throw new Error('nothing was counted');
    return counted;
  };
  const named = (what: string) => `${name}, ${shape.services} services: ${what}`;
  const single = measure(() => {
    for (const pod of all) controller.update([readdressed(pod, draw)]);
  });
  const batched = measure(() => controller.update(all.map((pod) => readdressed(pod, draw))));
  const relabel = measure(() => {
    for (const pod of all) controller.update([relabelled(pod, draw, shape)]);
  });
  controller.update(all);
  const rewrite = (change: (service: ServiceRow) => ServiceRow) =>
    measure(() => {
      if (first !== undefined) controller.updateService(change(first));
    });
  const touch = rewrite((service) => ({...touched(service), resourceVersion: 1}));
  const version = rewrite((service) => ({...service, resourceVersion: 2}));
  controller.dispose();
  return [
    figure(named('runs per pod update'), single.runs / all.length, 'runs', {exactly: 1}),
    figure(named('services looked at per pod update'), single.examined / all.length, 'rows', {exactly: must.examined}),
    figure(named('services looked at per pod with other labels'), relabel.examined / all.length, 'rows', {
      exactly: must.examinedRelabelled,
    }),
    figure(named('runs per pod of a batch'), batched.runs / all.length, 'runs', {exactly: 1}),
    figure(named('runs per service written again as it was'), touch.runs, 'runs', {exactly: 0}),
    figure(named('runs per service of another version'), version.runs, 'runs', {exactly: must.touchedByVersion}),
    figure(named('runs of these cut off'), version.cutOff, 'runs', {exactly: must.touchedByVersion}),
    figure(named('scans'), single.scans + version.scans, 'scans', {exactly: 0}),
  ];
}
