import {execFileSync} from 'node:child_process';
import {join} from 'node:path';

/**
 * Seconds that `machine-work.mjs` takes on the machine for which the bounds in seconds were set (2 cores of a Xeon at
 * 2.8 GHz that do nothing else, Node 20), where `sluice translate` of 10,000 routes took 2.6 s: about 0.6, rounded up,
 * so that a slow machine excuses rather too little than too much.
 */
const REFERENCE_SECONDS = 0.75;

/**
 * How many times slower this machine is just now than the one the bounds were set for; 1 where it is faster. A shared
 * machine was seen to be 2.2 times slower from one hour to the next, with nothing else running on it that could be
 * seen: a bound in seconds says something about the product only beside a fixed piece of work.
 */
export function machineSlowdown(): number {
  const start = performance.now();
  execFileSync(process.execPath, [join(import.meta.dirname, 'machine-work.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return Math.max(1, (performance.now() - start) / 1000 / REFERENCE_SECONDS);
}
