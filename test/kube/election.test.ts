import {describe, expect, it} from 'vitest';
import {createLeaseElection} from '../../src/kube/lease-election.ts';
import {microTime} from '../../src/kube/lease.ts';
import {electionRig, leasePath} from './election-rig.ts';

const down = () => ({kind: 'refuse'}) as const;
const up = (): undefined => undefined;

describe('a leader election', () => {
  it('makes the Lease where there is none, and leads', async () => {
    const {time, candidate, lease} = electionRig();
    const a = candidate('a');
    a.election.start();
    await time.advance(10);
    expect(a.told).toEqual(['elected 0']);
    expect(a.election.holder()).toBe('a');
    expect(lease()).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2030-01-02T03:04:05.002000Z',
      renewTime: '2030-01-02T03:04:05.002000Z',
    });
  });

  it('goes on as long as it can renew, without another word', async () => {
    const {time, api, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(3_600_000);
    expect([a.told, b.told]).toEqual([['elected 0'], []]);
    expect(b.logged).toEqual(['another replica leads']);
    const renewals = api.exchanges.filter(({method}) => method === 'PUT').length;
    // Every 1.8 s.
    expect(renewals).toBeGreaterThan(1_900);
    expect(renewals).toBeLessThan(2_100);
  });

  it('gives the Lease back when it stops, and another one takes it at once', async () => {
    const {time, candidate, lease} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(60_000);
    await time.until(a.election.stop());
    expect(a.told).toEqual(['elected 0', 'lost: stopped']);
    expect(lease()).toMatchObject({holderIdentity: '', leaseTransitions: 0});
    await time.advance(2_000);
    expect(b.told).toEqual(['elected 1']);
    expect(lease()).toMatchObject({holderIdentity: 'b', leaseTransitions: 1});
  });

  it('asks nothing when it stops and has never led', async () => {
    const {time, api, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(100);
    const asked = api.exchanges.length;
    await time.until(b.election.stop());
    expect(api.exchanges.length - asked).toBe(0);
    await time.until(a.election.stop());
    expect(api.exchanges.length - asked).toBe(2);
    expect(time.timers()).toBe(0);
  });

  it('gives back what it may have taken with a request that was not answered', async () => {
    const {time, candidate, lease} = electionRig();
    const a = candidate('a');
    a.latencyMs = () => 100;
    a.election.start();
    await time.advance(350);
    // The Lease is made; the answer is under way.
    expect(a.told).toEqual([]);
    await time.until(a.election.stop());
    expect(lease()).toMatchObject({holderIdentity: ''});
    expect(a.told).toEqual([]);
  });

  it('takes the Lease of one who has gone without a word when it has not been renewed for 15 s, not before', async () => {
    const {time, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(10);
    a.machine.pause();
    await time.advance(14_900);
    expect(b.told).toEqual([]);
    await time.advance(400);
    expect(b.told).toEqual(['elected 1']);
  });

  it('judges a Lease by what it has seen itself, however old it says that it is', async () => {
    const {time, api, candidate} = electionRig();
    api.apply(leasePath, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {},
      spec: {
        holderIdentity: 'gone',
        leaseDurationSeconds: 15,
        renewTime: '1999-01-01T00:00:00.000000Z',
        leaseTransitions: 7,
      },
    });
    const a = candidate('a');
    a.election.start();
    await time.advance(14_900);
    expect(a.told).toEqual([]);
    await time.advance(400);
    expect(a.told).toEqual(['elected 8']);
  });

  it('waits as long as the Lease says, not as long as its own would', async () => {
    const {time, api, candidate} = electionRig();
    const spec = {holderIdentity: 'gone', leaseDurationSeconds: 60};
    api.apply(leasePath, {apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: {}, spec});
    const a = candidate('a');
    a.election.start();
    await time.advance(59_900);
    expect(a.told).toEqual([]);
    await time.advance(400);
    expect(a.told).toEqual(['elected 1']);
  });

  it('keeps what others have put into the Lease', async () => {
    const {time, api, candidate} = electionRig();
    const metadata = {labels: {team: 'net'}};
    const spec = {holderIdentity: '', strategy: 'OldestEmulationVersion'};
    api.apply(leasePath, {apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec});
    const a = candidate('a');
    a.election.start();
    await time.advance(10_000);
    expect(api.get(leasePath)?.metadata).toMatchObject(metadata);
    expect(api.get(leasePath)?.spec).toMatchObject({holderIdentity: 'a', strategy: 'OldestEmulationVersion'});
    // Somebody edits it meanwhile.
    api.apply(leasePath, {...api.get(leasePath), metadata: {labels: {team: 'edge'}}});
    await time.advance(60_000);
    expect(a.told).toEqual(['elected 1']);
    expect(api.get(leasePath)?.metadata).toMatchObject({labels: {team: 'edge'}});
  });

  it('refuses times that do not fit together', () => {
    const {candidate} = electionRig();
    expect(candidate('a').election.term()).toBeUndefined();
    const start = (times: object) => () =>
      createLeaseElection({
        client: {request: () => Promise.reject(new Error()), lines: () => (async function* () {})(), close() {}},
        namespace: 'sluice',
        name: 'leader',
        identity: 'a',
        log: {debug() {}, info() {}, warn() {}},
        onElected() {},
        onLost() {},
        ...times,
      });
    expect(start({leaseMs: 10_000})).toThrow(
      'leader election: leaseMs (10000) must be more than renewMs (10000), and that more than retryMs (2000)',
    );
    expect(start({retryMs: 10_000})).toThrow(RangeError);
    expect(start({retryMs: 0})).toThrow(RangeError);
  });

  it('writes times as metav1.MicroTime', () => {
    expect(microTime(Date.UTC(2030, 0, 2, 3, 4, 5, 67) * 1_000 + 89)).toBe('2030-01-02T03:04:05.067089Z');
  });
});

