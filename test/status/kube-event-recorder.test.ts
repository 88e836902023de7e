import {describe, expect, it} from 'vitest';
import {EventAllowance} from '../../src/status/kube-event-allowance.ts';
import {createEventRecorder, type EventRecorderOptions, type Occurrence} from '../../src/status/kube-event-recorder.ts';
import {type Fault, memoryApi, type Stored} from '../kube/memory-api.ts';
import {machine, simulatedTime} from '../kube/simulated-time.ts';

const folder = '/apis/events.k8s.io/v1/namespaces';

const nack = (note: string, name = 'web'): Occurrence => ({
  regarding: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    namespace: 'infra',
    name,
    uid: `uid-${name}`,
  },
  type: 'Warning',
  reason: 'Refused',
  action: 'Programming',
  note,
});

function recorderRig(options: Partial<EventRecorderOptions> = {}) {
  const time = simulatedTime();
  const api = memoryApi({time});
  const faults: (Fault | undefined)[] = [];
  const logged: string[] = [];
  const recorder = createEventRecorder({
    client: api.client({fault: () => faults.shift()}),
    reporter: {controller: 'sluice.dev/controller', instance: 'sluice-7d4f-x'},
    log: {debug() {}, warn: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`)},
    clock: machine(time).clock,
    ...options,
  });
  return {
    time,
    api,
    faults,
    logged,
    recorder,
    events: (): readonly Stored[] => api.paths().flatMap((path) => api.get(path) ?? []),
    sent: () => api.exchanges.map(({method}) => method),
  };
}

describe('an event recorder', () => {
  it('writes an event about an object, without making anybody wait', async () => {
    const {time, api, recorder, events} = recorderRig();
    recorder.record(nack('listener http: bad cipher'));
    expect(api.exchanges).toEqual([]);
    await time.advance(10);
    const [event] = events();
    expect(api.paths()[0]).toMatch(/^\/apis\/events.k8s.io\/v1\/namespaces\/infra\/events\/web\.[0-9a-f]{16}$/);
    expect(event).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      eventTime: '2030-01-02T03:04:05.000000Z',
      reportingController: 'sluice.dev/controller',
      reportingInstance: 'sluice-7d4f-x',
      regarding: {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        namespace: 'infra',
        name: 'web',
        uid: 'uid-web',
      },
      type: 'Warning',
      reason: 'Refused',
      action: 'Programming',
      note: 'listener http: bad cipher',
    });
    expect(event).not.toHaveProperty('series');
    expect(time.timers()).toBe(0);
  });

  it('counts one that is repeated, and tells the count now and then', async () => {
    const {time, recorder, events, sent} = recorderRig();
    for (let i = 0; i < 300; i++) {
      recorder.record(nack('the same'));
      await time.advance(100);
    }
    await time.advance(20_000);
    expect(events()).toHaveLength(1);
    expect(events()[0]).toMatchObject({series: {count: 300, lastObservedTime: '2030-01-02T03:04:34.900000Z'}});
    expect(sent()).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH']);
    expect(recorder.counts()).toEqual({written: 4, repeated: 299, dropped: 0});
  });

  it('tells of what is repeated while the first is under way', async () => {
    const {time, recorder, events} = recorderRig();
    recorder.record(nack('the same'));
    await time.advance(1);
    recorder.record(nack('the same'));
    await time.advance(20_000);
    expect(events()).toMatchObject([{series: {count: 2}}]);
  });

  it('begins anew with one that has not come for long, or that the server has forgotten', async () => {
    const {time, api, recorder, events} = recorderRig();
    recorder.record(nack('the same'));
    await time.advance(360_000);
    recorder.record(nack('the same'));
    await time.advance(10);
    expect(events()).toHaveLength(2);
    const [, second = ''] = api.paths();
    api.delete(second);
    await time.advance(1_000);
    recorder.record(nack('the same'));
    await time.advance(20_000);
    expect(events()).toHaveLength(2);
    expect(events()[1]).toMatchObject({series: {count: 2}});
  });

  it('leaves out what there is too much of about one object, not what there is about others', async () => {
    const {time, recorder, events} = recorderRig();
    for (let i = 0; i < 50; i++) recorder.record(nack(`number ${i}`));
    recorder.record(nack('of another', 'other'));
    await time.advance(1_000);
    expect(events()).toHaveLength(11);
    expect(recorder.counts()).toEqual({written: 11, repeated: 0, dropped: 40});
    await time.advance(30_000);
    recorder.record(nack('later'));
    recorder.record(nack('later still'));
    await time.advance(1_000);
    expect(events()).toHaveLength(12);
  });

  it('tries again while the server is away, and gives up after a while', async () => {
    const {time, recorder, events, faults, logged} = recorderRig();
    faults.push({kind: 'refuse'}, {kind: 'answer', status: 500}, {kind: 'lose'});
    recorder.record(nack('one'));
    await time.advance(60_000);
    expect(events()).toHaveLength(1);
    expect(recorder.counts()).toEqual({written: 0, repeated: 0, dropped: 0});
    faults.push(...Array.from({length: 5}, (): Fault => ({kind: 'refuse'})));
    recorder.record(nack('two'));
    await time.advance(120_000);
    expect(recorder.counts().dropped).toBe(1);
    expect(events()).toHaveLength(1);
    expect(logged).toEqual([
      expect.stringMatching(/^events cannot be written; they are left out .*connection refused/),
    ]);
    // It goes on as soon as it can.
    recorder.record(nack('two'));
    await time.advance(20_000);
    expect(events()).toHaveLength(2);
  });

  it('says once that it may not write events', async () => {
    const {time, recorder, faults, logged} = recorderRig();
    faults.push(...Array.from({length: 3}, (): Fault => ({kind: 'answer', status: 403, reason: 'Forbidden'})));
    for (const note of ['one', 'two', 'three']) recorder.record(nack(note));
    await time.advance(60_000);
    expect(logged).toHaveLength(1);
    expect(recorder.counts()).toEqual({written: 0, repeated: 0, dropped: 3});
  });

  it('asks for two at a time, and holds no more than it was told to', async () => {
    const {time, api, recorder} = recorderRig({limits: {waiting: 20, remembered: 30}});
    for (let i = 0; i < 100; i++) recorder.record(nack('one', `gateway-${i}`));
    await time.advance(0);
    expect(api.exchanges).toHaveLength(2);
    await time.advance(1_000);
    expect(recorder.counts()).toEqual({written: 30, repeated: 0, dropped: 70});
    // What is old is forgotten.
    await time.advance(400_000);
    recorder.record(nack('one', 'gateway-99'));
    await time.advance(1_000);
    expect(recorder.counts().written).toBe(31);
  });

  it('keeps to the limits of an API server, whatever it is told', async () => {
    const {time, api, recorder, events} = recorderRig();
    const name = `${'a'.repeat(235)}-${'b'.repeat(17)}`;
    recorder.record({...nack('ü'.repeat(2_000), name), reason: 'R'.repeat(200), action: 'A'.repeat(200)});
    await time.advance(10);
    const last = api.paths()[0]?.split('/').at(-1) ?? '';
    expect(last).toMatch(/^a{235}\.[0-9a-f]{16}$/);
    const [event] = events();
    expect(event).toMatchObject({reason: 'R'.repeat(128), action: 'A'.repeat(128), note: `${'ü'.repeat(510)}…`});
  });

  it('tells of cluster-scoped objects in the namespace default', async () => {
    const {time, api, recorder} = recorderRig();
    const regarding = {apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', name: 'envoy'};
    recorder.record({...nack('x'), regarding});
    await time.advance(10);
    expect(api.paths()[0]?.startsWith(`${folder}/default/events/envoy.`)).toBe(true);
  });

  it('stops: tells what waits, but not for long', async () => {
    const {time, recorder, events, faults} = recorderRig();
    recorder.record(nack('one'));
    await time.advance(10);
    recorder.record(nack('one'));
    recorder.record(nack('two'));
    await time.until(recorder.stop(), 100);
    expect(events()).toHaveLength(2);
    expect(events()[0]).toMatchObject({series: {count: 2}});
    recorder.record(nack('three'));
    await time.advance(60_000);
    expect(events()).toHaveLength(2);
    expect(time.timers()).toBe(0);

    const other = recorderRig();
    other.faults.push({kind: 'hang'}, {kind: 'hang'});
    for (const note of ['one', 'two', 'three']) other.recorder.record(nack(note));
    await other.time.advance(10);
    await other.time.until(other.recorder.stop(), 2_010);
    expect(faults).toEqual([]);
    expect(other.events()).toEqual([]);
  });
});

describe('the allowance of an object', () => {
  it('is used up, and comes back bit by bit', () => {
    const allowance = new EventAllowance(3, 100);
    const take = (now: number): boolean => allowance.take('x', now);
    expect([take(0), take(0), take(0), take(0)]).toEqual([true, true, true, false]);
    expect([take(99), take(100), take(100)]).toEqual([false, true, false]);
    allowance.tidy(100);
    expect(take(100)).toBe(false);
    expect(allowance.take('y', 100)).toBe(true);
    allowance.tidy(10_000);
    expect([take(10_000), take(10_000), take(10_000), take(10_000)]).toEqual([true, true, true, false]);
  });
});
