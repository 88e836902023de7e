/** The status of a Pod, made of what its containers do. */
import type {PodPlace} from './environment.ts';
import type {Pod} from './pod.ts';

export type ContainerState =
  | {readonly waiting: {readonly reason: string; readonly message?: string}}
  | {readonly running: {readonly startedAt: string}}
  | {readonly terminated: Terminated};

export type Terminated = {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly startedAt: string;
  readonly finishedAt: string;
};

export type ContainerView = {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly lastState?: {readonly terminated: Terminated};
  readonly ready: boolean;
  readonly restartCount: number;
};

type Condition = {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime: string;
  readonly reason?: string;
  readonly message?: string;
};

export type PodStatus = {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly conditions: readonly Condition[];
  readonly [field: string]: unknown;
};

/** `previous`: the last one, whose conditions keep their times. `place`: undefined before the Pod has an address. */
export function podStatus(
  pod: Pod,
  place: PodPlace | undefined,
  containers: readonly ContainerView[],
  startTime: string,
  previous: PodStatus | undefined,
): PodStatus {
  const notReady = containers.filter(({ready}) => !ready).map(({name}) => name);
  const problem =
    notReady.length === 0
      ? {}
      : {reason: 'ContainersNotReady', message: `containers with unready status: [${notReady.join(' ')}]`};
  const ready = notReady.length === 0;
  const condition = (type: string, holds: boolean, details: Pick<Condition, 'reason' | 'message'> = {}): Condition => {
    const status = holds ? 'True' : 'False';
    const before = previous?.conditions.find((known) => known.type === type);
    const since = before?.status === status ? before.lastTransitionTime : new Date().toISOString();
    return {type, status, lastTransitionTime: since, ...details};
  };
  return {
    phase: phaseOf(pod, containers),
    startTime,
    ...(place !== undefined && {
      hostIP: place.hostIP,
      hostIPs: [{ip: place.hostIP}],
      podIP: place.podIP,
      podIPs: [{ip: place.podIP}],
    }),
    conditions: [
      condition('PodScheduled', true),
      condition('PodReadyToStartContainers', place !== undefined),
      condition('Initialized', true),
      condition('ContainersReady', ready, problem),
      condition('Ready', ready, problem),
    ],
    containerStatuses: containers.map(({state, lastState, ...rest}) => ({
      ...rest,
      imageID: '',
      started: 'running' in state,
      state,
      lastState: lastState ?? {},
    })),
  };
}

function phaseOf({spec}: Pod, containers: readonly ContainerView[]): PodStatus['phase'] {
  const ended = containers.flatMap(({state}) => ('terminated' in state ? [state.terminated] : []));
  const failed = ended.some(({exitCode}) => exitCode !== 0);
  const {restartPolicy = 'Always'} = spec;
  if (ended.length === containers.length && restartPolicy !== 'Always') {
    if (!failed) return 'Succeeded';
    if (restartPolicy === 'Never') return 'Failed';
  }
  return containers.every(({state, restartCount}) => !('waiting' in state) || restartCount > 0) ? 'Running' : 'Pending';
}
