import type {LabelSelector} from '../../src/krt/index.ts';
import type {PodEvent, Policy} from './policies-rows.ts';
import {type Labels, type Pod, type Random, rephased} from './workload.ts';

/** Every policy selects all pods of its namespace as they are at first. */
export type PolicyShape = {readonly pods: number; readonly policies: number; readonly namespaces: number};

/**
 * A fifth of the policies each: pairs, In, Exists, NotIn, and nothing. A tenth of the first three, and all the NotIn, but
 * each for one of 20 values, hang on a label that `flipped` changes.
 */
function selectorOf(number: number): LabelSelector {
  const form = number % 5;
  const nth = Math.floor(number / 5);
  const some = nth % 10 === 0;
  switch (form) {
    case 0:
      return {matchLabels: {'app.kubernetes.io/part-of': 'shop', ...(some && {mesh: 'enabled'})}};
    case 1:
      return {matchExpressions: [{key: 'version', operator: 'In', values: some ? ['v1', 'v2'] : ['v1', 'v2', 'v3']}]};
    case 2:
      return {matchExpressions: [{key: some ? 'monitored' : 'pod-template-hash', operator: 'Exists'}]};
    case 3:
      return {matchExpressions: [{key: 'quarantine', operator: 'NotIn', values: [`team-${nth % TEAMS}`, 'all']}]};
    default:
      return {};
  }
}

const TEAMS = 20;

export const policiesOf = ({policies, namespaces}: PolicyShape): Policy[] =>
  Array.from({length: policies}, (_, number) => {
    const namespace = `ns-${number % namespaces}`;
    const name = `policy-${number}`;
    return {key: `${namespace}/${name}`, namespace, name, selector: selectorOf(Math.floor(number / namespaces))};
  });

export function policedPod(number: number, {namespaces}: PolicyShape): Pod {
  const namespace = `ns-${number % namespaces}`;
  const app = `app-${number % 50}`;
  const name = `${app}-${number}`;
  const labels: Labels = {
    app,
    'app.kubernetes.io/part-of': 'shop',
    version: number % 3 === 0 ? 'v2' : 'v1',
    'pod-template-hash': `7d4f8c9b${number % 50}`,
    mesh: 'enabled',
    monitored: 'true',
    'statefulset.kubernetes.io/pod-name': name,
  };
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    ip: `10.1.${(number >> 8) & 255}.${number & 255}`,
    labels,
    phase: 'Running',
  };
}

/** The same pod with one label changed so that some policies begin or cease to apply. */
function flipped(pod: Pod, draw: Random): Pod {
  const {labels} = pod;
  switch (draw.int(4)) {
    case 0:
      return {...pod, labels: {...labels, mesh: labels['mesh'] === 'enabled' ? 'disabled' : 'enabled'}};
    case 1:
      return {...pod, labels: {...labels, version: labels['version'] === 'v3' ? 'v1' : 'v3'}};
    case 2: {
      const {monitored, ...others} = labels;
      return {...pod, labels: monitored === undefined ? {...labels, monitored: 'true'} : others};
    }
    default: {
      const {quarantine, ...others} = labels;
      return {...pod, labels: quarantine === undefined ? {...labels, quarantine: `team-${draw.int(TEAMS)}`} : others};
    }
  }
}

/** A decoder makes labels anew each time, whatever has changed. */
const redecoded = (pod: Pod): Pod => ({...pod, labels: {...pod.labels}});

/** The pods there are, and the number of the next new one. */
export type Pods = {readonly current: Pod[]; next: number};

export const podsOf = (shape: PolicyShape): Pods => ({
  current: Array.from({length: shape.pods}, (_, number) => policedPod(number, shape)),
  next: shape.pods,
});

/** How many events of each kind there are in a block. */
const FLIPS = 2;
export const BLOCK = 20;

/**
 * 20 events of 20 pods, in random order: 16 changes of status, 2 flips of a label, a pod that goes and a new one. `pods`
 * is changed to hold the outcome.
 */
export function eventBlock(pods: Pods, shape: PolicyShape, draw: Random): readonly PodEvent[] {
  const {current} = pods;
  const places = new Set<number>();
  while (places.size < BLOCK - 1) places.add(draw.int(current.length));
  const [going = 0, ...staying] = places;
  const events = staying.map((place, at): PodEvent => {
    const old = current[place];
    if (old === undefined) throw new Error('no pods');
    const pod = at < FLIPS ? flipped(old, draw) : redecoded(rephased(old));
    current[place] = pod;
    return {kind: 'set', pod};
  });
  const gone = current[going];
  const last = current.pop();
  if (gone === undefined || last === undefined) throw new Error('no pods');
  if (going < current.length) current[going] = last;
  const pod = policedPod(pods.next++, shape);
  current.push(pod);
  return shuffled([...events, {kind: 'delete', key: gone.key}, {kind: 'set', pod}], draw);
}

const shuffled = <T>(items: readonly T[], draw: Random): readonly T[] =>
  items
    .map((item) => ({item, at: draw.next()}))
    .sort((a, b) => a.at - b.at)
    .map(({item}) => item);
