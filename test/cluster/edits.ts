/** Edits that go on while something else happens: a route under load is edited, and others come and go. */
import {setTimeout as sleep} from 'node:timers/promises';
import type {Cluster} from '../rig/cluster.ts';
import type {KubeObject} from '../rig/objects.ts';
import type {EchoLoad} from './echo-load.ts';

export type EditsOptions = {
  /** Every answer tells in a header which edit it was made under. */
  readonly loads: readonly EchoLoad[];
  /** The number of the first. */
  readonly first: number;
  readonly edited: (edit: number) => KubeObject;
  /** Applied with every edit, and there from then on. */
  readonly created: (edit: number) => KubeObject;
};

export type Edit = {
  readonly number: number;
  /** When it was applied (performance.now()), and how long it took until all loads had seen it, in milliseconds. */
  readonly at: number;
  readonly seenAfterMs: number;
};

export type Edits = {
  /** Resolves when all have been seen; rejects where one of them was not, for a long time. */
  stop(): Promise<readonly Edit[]>;
};

const everyMs = 300;
const longestMs = 15_000;

export function startEdits(cluster: Cluster, {loads, first, edited, created}: EditsOptions): Edits {
  const edits: Promise<Edit>[] = [];
  let over = false;
  let failure: unknown;
  const seen = async (number: number, at: number): Promise<Edit> => {
    const times = await Promise.all(loads.map((load) => load.edited(number, longestMs)));
    return {number, at, seenAfterMs: Math.round(Math.max(...times) - at)};
  };
  const running = (async () => {
    for (let number = first; !over; number++) {
      await cluster.apply([edited(number), created(number)]);
      const edit = seen(number, performance.now());
      // Told by `stop`.
      edit.catch(() => {});
      edits.push(edit);
      await sleep(everyMs);
    }
  })().catch((error: unknown) => (failure = error));
  return {
    stop: async () => {
      over = true;
      await running;
      if (failure !== undefined) throw failure;
      return Promise.all(edits);
    },
  };
}