describe('a leader in trouble', () => {
  it('gives up 10 s after the last renewal that it sent, and is back when the server is back', async () => {
    const {time, candidate} = electionRig();
    const a = candidate('a');
    a.election.start();
    await time.advance(10_000);
    const [term] = a.terms;
    a.trouble = down;
    const from = time.now();
    while (a.told.length === 1) await time.advance(10);
    // Renewals are at most 2 s apart, so that the last one that was answered may be so old.
    expect(time.now() - from).toBeGreaterThan(8_000);
    expect(time.now() - from).toBeLessThanOrEqual(10_010);
    expect(a.told).toEqual(['elected 0', 'lost: the Lease could not be renewed in time']);
    expect(term?.msLeft()).toBeLessThanOrEqual(0);
    a.trouble = up;
    await time.advance(2_010);
    expect(a.told.slice(2)).toEqual(['elected 1']);
    expect(term?.msLeft()).toBeLessThanOrEqual(0);
    expect(a.logged.filter((text) => text.startsWith('leader election'))).toEqual([
      'leader election fails, trying again',
      'leader election works again',
    ]);
  });

  it('counts from when it sent the renewal, not from when it was answered', async () => {
    const {time, candidate} = electionRig();
    const a = candidate('a');
    a.latencyMs = () => 700;
    a.election.start();
    await time.advance(2_800);
    expect(a.told).toEqual(['elected 0']);
    expect(a.terms[0]?.msLeft()).toBe(8_600);
  });

  it('is told at the very moment, also while it waits for an answer', async () => {
    const {time, candidate} = electionRig();
    const a = candidate('a');
    a.election.start();
    await time.advance(10_000);
    a.trouble = () => ({kind: 'hang'});
    const left = a.terms[0]?.msLeft() ?? NaN;
    await time.advance(left - 1);
    expect(a.told).toEqual(['elected 0']);
    await time.advance(1);
    expect(a.told).toEqual(['elected 0', 'lost: the Lease could not be renewed in time']);
  });

  it('does not take up a term again that was over when the answer came', async () => {
    const {time, candidate} = electionRig();
    const a = candidate('a');
    a.election.start();
    await time.advance(10_000);
    const [term] = a.terms;
    a.latencyMs = () => 1_000;
    while (a.told.length === 1 && (term?.msLeft() ?? 0) > 9_000) await time.advance(100);
    // Stopped while a renewal is under way, which is answered meanwhile.
    a.machine.pause();
    await time.advance(12_000);
    a.machine.resume();
    for (let i = 0; i < 5_000; i += 10) {
      await time.advance(10);
      expect(term?.msLeft()).toBeLessThanOrEqual(0);
    }
    expect(a.told).toEqual(['elected 0', 'lost: the Lease could not be renewed in time', 'elected 1']);
  });

  it('leads again at once when it goes on after a while and nobody else has come', async () => {
    const {time, candidate} = electionRig();
    const a = candidate('a');
    a.election.start();
    await time.advance(10_000);
    a.machine.pause();
    await time.advance(60_000);
    a.machine.resume();
    await time.advance(10);
    expect(a.told).toEqual(['elected 0', 'lost: the Lease could not be renewed in time', 'elected 1']);
  });

  it.each(['lose', 'hang'] as const)('lives through answers that never come (%s)', async (kind) => {
    const {time, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(10_000);
    let asked = 0;
    // Three of ten, irregularly.
    a.trouble = () => ([0, 3, 4].includes((7 * (asked++) ** 2) % 10) ? {kind} : undefined);
    await time.advance(600_000);
    expect([a.told, b.told]).toEqual([['elected 0'], []]);
  });

  it('notices by itself that its time is over when it has been stopped for a while', async () => {
    const {time, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(10_000);
    a.machine.pause();
    await time.advance(20_000);
    expect(b.believes()).toBe(true);
    // Nothing of it has run yet, not even a timer: and still whoever asks is told.
    expect(a.told).toEqual(['elected 0']);
    expect(a.believes()).toBe(false);
    a.machine.resume();
    await time.advance(10);
    expect(a.told[1]).toMatch(/^lost: /);
    await time.advance(60_000);
    expect([a.believes(), b.believes()]).toEqual([false, true]);
    expect(a.told).toHaveLength(2);
  });

  it('loses the Lease to whoever has taken it by force, as soon as it sees so', async () => {
    const {time, api, candidate} = electionRig();
    const a = candidate('a');
    a.election.start();
    await time.advance(10_000);
    const before = api.get(leasePath);
    api.apply(leasePath, {...before, spec: {...Object(before?.spec), holderIdentity: 'someone'}});
    await time.advance(2_010);
    expect(a.told).toEqual(['elected 0', 'lost: someone has taken the Lease']);
    expect(a.election.holder()).toBe('someone');
  });

  it('makes the Lease anew when somebody deletes it; nobody else takes it meanwhile', async () => {
    const {time, api, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(10_000);
    a.trouble = down;
    await time.advance(100);
    api.delete(leasePath);
    await time.advance(5_000);
    expect(b.told).toEqual([]);
    a.trouble = up;
    await time.advance(60_000);
    expect([a.told, b.told]).toEqual([['elected 0'], []]);
  });

  it('does not mind what becomes of the time of day', async () => {
    const {time, api, candidate} = electionRig();
    const [a, b] = [candidate('a'), candidate('b', {bootedMs: 9_000_000, date: new Date('2044-01-01T00:00:00Z')})];
    a.election.start();
    await time.advance(10);
    b.election.start();
    for (const jump of [3_600_000, -7_200_000, -5, 86_400_000]) {
      a.machine.jump(jump);
      b.machine.jump(-2 * jump);
      await time.advance(60_000);
    }
    expect([a.told, b.told]).toEqual([['elected 0'], []]);
    // Each renewal was one.
    const renewals = api.exchanges.filter(({method}) => method === 'PUT');
    expect(renewals.every(({hasChanged}) => hasChanged)).toBe(true);
  });

  it('is trusted also when its time of day stands still', async () => {
    const {time, candidate, lease} = electionRig();
    const [a, b] = [candidate('a', {isDayStill: true}), candidate('b')];
    a.election.start();
    await time.advance(10);
    b.election.start();
    await time.advance(120_000);
    expect(lease()).toMatchObject({renewTime: expect.stringMatching(/^2030-01-02T03:04:05\.0000[5-7]\dZ$/)});
    expect([a.told, b.told]).toEqual([['elected 0'], []]);
  });

  it('says once what it may not do', async () => {
    const {time, candidate} = electionRig();
    const a = candidate('a');
    a.trouble = () => ({kind: 'answer', status: 403});
    a.election.start();
    await time.advance(60_000);
    expect(a.logged).toEqual(['leader election fails, trying again']);
    expect(a.told).toEqual([]);
    a.trouble = up;
    await time.advance(2_000);
    expect(a.told).toEqual(['elected 0']);
  });
});
