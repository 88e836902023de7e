/** Replicas that share an API server in memory, and time that a test lets pass while real keys are made. */
import type {KubeClient} from '../../../src/kube/client.ts';
import {createOwnTrust, type OwnTrust, type OwnTrustOptions} from '../../../src/trust/own-trust.ts';
import type {ServedTrust} from '../../../src/trust/trust-source.ts';
import {memoryApi, type MemoryApi, type MemoryClientOptions} from '../../kube/memory-api.ts';
import {machine, simulatedTime, type SimulatedTime} from '../../kube/simulated-time.ts';
import {type CollectedLog, collectedLog} from './collected-log.ts';

export const secretName = {namespace: 'sluice-system', name: 'sluice-xds-ca'};
export const secretPath = '/api/v1/namespaces/sluice-system/secrets/sluice-xds-ca';

export type Replica = {
  readonly trust: OwnTrust;
  /** What it has served, in order. */
  readonly served: ServedTrust[];
  readonly log: CollectedLog;
  readonly client: KubeClient;
};

export type TrustRig = {
  readonly time: SimulatedTime;
  readonly api: MemoryApi;
  now(): Date;
  /** Not started yet. */
  replica(options?: Partial<OwnTrustOptions>, client?: MemoryClientOptions): Replica;
  started(options?: Partial<OwnTrustOptions>, client?: MemoryClientOptions): Promise<Replica>;
  /** Lets time pass until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Lets so much time pass, in steps short enough for everything that falls due. */
  pass(ms: number, stepMs?: number): Promise<void>;
  stop(): Promise<void>;
};

/** Keys are made outside of the event loop; nobody knows how long that takes, and mostly none are made. */
const realMoment = (turn: number): Promise<void> =>
  new Promise((resolve) => (turn < 3 ? setImmediate(resolve) : setTimeout(resolve, 1)));

export function trustRig(): TrustRig {
  const time = simulatedTime();
  const api = memoryApi({time});
  const {clock} = machine(time);
  const replicas: Replica[] = [];

  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const done = (): void => {
      isSettled = true;
    };
    promise.then(done, done);
    for (let turn = 0; !isSettled && turn < 5_000; turn++) {
      await time.advance(5);
      await realMoment(turn);
    }
    if (!isSettled) throw new Error('not settled');
    return promise;
  };

  const replica: TrustRig['replica'] = (options, clientOptions) => {
    const served: ServedTrust[] = [];
    const log = collectedLog();
    const client = api.client(clientOptions);
    const trust = createOwnTrust({
      client,
      secret: secretName,
      hosts: ['sluice.sluice-system.svc'],
      clock,
      log,
      onTrust: (state) => served.push(state),
      ...options,
    });
    const made = {trust, served, log, client};
    replicas.push(made);
    return made;
  };

  return {
    time,
    api,
    now: () => clock.date(),
    replica,
    started: async (options, clientOptions) => {
      const made = replica(options, clientOptions);
      await until(made.trust.start());
      return made;
    },
    until,
    pass: async (ms, stepMs = 60_000) => {
      for (let left = ms; left > 0; left -= stepMs) {
        await time.advance(Math.min(stepMs, left));
        // Whoever has begun to make something finishes it at the time at which it fell due.
        await Promise.all(replicas.map(({trust}) => until(trust.refresh())));
      }
    },
    stop: async () => {
      await Promise.all(replicas.map(({trust}) => trust.stop()));
    },
  };
}
