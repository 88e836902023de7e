import {describe, expect, it} from 'vitest';
import {systemClock} from '../../src/kube/clock.ts';
import {createKubeStatusWriter} from '../../src/status/kube-status-writer.ts';
import {FairQueue} from '../../src/status/kube-fair-queue.ts';
import {gatewayRow, ours, pathOfRow, routeRow} from './kube-rows.ts';
import {writerRig} from './kube-writer-rig.ts';

const key = 'Gateway/default/web';
const attached = (value: unknown): number => Number(/"attachedRoutes":(\d+)/.exec(JSON.stringify(value))?.[1]);

/** A writer that leads, with a Gateway that has had its status for a while. */
async function rigWithGateway(options: Parameters<typeof writerRig>[0] = {}) {
  const rig = writerRig({latencyMs: () => 5, ...options});
  rig.make(gatewayRow('web', 0));
  const writer = rig.writer();
  writer.start([gatewayRow('web', 0)]);
  writer.lead();
  await rig.time.until(writer.idle());
  await rig.time.advance(10_000);
  const from = {at: rig.time.now(), writes: rig.writes().length};
  /** When writes were sent, from now on. */
  const sent = (): readonly number[] =>
    rig
      .writes()
      .slice(from.writes)
      .map(({at}) => at - from.at);
  const count = (routes: number): void => writer.apply([{key, new: gatewayRow('web', routes)}]);
  return {...rig, writer: () => writer, sent, count};
}

describe('the pace of one object', () => {
  it('sends a single change at once', async () => {
    const rig = await rigWithGateway();
    rig.count(1);
    await rig.time.advance(2_000);
    expect(rig.sent()).toEqual([0]);
    rig.count(2);
    await rig.time.advance(2_000);
    expect(rig.sent()).toEqual([0, 2_000]);
  });

  it('gathers what comes soon after', async () => {
    const rig = await rigWithGateway();
    for (let routes = 1; routes <= 5; routes++) {
      rig.count(routes);
      await rig.time.advance(20);
    }
    await rig.time.advance(2_000);
    // The last change came 80 ms after the first.
    expect(rig.sent()).toEqual([0, 180]);
    expect(attached(rig.writes().at(-1)?.body)).toBe(5);
  });

  it.each([
    ['5 s', 5],
    ['10 s', 10],
    ['30 s', 30],
  ])(
    'counts 1000 routes created one by one within %s in at most 60 writes, and is right soon after',
    async (_, step) => {
      const rig = await rigWithGateway();
      for (let routes = 1; routes <= 1000; routes++) {
        rig.count(routes);
        await rig.time.advance(step);
      }
      const last = rig.time.now() - step;
      await rig.time.until(rig.writer().idle());
      expect(attached(rig.api.get(pathOfRow(gatewayRow('web', 0))))).toBe(1000);
      expect(rig.time.now() - last).toBeLessThanOrEqual(120);
      expect(rig.sent().length).toBeLessThanOrEqual(60);
      expect(rig.results()['conflict']).toBeUndefined();
    },
  );

  it('never has two requests for one object under way', async () => {
    const rig = await rigWithGateway({latencyMs: () => 400});
    let underWay = 0;
    let most = 0;
    for (let routes = 1; routes <= 50; routes++) {
      rig.count(routes);
      await rig.time.advance(37);
      underWay = rig.writes().length - (rig.results()['written'] ?? 0);
      most = Math.max(most, underWay);
    }
    expect(most).toBe(1);
    await rig.time.until(rig.writer().idle());
    expect(attached(rig.api.get(pathOfRow(gatewayRow('web', 0))))).toBe(50);
  });

  it('does not hold up an object for another one that changes all the time', async () => {
    const rig = await rigWithGateway();
    rig.make(routeRow('a'));
    for (let routes = 1; routes <= 100; routes++) {
      rig.count(routes);
      await rig.time.advance(7);
    }
    const asked = rig.time.now();
    rig.writer().apply([{key: 'HTTPRoute/default/a', new: routeRow('a')}]);
    await rig.time.advance(30);
    expect(rig.writes().find(({path}) => path.includes('/a/'))?.at).toBe(asked);
  });
});

