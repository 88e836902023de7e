import type {Counters} from '../../src/krt/index.ts';
import {interleave, ratio} from '../krt/interleave.ts';
import {Mirror} from '../krt/map-mirror.ts';
import {engineSelectors} from '../krt/selectors-engine.ts';
import {HandWrittenSelectors} from '../krt/selectors-hand-written.ts';
import {flips, podChanges, selectorContender, type SelectorRound} from '../krt/selectors-rounds.ts';
import {servedPods, type SelectorSystem, type ServedPod} from '../krt/selectors-rows.ts';
import {
  type Pod,
  pods as podsOf,
  random,
  readdressed,
  type Service,
  services as servicesOf,
  type Shape,
} from '../krt/workload.ts';
import {figure, type Figure, type Scenario, type SmokeResult} from '../report.ts';

const INDEXED = 'ours, selector index';
const SCANNED = 'ours, naive scan';
const BY_HAND = 'hand-written, label index';
const LARGE: Shape = {pods: 20_000, services: 1_000, namespaces: 2};

/** Which services select a pod, where namespaces are large: what the index of selectors saves. */
export const scenario: Scenario = {
  name: 'krt-selectors',
  async run() {
    return [
      ...(await compared('pod update', {timed: 'pods', updates: 5_000}, 5_000, 0.35)),
      // A scan runs again for every pod of the namespace, so once is enough.
      ...(await compared('service selects others', {timed: 'services', updates: 200}, 1)),
    ];
  },
};

async function compared(
  mode: string,
  round: Omit<SelectorRound, 'shape'>,
  scans: number,
  limit?: number,
): Promise<readonly Figure[]> {
  const whole = {shape: LARGE, ...round};
  const contenders = [
    selectorContender(BY_HAND, (listen) => new HandWrittenSelectors(listen), whole),
    selectorContender(INDEXED, (listen) => engineSelectors('indexed', listen), whole),
    selectorContender(SCANNED, (listen) => engineSelectors('scanned', listen), {...whole, updates: scans}),
  ];
  const standings = await interleave(contenders, {rounds: 5, warmup: 2});
  const bound = limit === undefined ? undefined : {atMost: limit};
  return [
    ...[...standings].map(([name, {microsPerOp}]) => figure(`${mode}: ${name}`, microsPerOp, 'µs CPU')),
    figure(`${mode}: ${INDEXED} / ${SCANNED}`, ratio(standings, INDEXED, SCANNED), 'x', bound),
    figure(`${mode}: ${INDEXED} / ${BY_HAND}`, ratio(standings, INDEXED, BY_HAND), 'x'),
  ];
}

const SMALL: Shape = {pods: 80, services: 10, namespaces: 2, selectorLabels: 2};

/** The same at a small size: every kind of write, verified for each contender, and the work of the engine counted. */
export function smoke(): SmokeResult {
  const byHand = new Mirror<ServedPod>();
  exercise(new HandWrittenSelectors(byHand.listen), byHand);
  const scanned = new Mirror<ServedPod>();
  exercise(engineSelectors('scanned', scanned.listen), scanned);
  const indexed = new Mirror<ServedPod>();
  const system = engineSelectors('indexed', indexed.listen);
  exercise(system, indexed);

  const pods = podsOf(SMALL);
  const [first] = pods;
  if (first === undefined) throw new Error('no pods');
  const told = indexed.told;
  system.load(pods, servicesOf(SMALL));
  system.graph.resetCounters();
  system.setPod(readdressed(first, random(5)));
  const {runs, examined, scans} = served(system);
  return [
    figure('changes told by the index, as many as by hand', told, 'rows', {exactly: byHand.told}),
    figure('changes told by the scan, as many as by hand', scanned.told, 'rows', {exactly: byHand.told}),
    figure('pod update: runs', runs, 'runs', {exactly: 1}),
    // The service that selects it, of five in its namespace.
    figure('pod update: services looked at', examined, 'rows', {atMost: 1}),
    figure('pod update: changes that no index ruled out', scans, 'scans', {exactly: 0}),
    figure('service selects others: runs', selectionRuns(system), 'runs', {exactly: 16}),
  ];
}

type Engine = ReturnType<typeof engineSelectors>;

function served({graph}: Engine): Counters {
  const counters = graph.counters().get('served-pods');
  if (counters === undefined) throw new Error('nothing is called served-pods');
  return counters;
}

/** Of 80 pods, the eight that a service lets go of and the eight that it takes on. */
function selectionRuns(system: Engine): number {
  const [service, , other] = servicesOf(SMALL);
  if (service === undefined || other === undefined) throw new Error('no services');
  system.load(podsOf(SMALL), servicesOf(SMALL));
  system.graph.resetCounters();
  system.setService({...service, selector: other.selector});
  return served(system).runs;
}

function exercise(system: SelectorSystem, mirror: Mirror<ServedPod>): void {
  const draw = random(4);
  const pods = podsOf(SMALL);
  const services = servicesOf(SMALL);
  const verify = (): void => {
    mirror.verify(servedPods(pods, services));
    mirror.verify(system.rows());
  };
  system.load(pods, services);
  verify();
  for (let round = 0; round < 20; round++) {
    podChanges(pods, 10, SMALL, draw).forEach((pod) => system.setPod(pod));
    verify();
    for (const service of flips(services, 1, SMALL, draw)) system.setService(service);
    verify();
    leaveAndReturn(system, {pods, services, at: draw.int(services.length)}, verify);
  }
}

type Leaving = {readonly pods: Pod[]; readonly services: Service[]; readonly at: number};

/** A pod and a service go and come back; the service selects nothing when it comes. */
function leaveAndReturn(system: SelectorSystem, {pods, services, at}: Leaving, verify: () => void): void {
  const [pod] = pods.splice(at, 1);
  if (pod === undefined) throw new Error('no pods');
  system.deletePod(pod.key);
  verify();
  const [service] = services.splice(at, 1);
  if (service === undefined) throw new Error('no services');
  system.deleteService(service.key);
  verify();
  const nothing = {...service, selector: {}};
  services.push(nothing);
  system.setService(nothing);
  verify();
  services.splice(services.indexOf(nothing), 1, service);
  system.setService(service);
  pods.push(pod);
  system.setPod(pod);
  verify();
}
