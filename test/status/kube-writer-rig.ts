/** A writer, an API server in memory, and what the writer sees of it; all in simulated time. */
import type {Term} from '../../src/kube/lease-term.ts';
import type {KubeRow} from '../../src/status/kube-row.ts';
import type {WriteReport} from '../../src/status/kube-status-counters.ts';
import {createKubeStatusWriter, type KubeStatusWriterOptions} from '../../src/status/kube-status-writer.ts';
import {type Exchange, type Fault, memoryApi, type MemoryApiOptions} from '../kube/memory-api.ts';
import {machine, simulatedTime} from '../kube/simulated-time.ts';
import {ours, makeObject} from './kube-rows.ts';
import {memoryLive} from './memory-live.ts';

export type WriterRigOptions = Partial<KubeStatusWriterOptions> &
  Pick<MemoryApiOptions, 'validate'> & {readonly latencyMs?: () => number};

export function writerRig({latencyMs, validate, ...options}: WriterRigOptions = {}) {
  const time = simulatedTime();
  const api = memoryApi({time, ...(validate !== undefined && {validate})});
  const live = memoryLive(api, time);
  const {clock} = machine(time);
  const logged: string[] = [];
  const reports: WriteReport[] = [];
  /** What happens to the requests that come next. */
  const faults: (Fault | undefined)[] = [];
  const note = (level: string) => (fields: object, message: string) => {
    logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  const writer = () =>
    createKubeStatusWriter({
      client: api.client({fault: () => faults.shift(), ...(latencyMs !== undefined && {latencyMs})}),
      live,
      log: {debug() {}, info: note('info'), warn: note('warn'), error: note('error')},
      controllerNames: [ours, 'sluice.dev/agentgateway'],
      clock,
      random: () => 0.5,
      observe: (report) => reports.push(report),
      ...options,
    });
  return {
    time,
    api,
    live,
    clock,
    logged,
    reports,
    faults,
    writer,
    /** Makes the objects of rows. */
    make: (...rows: readonly KubeRow[]): readonly string[] => rows.map((row) => makeObject(api, row)),
    writes: (): readonly Exchange[] => api.exchanges.filter(({method}) => method !== 'GET'),
    reads: (): readonly Exchange[] => api.exchanges.filter(({method}) => method === 'GET'),
    results: (): Readonly<Record<string, number>> => {
      const sums: Record<string, number> = {};
      for (const {result} of reports) sums[result] = (sums[result] ?? 0) + 1;
      return sums;
    },
  };
}

/** A term that a test ends. */
export function termOf(number = 1): Term & {end(): void} {
  let left = Infinity;
  return {
    number,
    msLeft: () => left,
    end: () => {
      left = 0;
    },
  };
}
