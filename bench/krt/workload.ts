/**
 * The data of the krt scenarios: pods, the services that select them, and changes of both, the same for a seed on every
 * machine. Strings are made flat by `join`, as those are that a parser makes: the ropes of `+` would be flattened by
 * whoever looks at them first, at the cost of that one.
 */

export type Labels = Readonly<Record<string, string>>;

export type Pod = {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly labels: Labels;
  readonly phase: Phase;
};
export type Phase = 'Pending' | 'Running' | 'Failed';

export type Service = {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels;
};

export type Random = {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  int(below: number): number;
  /** One of the values; throws where there is none. */
  pick<T>(values: readonly T[]): T;
};

/** Mulberry32: 32 bits of state, the same sequence for a seed on every machine. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    next,
    int,
    pick<T>(values: readonly T[]): T {
      const value = values[int(values.length)];
      if (value === undefined) throw new Error('nothing to pick from');
      return value;
    },
  };
}

export type Shape = {
  readonly pods: number;
  readonly services: number;
  readonly namespaces: number;
  /** How many labels a selector has: 1 (`app`, unless told) or 2 (`app` and `tier`). */
  readonly selectorLabels?: 1 | 2;
};

/** The shape of krt's BenchmarkControllers. */
export const CONTROLLERS: Shape = {pods: 1_000, services: 50, namespaces: 2};

/** Service s lives in namespace s % namespaces and selects app-s, which is in no other namespace. */
export function services({services: count, namespaces, selectorLabels = 1}: Shape): Service[] {
  return Array.from({length: count}, (_, at) => serviceOf(at, namespaces, selectorLabels));
}

function serviceOf(at: number, namespaces: number, selectorLabels: 1 | 2): Service {
  const namespace = namespaceOf(at, namespaces);
  const name = `service-${at}`;
  const app = {app: appOf(at)};
  return {
    key: keyOf(namespace, name),
    namespace,
    name,
    selector: selectorLabels === 1 ? app : {...app, tier: tierOf(at)},
  };
}

/** Pod p belongs to service p % services: it is selected by that one and by no other. */
export function pods({pods: count, services: owners, namespaces}: Shape): Pod[] {
  return Array.from({length: count}, (_, at) => podOf(at, at % owners, namespaces));
}

/** One pod; `owner` is the number of the service that selects it. */
export function podOf(at: number, owner: number, namespaces: number): Pod {
  const namespace = namespaceOf(owner, namespaces);
  const name = `pod-${at}`;
  const labels = {app: appOf(owner), tier: tierOf(owner), 'pod-template-hash': `hash-${at % 7}`};
  return {key: keyOf(namespace, name), namespace, name, ip: ipOf(at), labels, phase: 'Running'};
}

const keyOf = (namespace: string, name: string): string => [namespace, name].join('/');
const namespaceOf = (owner: number, namespaces: number): string => `ns-${owner % namespaces}`;
const appOf = (owner: number): string => `app-${owner}`;
const tierOf = (owner: number): string => `tier-${owner % 3}`;
/** An address of 10.0.0.0/8; `number` wraps after 2 ** 24. */
const ipOf = (number: number): string => [10, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');

/** The key of the service that a pod belongs to, unless that selects others by now. */
export const ownerKey = ({namespace, labels: {app = ''}}: Pod): string =>
  `${namespace}/service-${app.slice('app-'.length)}`;

/** The same pod with another address. */
export const readdressed = (pod: Pod, draw: Random): Pod => ({...pod, ip: otherIp(pod.ip, draw)});

function otherIp(old: string, draw: Random): string {
  const ip = ipOf(draw.int(2 ** 24));
  return ip === old ? otherIp(old, draw) : ip;
}

/** The same pod in another phase. */
export const rephased = (pod: Pod): Pod => ({...pod, phase: pod.phase === 'Running' ? 'Failed' : 'Running'});

/** The same pod with the labels of another service of its namespace; of the same where there is no other. */
export function relabelled(pod: Pod, draw: Random, shape: Shape): Pod {
  const owner = otherOwner(pod.labels, draw, shape);
  return {...pod, labels: {...pod.labels, app: appOf(owner), tier: tierOf(owner)}};
}

/** A new row of the same content: a change that is none. */
export const touched = (service: Service): Service => ({...service, selector: {...service.selector}});

/** The same service selecting the pods of another service of its namespace; the same where there is no other. */
export function reselected(service: Service, draw: Random, shape: Shape): Service {
  const owner = otherOwner(service.selector, draw, shape);
  const {tier} = service.selector;
  return {...service, selector: {app: appOf(owner), ...(tier !== undefined && {tier: tierOf(owner)})}};
}

/** The number of another service of the namespace of the one whose `app` these labels carry. */
function otherOwner({app = ''}: Labels, draw: Random, {services: owners, namespaces}: Shape): number {
  const owner = Number(app.slice('app-'.length));
  const first = owner % namespaces;
  const others = Math.ceil((owners - first) / namespaces) - 1;
  if (others === 0) return owner;
  const other = first + draw.int(others) * namespaces;
  return other < owner ? other : other + namespaces;
}

/**
 * `count` updates of pods picked at random, each a new address; `current` is changed to hold them, so that the rows
 * of the next round build on these.
 */
export function podUpdates(current: Pod[], count: number, draw: Random): Pod[] {
  return Array.from({length: count}, () => {
    const at = draw.int(current.length);
    const pod = current[at];
    if (pod === undefined) throw new Error('no pods');
    const updated = readdressed(pod, draw);
    current[at] = updated;
    return updated;
  });
}

/** Whether labels carry every pair of a selector of pairs. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}
