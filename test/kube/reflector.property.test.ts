import * as fc from 'fast-check';
import {expect, it} from 'vitest';
import type {Fault} from './fault-server.ts';
import {ReflectorRig} from './reflector-rig.ts';
import {sleep} from './eventually.ts';

type Step =
  | {readonly do: 'put' | 'remove'; readonly name: string}
  | {readonly do: 'compact' | 'end' | 'disconnect' | 'wait'}
  | {readonly do: 'fault'; readonly fault: Fault; readonly count: number};

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({is: fc.constant('status' as const), status: fc.constantFrom(400, 401, 403, 404, 410, 422, 429, 500, 503)}),
  fc.record({is: fc.constant('cut' as const), bytes: fc.integer({min: 1, max: 1_500})}),
  fc.constantFrom<Fault[]>({is: 'reset'}, {is: 'disconnect'}, {is: 'slow', ms: 5}, {is: 'hang'}),
  fc.record({
    is: fc.constant('after' as const),
    lines: fc.integer({min: 0, max: 4}),
    next: fc.constantFrom(
      {is: 'end' as const},
      {is: 'goaway' as const},
      {is: 'line' as const, text: '{"type": "MODI'},
      {is: 'error' as const, code: 410, reason: 'Expired'},
      {is: 'error' as const, code: 500, reason: 'InternalError'},
      {is: 'error' as const, code: 429, reason: 'TooManyRequests'},
    ),
  }),
);

const name = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 6, arbitrary: fc.record({do: fc.constantFrom('put' as const, 'remove' as const), name})},
  {weight: 3, arbitrary: fc.record({do: fc.constantFrom('compact', 'end', 'disconnect', 'wait' as const)})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('fault' as const), fault, count: fc.integer({min: 1, max: 3})})},
);

it('ends with what the server has, whatever happened on the way, and without asking in a hurry', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, {minLength: 3, maxLength: 20}),
      fc.constantFrom('served', 'refused', 'failing' as const),
      fc.boolean(),
      async (steps, watchLists, bookmarks) => {
        const rig = await ReflectorRig.start({speed: 100});
        const began = performance.now();
        const {server} = rig;
        server.watchLists = watchLists;
        server.bookmarkEvery = bookmarks ? 1 : 0;
        const faults: Fault[] = [];
        server.fault = () => faults.shift();
        let troubles = 0;
        try {
          rig.reflect();
          for (const one of steps) {
            switch (one.do) {
              case 'put':
                rig.put(one.name, {long: 'x'.repeat(300)});
                break;
              case 'remove':
                rig.remove(one.name);
                break;
              case 'compact':
                server.store.compact();
                troubles++;
                break;
              case 'end':
                for (const reply of server.watches.keys()) reply.end();
                troubles++;
                break;
              case 'disconnect':
                server.disconnect();
                troubles++;
                break;
              case 'fault':
                for (let count = 0; count < one.count; count++) faults.push(one.fault);
                troubles += one.count;
                break;
              case 'wait':
                await sleep(20);
                break;
            }
            await sleep(1);
          }
          // What is left of the faults hits somebody too.
          server.disconnect();
          await rig.agrees(20_000);
          // Each trouble costs a request, and a list and a watch after it at most. On a machine that is busy, time limits of
          // the client may pass too; after each it rests for a second of its time.
          const seconds = ((performance.now() - began) * 100) / 1_000;
          expect(server.requests.length).toBeLessThanOrEqual(6 + 3 * (troubles + 1) + seconds);
        } finally {
          await rig.stop();
        }
      },
    ),
    {numRuns: 25, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false},
  );
}, 120_000);
