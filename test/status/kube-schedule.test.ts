import {describe, expect, it} from 'vitest';
import {Schedule, type Verdict} from '../../src/status/kube-schedule.ts';
import {backOffMs, ServerPause} from '../../src/status/kube-server-pause.ts';
import {Entry} from '../../src/status/kube-status-entry.ts';
import {machine, simulatedTime} from '../kube/simulated-time.ts';
import {routeRow} from './kube-rows.ts';

const entryOf = (name: string): Entry => {
  const row = routeRow(name);
  return new Entry(row.key, {groupKind: 'gateway.networking.k8s.io/HTTPRoute', key: `default/${name}`}, row, row);
};

function scheduleRig(work: (entry: Entry) => Verdict | Promise<Verdict>, bootedMs = 0) {
  const time = simulatedTime();
  const {clock} = machine(time, {bootedMs});
  const pause = new ServerPause(clock, {firstMs: 100, mostMs: 1_000}, () => 1);
  const worked: {readonly key: string; readonly at: number}[] = [];
  const settled: string[] = [];
  const schedule = new Schedule({
    clock,
    pacing: {quietMs: 100, spacingMs: 1_000},
    concurrency: 2,
    pause,
    isFirst: () => false,
    work: (entry) => {
      worked.push({key: entry.key, at: time.now()});
      return work(entry);
    },
    hasMoved: () => false,
    onSettled: ({key}) => settled.push(key),
  });
  return {time, clock, pause, worked, settled, schedule};
}

describe('a schedule', () => {
  it('is not done with an entry that is to be worked on again, nor with one that is held', async () => {
    const verdicts: Verdict[] = [{kind: 'retry', inMs: 50}, {kind: 'held', forMs: 500}, {kind: 'settled'}];
    const {time, schedule, worked, settled} = scheduleRig(() => verdicts.shift() ?? {kind: 'settled'});
    schedule.touch(entryOf('a'));
    await time.advance(100);
    expect([worked.map(({at}) => at), settled]).toEqual([[0, 50], []]);
    // Held: nobody waits for it, but it is looked at again.
    await schedule.idle();
    expect(schedule.waiting).toBe(0);
    await time.advance(1_000);
    expect([worked.map(({at}) => at), settled]).toEqual([[0, 50, 550], ['HTTPRoute/default/a']]);
  });

  it('looks at once at a held entry that changes', async () => {
    const verdicts: Verdict[] = [{kind: 'held', forMs: 500}];
    const {time, schedule, worked} = scheduleRig(() => verdicts.shift() ?? {kind: 'settled'});
    const entry = entryOf('a');
    schedule.touch(entry);
    await time.advance(200);
    schedule.touch(entry);
    await time.advance(10_000);
    expect(worked.map(({at}) => at)).toEqual([0, 200]);
    expect(time.timers()).toBe(0);
  });

  /**
   * Found by the property test of two writers: an object was to be left alone for a ten-thousandth of a millisecond more.
   * Added to the time of the clock that made no difference, so that it was worked on again at once, and again: for ever,
   * within one turn of the event loop.
   */
  it('lets time pass before it works on an entry again, even if that is to be in less than the clock can tell', async () => {
    const {time, schedule, worked} = scheduleRig(() => ({kind: 'retry', inMs: 1e-12}), 1e9);
    schedule.touch(entryOf('a'));
    await time.advance(10);
    expect(worked.length).toBeGreaterThan(5);
    expect(worked.length).toBeLessThanOrEqual(11);
    schedule.clear();
    expect(time.timers()).toBe(0);
  });

  it('forgets what waits, and what became of what is under way', async () => {
    let finish: (verdict: Verdict) => void = () => {};
    const {time, schedule, worked, settled} = scheduleRig(() => new Promise((resolve) => (finish = resolve)));
    const [a, b] = [entryOf('a'), entryOf('b')];
    schedule.touch(a);
    await time.advance(0);
    schedule.touch(b);
    schedule.touch(a);
    schedule.clear();
    await schedule.idle();
    finish({kind: 'retry', inMs: 0});
    await time.advance(10_000);
    expect(worked.map(({key}) => key)).toEqual([a.key]);
    expect([settled, schedule.waiting, schedule.queued, time.timers()]).toEqual([[], 0, 0, 0]);
  });

  it('lets one entry find out whether the server is back', async () => {
    const rig = scheduleRig(async () => {
      await new Promise<void>((resolve) => void rig.time.after(10, resolve));
      return {kind: 'settled'};
    });
    const {time, schedule, worked, pause} = rig;
    expect([pause.failed(undefined), pause.failed(undefined)]).toEqual([true, false]);
    for (const name of ['a', 'b', 'c', 'd']) schedule.touch(entryOf(name));
    await time.advance(99);
    expect(worked).toEqual([]);
    await time.advance(1);
    expect(worked).toHaveLength(1);
    await time.advance(5);
    expect(worked).toHaveLength(1);
    expect([pause.succeeded(), pause.succeeded()]).toEqual([true, false]);
    await time.advance(5);
    expect(worked).toHaveLength(3);
  });
});

describe('a back-off', () => {
  it('doubles up to its limit, and never waits for less than half of it', () => {
    const times = (random: number): readonly number[] =>
      [1, 2, 3, 4, 5, 50].map((failures) => backOffMs({firstMs: 100, mostMs: 1_000}, failures, () => random));
    expect(times(0.999_999_999).map(Math.round)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(times(0)).toEqual([50, 100, 200, 400, 500, 500]);
  });
});
