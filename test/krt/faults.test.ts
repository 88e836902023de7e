import {describe, expect, it} from 'vitest';
import {faults} from './faults/all.ts';
import {EngineSource} from './faults/engine-source.ts';
import {tryFaults} from './faults/verdicts.ts';

/** Part of the names of the faults that are tried; all of them where it is not given. See README.md. */
const chosen = process.env['KRT_FAULT'] ?? '';

describe('faults made by hand in the engine', () => {
  const engine = new EngineSource();

  it('are what the engine does not do now: each stands in its file once', () => {
    expect(faults.flatMap((fault) => engine.misfit(fault) ?? [])).toEqual([]);
    expect(new Set(faults.map(({name}) => name)).size).toBe(faults.length);
    expect(faults.length).toBeGreaterThanOrEqual(250);
  });

  it('are complained of where they have moved, cannot be tried, or make no difference', async () => {
    const [real] = faults.filter(({killedBy, test}) => killedBy === 'trigger.test.ts' && test === undefined);
    if (real === undefined) throw new Error('a fault to vary');
    const {noticed, complaints} = await tryFaults(
      [
        {...real, name: 'real'},
        {...real, name: 'moved', file: 'index.ts'},
        {...real, name: 'gone', find: 'no such text'},
        {...real, name: 'misnamed', test: 'no such test'},
        {...real, name: 'malformed', replace: '{'},
        {...real, name: 'harmless', replace: real.find},
      ],
      engine,
    );
    expect(noticed).toEqual([expect.stringContaining('"real": trigger.test.ts: a trigger > ')]);
    expect(complaints).toEqual(
      [
        `"moved": has moved from index.ts to ${real.file}; write file: '${real.file}'`,
        `"gone": ${real.file} has no such text any more`,
        'trigger.test.ts (no such test): no test is called "no such test"',
        `"misnamed" in ${real.file}: trigger.test.ts: no test is called "no such test"`,
        `"malformed" in ${real.file}: trigger.test.ts: cannot be tried: it is no TypeScript`,
        `"harmless" in ${real.file} is not noticed by trigger.test.ts; write a test`,
      ].map((text) => expect.stringContaining(text)),
    );
  });

  it('are noticed, each by the suite that it names', {timeout: 600_000}, async () => {
    const {noticed, complaints, summary} = await tryFaults(
      faults.filter(({name}) => name.includes(chosen)),
      engine,
    );
    if (chosen !== '') for (const line of noticed) console.log(line);
    console.log(summary);
    expect(complaints).toEqual([]);
    expect(noticed.length).toBeGreaterThan(0);
  });
});
