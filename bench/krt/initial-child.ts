/** A process of its own for one first load, cold: `initial-child.ts commit|slices|plain PODS`; prints one line of JSON. */
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {setTimeout as sleep} from 'node:timers/promises';
import {initialGraph} from './initial-graph.ts';
import {addressesByService, WAYS, world} from './initial-levels.ts';

/**
 * Milliseconds. `stall` is the longest time for which nothing else of the process could run; `busy` is the most CPU
 * time between two turns of its event loop: where the machine is shared, it tells what of a stall was ours.
 */
export type InitialResult = {
  readonly wall: number;
  readonly cpu: number;
  readonly stall: number;
  readonly busy: number;
  readonly epochs: number;
  readonly heapMegabytes: number;
};

const BUDGET_MS = 10;

/**
 * Watches the event loop in two ways, of which the worse counts as a stall: the time between two turns, and how late a
 * timer of 1 ms is.
 */
function watchLoop(): () => Promise<Pick<InitialResult, 'stall' | 'busy'>> {
  const delays = monitorEventLoopDelay({resolution: 1});
  delays.enable();
  let [longest, busiest] = [0, 0];
  let [last, lastCpu] = [performance.now(), cpuMillis()];
  let watching = true;
  const turn = (): void => {
    const [now, cpu] = [performance.now(), cpuMillis()];
    longest = Math.max(longest, now - last);
    busiest = Math.max(busiest, cpu - lastCpu);
    [last, lastCpu] = [now, cpu];
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  return async () => {
    await sleep(5);
    watching = false;
    delays.disable();
    return {stall: Math.max(longest, delays.max / 1e6), busy: busiest};
  };
}

/** CPU time of the process so far, its helper threads included. */
function cpuMillis(): number {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1_000;
}

async function measure(): Promise<InitialResult> {
  const [, , name, count] = process.argv;
  const way = WAYS.find((known) => known === name);
  const data = world({pods: Number(count), services: Number(count) / 100, namespaces: 20});
  const {graph, writes, verify} = initialGraph();
  globalThis.gc?.();
  await sleep(100);

  const stalled = watchLoop();
  await sleep(5);
  const before = cpuMillis();
  const start = performance.now();
  switch (way) {
    case 'commit':
      graph.commit((tx) => {
        for (const write of writes(data)) write(tx);
      });
      break;
    case 'slices':
      await graph.commitInSlices(writes(data), {budget: BUDGET_MS});
      break;
    case 'plain':
      addressesByService(data);
      break;
    case undefined:
      throw new Error(process.argv.join(' '));
  }
  const wall = performance.now() - start;
  const cpu = cpuMillis() - before;
  const loop = await stalled();
  if (way !== 'plain') verify(data);
  globalThis.gc?.();
  const heapMegabytes = process.memoryUsage().heapUsed / 2 ** 20;
  return {wall, cpu, ...loop, epochs: graph.epoch, heapMegabytes};
}

console.log(JSON.stringify(await measure()));