describe('many objects', () => {
  it('are written so many at a time', async () => {
    const rig = writerRig({latencyMs: () => 5, concurrency: 64});
    const rows = Array.from({length: 1_500}, (_, i) => routeRow(`r${i}`));
    rig.make(...rows);
    const writer = rig.writer();
    writer.start(rows);
    writer.lead();
    let most = 0;
    const sample = async (): Promise<void> => {
      while (writer.counts().waiting > 0) {
        most = Math.max(most, rig.writes().length - (rig.results()['written'] ?? 0));
        await rig.time.advance(5);
      }
    };
    await sample();
    expect(writer.counts()).toMatchObject({written: 1_500, waiting: 0});
    expect(most).toBe(64);
    // 24 rounds of 10 ms.
    expect(rig.time.now()).toBeLessThan(260);
  });

  it('get their first status before others get a new one, but not instead', async () => {
    const rig = writerRig({latencyMs: () => 5, concurrency: 1});
    const old = Array.from({length: 20}, (_, i) => routeRow(`old${i}`));
    const fresh = Array.from({length: 20}, (_, i) => routeRow(`new${i}`));
    rig.make(...old, ...fresh);
    const writer = rig.writer();
    writer.start(old);
    writer.lead();
    await rig.time.until(writer.idle());
    await rig.time.advance(10_000);
    const before = rig.writes().length;
    writer.apply(old.map(({key, name}) => ({key, new: routeRow(name, {message: 'changed'})})));
    writer.apply(fresh.map((row) => ({key: row.key, new: row})));
    await rig.time.until(writer.idle());
    const order = rig
      .writes()
      .slice(before)
      .map(({path}) => (path.includes('/new') ? 'n' : 'o'))
      .join('');
    expect(order.slice(0, 24)).toMatch(/^(n{2,3}on?)+$/);
    expect(order.slice(0, 27).replaceAll('o', '')).toHaveLength(20);
    expect(order).toHaveLength(40);
  });

  it('hold nobody up, however many they are', async () => {
    // Real time: 10,000 objects that are as wanted.
    const rows = Array.from({length: 10_000}, (_, i) => routeRow(`r${i}`));
    const statuses = new Map<string, unknown>(
      rows.map(({namespace, name, status}) => [
        `${namespace}/${name}`,
        {
          parents: status.parents?.map((parent) => ({
            ...parent,
            conditions: parent.conditions.map((condition) => ({
              ...condition,
              observedGeneration: 1,
              lastTransitionTime: '2030-01-01T00:00:00Z',
            })),
          })),
        },
      ]),
    );
    const apiVersion = 'gateway.networking.k8s.io/v1';
    const writer = createKubeStatusWriter({
      client: {
        request: () => Promise.reject(new Error('nothing is to be asked')),
        lines: () => {
          throw new Error('nothing is to be watched');
        },
        close: () => {},
      },
      live: {
        get: ({key}) => ({apiVersion, uid: key, resourceVersion: '1', generation: 1, status: statuses.get(key)}),
        names: () => [...statuses.keys()].map((key) => ({groupKind: 'gateway.networking.k8s.io/HTTPRoute', key})),
        onChange: () => () => {},
      },
      log: {debug() {}, info() {}, warn() {}, error() {}},
      controllerNames: [ours],
      clock: systemClock,
    });
    writer.start(rows);
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    writer.lead();
    await writer.idle();
    clearInterval(watch);
    expect(writer.counts().results).toEqual([{kind: 'HTTPRoute', result: 'equal', count: 10_000}]);
    // Slices of 5 ms; the rest is the machine's.
    expect(longest).toBeLessThan(150);
    expect(writer.counts().remembered).toBe(0);
    // Nor are they when all come at once.
    longest = 0;
    last = performance.now();
    const again = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    writer.apply(rows.map((row) => ({key: row.key, new: {...row}})));
    last = performance.now();
    longest = 0;
    await writer.idle();
    clearInterval(again);
    expect(writer.counts().results).toEqual([{kind: 'HTTPRoute', result: 'equal', count: 20_000}]);
    expect(longest).toBeLessThan(150);
    await writer.stop();
  });
});

describe('the line', () => {
  it('takes three of those who come first for one of the others', () => {
    const queue = new FairQueue<string>();
    for (let i = 0; i < 6; i++) {
      queue.add(`rest${i}`, false);
      queue.add(`first${i}`, true);
    }
    queue.add('first0', false);
    expect(queue.size).toBe(12);
    const order = Array.from({length: 13}, () => queue.take());
    expect(order.map((item) => item?.[0])).toEqual([
      'f',
      'f',
      'f',
      'r',
      'f',
      'f',
      'f',
      'r',
      'r',
      'r',
      'r',
      'r',
      undefined,
    ]);
    queue.add('rest0', false);
    expect([queue.take(), queue.take(), queue.size]).toEqual(['rest0', undefined, 0]);
    for (let i = 0; i < 5_000; i++) queue.add(`${i}`, i % 2 === 0);
    expect(new Set(Array.from({length: 5_000}, () => queue.take())).size).toBe(5_000);
    queue.add('last', true);
    queue.clear();
    expect([queue.size, queue.take()]).toEqual([0, undefined]);
  });
});
