/**
 * A process of its own for pods of one number, `million-child.ts KIND SIZE EDITS`: it says when it is ready, and from
 * then on answers the name of an aim with a round.
 */
import {KINDS} from './million-holders.ts';
import {AIMS, millionJob, type Round} from './million-job.ts';

export type Ready = {readonly loaded: number; readonly heapMegabytes: number};
export type Answer = {readonly ready: Ready} | {readonly round: Round};

const [, , kindName, size, edits] = process.argv;
const kind = KINDS.find((name) => name === kindName);
if (kind === undefined) throw new Error(process.argv.join(' '));
const job = millionJob(kind, Number(size));
const answer = (message: Answer): void => void process.send?.(message);

async function round(aimName: unknown): Promise<void> {
  const aim = AIMS.find((name) => name === aimName);
  if (aim === undefined) throw new Error(`no such aim: ${String(aimName)}`);
  answer({round: await job.round(aim, Number(edits))});
}

// A failure is an unhandled rejection, which ends the process; the parent sees that.
process.on('message', (aim) => void round(aim));
globalThis.gc?.();
answer({ready: {loaded: job.loaded, heapMegabytes: process.memoryUsage().heapUsed / 2 ** 20}});
