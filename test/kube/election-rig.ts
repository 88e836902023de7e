/** Candidates, each on a machine of its own, that elect a leader by a Lease of an API server in memory. */
import {createLeaseElection, type LeaseElection} from '../../src/kube/lease-election.ts';
import type {Term} from '../../src/kube/lease-term.ts';
import {type Fault, type MemoryApi, memoryApi} from './memory-api.ts';
import {machine, type Machine, type MachineOptions, simulatedTime, type SimulatedTime} from './simulated-time.ts';

export const leasePath = '/apis/coordination.k8s.io/v1/namespaces/sluice/leases/leader';

export type Candidate = {
  readonly name: string;
  readonly election: LeaseElection;
  readonly machine: Machine;
  /** What it was told: `elected 3`, `lost: reason`. */
  readonly told: string[];
  readonly terms: readonly Term[];
  readonly logged: string[];
  /** What happens to its requests. */
  trouble: (request: {readonly method: string}) => Fault | undefined;
  latencyMs: () => number;
  /** Whether anything of it would act as a leader now. */
  believes(): boolean;
};

export type ElectionRig = {
  readonly time: SimulatedTime;
  readonly api: MemoryApi;
  readonly candidate: (name: string, options?: MachineOptions & {readonly random?: () => number}) => Candidate;
  /** What stands in the Lease. */
  readonly lease: () => Readonly<Record<string, unknown>>;
};

export function electionRig(): ElectionRig {
  const time = simulatedTime();
  const api = memoryApi({time});
  return {
    time,
    api,
    lease: () => ({...Object(api.get(leasePath)?.spec)}),
    candidate: (name, options = {}) => {
      const own = machine(time, options);
      const told: string[] = [];
      const terms: Term[] = [];
      const logged: string[] = [];
      const note = (_: object, message: string): number => logged.push(message);
      const candidate: Candidate = {
        name,
        machine: own,
        told,
        terms,
        logged,
        trouble: () => undefined,
        latencyMs: () => 1,
        believes: () => terms.some((term) => term.msLeft() > 0),
        election: createLeaseElection({
          client: api.client({
            name,
            after: own.clock.after,
            latencyMs: () => candidate.latencyMs(),
            fault: (request) => candidate.trouble(request),
          }),
          namespace: 'sluice',
          name: 'leader',
          identity: name,
          clock: own.clock,
          random: options.random ?? (() => 0.5),
          log: {debug() {}, info: note, warn: note},
          onElected: (term) => {
            terms.push(term);
            told.push(`elected ${term.number}`);
          },
          onLost: (reason) => told.push(`lost: ${reason}`),
        }),
      };
      return candidate;
    },
  };
}
