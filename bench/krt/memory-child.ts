/** A process of its own for one measurement: `memory-child.ts KIND FETCH PODS`; prints one line of JSON. */
import {setImmediate as turn} from 'node:timers/promises';
import {createHolder, FETCHES, KINDS, type Fetch, type Holder} from './memory-holders.ts';
import {churn, load, verify, world} from './memory-job.ts';
import type {Shape} from './workload.ts';

/** Bytes on the heap and beside it: once loaded, and after every row was changed ten times. */
export type MemoryResult = {readonly loaded: number; readonly churned: number};

/** Several collections, with turns between: finalizers and code that is no longer needed go late. */
async function used(): Promise<number> {
  for (let time = 0; time < 4; time++) {
    if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
    globalThis.gc();
    // One after another is the point.
    // oxlint-disable-next-line no-await-in-loop
    await turn();
  }
  const {heapUsed, external} = process.memoryUsage();
  return heapUsed + external;
}

// The rows must have no owner but the holder when memory is read: each of these makes them again and lets go of them.
function fill(holder: Holder, shape: Shape, fetch: Fetch): void {
  const data = world(shape);
  load(holder, data);
  verify(holder, data, fetch);
}

function change(holder: Holder, shape: Shape, fetch: Fetch, passes: number): void {
  const data = world(shape);
  churn(holder, data, passes);
  verify(holder, data, fetch);
}

async function measure(): Promise<MemoryResult> {
  const [, , kindName, fetchName, count] = process.argv;
  const kind = KINDS.find((name) => name === kindName);
  const fetch = FETCHES.find((name) => name === fetchName);
  if (kind === undefined || fetch === undefined || !(Number(count) >= 20)) throw new Error(process.argv.join(' '));

  // Code is compiled, and what is made once is there, before the measurement starts.
  const small = {pods: 2_000, services: 100, namespaces: 10};
  const warm = createHolder(kind, fetch);
  fill(warm, small, fetch);
  change(warm, small, fetch, 2);
  warm.graph?.dispose();

  const shape = {pods: Number(count), services: Number(count) / 20, namespaces: 100};
  const holder = createHolder(kind, fetch);
  const before = await used();
  fill(holder, shape, fetch);
  const loaded = (await used()) - before;
  change(holder, shape, fetch, 10);
  return {loaded, churned: (await used()) - before};
}

console.log(JSON.stringify(await measure()));
