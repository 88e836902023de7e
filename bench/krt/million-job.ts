import {setTimeout as sleep} from 'node:timers/promises';
import type {Counters} from '../../src/krt/index.ts';
import {timed, type Measured} from './interleave.ts';
import {lookups} from './memory-holders.ts';
import {createGroupHolder, type GroupHolder, type Kind} from './million-holders.ts';
import {podOf, random, readdressed, services, type Pod, type Service} from './workload.ts';

/** `hot`: the first 100 pods, which the caches of a processor hold at every size; `anywhere`: any pods. */
export const AIMS = ['hot', 'anywhere'] as const;
export type Aim = (typeof AIMS)[number];

/** Work by node, in all edits of a round. */
export type Work = Readonly<Record<string, Counters>>;
export type Round = {readonly measured: Measured; readonly work: Work; readonly told: number};

export type MillionJob = {
  /** Milliseconds that the first load took. */
  readonly loaded: number;
  /**
   * Makes edits of one pod each, a commit for each; twice as many as are measured, because the collector works on in
   * the background for a while after it was called, the longer the larger the heap. Verifies the outcome.
   */
  readonly round: (aim: Aim, edits: number, options?: {readonly settle: number}) => Promise<Round>;
};

const PODS_PER_SERVICE = 20;
const NAMESPACES = 50;
const HOT = 100;

/** That many pods, 20 to a service, which are made one after another. */
export function millionJob(kind: Kind, size: number): MillionJob {
  const pods = Array.from({length: size}, (_, at) => podOf(at, Math.floor(at / PODS_PER_SERVICE), NAMESPACES));
  const serviceRows = services({pods: size, services: size / PODS_PER_SERVICE, namespaces: NAMESPACES});
  const holder = createGroupHolder(kind);
  const start = performance.now();
  holder.load(pods, serviceRows);
  const loaded = performance.now() - start;
  verify(holder, pods, serviceRows);

  const draw = random(7);
  const edited = (aim: Aim): Pod => {
    const at = draw.int(aim === 'hot' ? HOT : size);
    const pod = pods[at];
    if (pod === undefined) throw new Error(`no pod ${at}`);
    return (pods[at] = readdressed(pod, draw));
  };

  return {
    loaded,
    async round(aim, edits, {settle} = {settle: 300}) {
      const before = Array.from({length: edits}, () => edited(aim));
      const rows = Array.from({length: edits}, () => edited(aim));
      globalThis.gc?.();
      await sleep(settle);
      for (const row of before) holder.edit(row);
      holder.resetCounters();
      const told = holder.told();
      const measured = timed(edits, () => {
        for (const row of rows) holder.edit(row);
      });
      const work = Object.fromEntries(holder.counters());
      verify(holder, pods, serviceRows);
      return {measured, work, told: holder.told() - told};
    },
  };
}

/** Throws unless the groups are what these pods and services make, computed from nothing. */
function verify(holder: GroupHolder, pods: readonly Pod[], serviceRows: readonly Service[]): void {
  const {wanted, offered} = lookups.index;
  const serviceOf = new Map(serviceRows.map((service) => [offered(service), service]));
  const due = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = serviceOf.get(wanted(pod))?.name ?? '';
    const members = due.get(name);
    if (members === undefined) due.set(name, [pod]);
    else members.push(pod);
  }
  if (due.size === 0 || holder.groups() !== due.size) throw new Error(`${holder.groups()} groups, not ${due.size}`);
  for (const [name, members] of due) {
    members.sort((a, b) => (a.key < b.key ? -1 : 1));
    const rows = holder.group(name)?.rows ?? [];
    const same =
      rows.length === members.length &&
      members.every((pod, at) => {
        const row = rows[at];
        return row !== undefined && row.key === pod.key && row.ip === pod.ip && row.services === name;
      });
    if (!same) throw new Error(`${name} has ${JSON.stringify(rows)}, not ${JSON.stringify(members)}`);
  }
}
