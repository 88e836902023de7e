import {describe, expect, it} from 'vitest';
import {fieldsOf, itemsOf} from '../../src/status/kube-fields.ts';
import {condition, foreignParent, gatewayRow, makeObject, ours, pathOfRow, routeRow} from './kube-rows.ts';
import {termOf, writerRig} from './kube-writer-rig.ts';

const statusOf = (rig: ReturnType<typeof writerRig>, row = routeRow('a')): unknown =>
  rig.api.get(pathOfRow(row))?.status;
const own = (parent: string, generation: number, at: string) => ({
  parentRef: {name: parent},
  controllerName: ours,
  conditions: ['Accepted', 'ResolvedRefs'].map((type) => ({
    ...condition(type),
    observedGeneration: generation,
    lastTransitionTime: at,
  })),
});

describe('a status writer of an API server', () => {
  it('writes each status once, with all that belongs to it', async () => {
    const rig = writerRig();
    const rows = [routeRow('a'), routeRow('b'), gatewayRow('web', 2)];
    rig.make(...rows);
    const writer = rig.writer();
    writer.start(rows);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.writes().map(({method, path, status}) => [method, path, status])).toEqual(
      rows.map((row) => ['PATCH', `${pathOfRow(row)}/status`, 200]),
    );
    expect(rig.reads()).toEqual([]);
    expect(statusOf(rig)).toEqual({parents: [own('web', 1, '2030-01-02T03:04:05Z')]});
    expect(statusOf(rig, gatewayRow('web', 2))).toMatchObject({
      conditions: [
        {type: 'Accepted', status: 'True', observedGeneration: 1},
        {type: 'Programmed'},
        {type: 'ResolvedRefs'},
      ],
      listeners: [{name: 'http', attachedRoutes: 2}],
    });
    expect(writer.counts()).toMatchObject({written: 3, removed: 0, waiting: 0, queued: 0});
  });

  it('writes nothing after a restart with the same rows', async () => {
    const rig = writerRig();
    const rows = [...Array.from({length: 200}, (_, i) => routeRow(`r${i}`)), gatewayRow('web', 200)];
    rig.make(...rows);
    const first = rig.writer();
    first.start(rows);
    first.lead();
    await rig.time.until(first.idle());
    await rig.time.until(first.stop());
    const before = rig.api.exchanges.length;
    expect(before).toBe(201);
    await rig.time.advance(3_600_000);
    const second = rig.writer();
    second.start(structuredClone(rows));
    second.lead();
    await rig.time.until(second.idle());
    expect(rig.api.exchanges.length - before).toBe(0);
    expect(second.counts()).toMatchObject({written: 0, waiting: 0});
    expect(rig.results()).toEqual({written: 201, equal: 201});
  });

  it('keeps what others have written, also while they write', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    const path = pathOfRow(routeRow('a'));
    rig.api.setStatus(path, {parents: [foreignParent('x')]});
    // The watch is late: the writer does not see what has been written since, and is told so by the server.
    rig.live.delay(1_000);
    rig.api.setStatus(path, {parents: [foreignParent('x', 'newer'), foreignParent('y')]});
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(statusOf(rig)).toEqual({
      parents: [foreignParent('x', 'newer'), foreignParent('y'), own('web', 1, '2030-01-02T03:04:05Z')],
    });
    expect(rig.results()).toEqual({conflict: 1, written: 1});
    await rig.time.advance(5_000);
    expect(rig.writes()).toHaveLength(2);
  });

  it('takes its entries out of an object that it has nothing to say to any more', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'), routeRow('b'));
    const writer = rig.writer();
    writer.start([routeRow('a'), routeRow('b')]);
    writer.lead();
    await rig.time.until(writer.idle());
    writer.apply([{key: 'HTTPRoute/default/a'}]);
    await rig.time.until(writer.idle());
    expect(statusOf(rig)).toEqual({parents: []});
    expect(writer.counts()).toMatchObject({written: 2, removed: 1});
    expect(writer.list().map(({metadata}) => metadata.name)).toEqual(['b']);
  });

  it('takes them out also where that became so while nobody looked', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'), routeRow('b'));
    const first = rig.writer();
    first.start([routeRow('a'), routeRow('b')]);
    first.lead();
    await rig.time.until(first.idle());
    await first.stop();
    rig.api.setStatus(pathOfRow(routeRow('b')), {parents: [foreignParent('x'), own('old', 1, '2001-01-01T00:00:00Z')]});
    const second = rig.writer();
    second.start([routeRow('a')]);
    second.lead();
    await rig.time.until(second.idle());
    expect(statusOf(rig, routeRow('b'))).toEqual({parents: [foreignParent('x')]});
    expect(second.counts()).toMatchObject({written: 0, removed: 1});
  });

  /**
   * The definition of HTTPRoute of an older bundle served v1beta1 alone. Its objects were read and routed, but their statuses
   * went to the path of v1, where there was nothing: the answer was taken for that of an object that is gone, without a word.
   */
  it('writes to the version that the server has', async () => {
    const rig = writerRig();
    const row = routeRow('a');
    const path = pathOfRow(row).replace('/v1/', '/v1beta1/');
    rig.api.apply(path, {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'HTTPRoute',
      metadata: {namespace: 'default'},
    });
    const writer = rig.writer();
    writer.start([row]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.writes().map((write) => [write.path, write.status])).toEqual([[`${path}/status`, 200]]);
    expect(rig.api.get(path)?.status).toEqual({parents: [own('web', 1, '2030-01-02T03:04:05Z')]});
    expect(rig.results()).toEqual({written: 1});
  });

  it('leaves the conditions of a Gateway that is another controller’s now', async () => {
    const rig = writerRig();
    rig.make(gatewayRow('web', 1));
    const writer = rig.writer();
    writer.start([gatewayRow('web', 1)]);
    writer.lead();
    await rig.time.until(writer.idle());
    const before = statusOf(rig, gatewayRow('web', 1));
    writer.apply([{key: 'Gateway/default/web'}]);
    await rig.time.until(writer.idle());
    expect(statusOf(rig, gatewayRow('web', 1))).toEqual(before);
    expect(rig.writes()).toHaveLength(1);
  });

  it('forgets an object that is gone', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    rig.live.delay(1_000);
    rig.api.delete(pathOfRow(routeRow('a')));
    const writer = rig.writer();
    writer.start([routeRow('a'), routeRow('never-seen')]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.results()).toEqual({gone: 2});
    expect(rig.logged).toEqual([]);
  });

  it('says what the server refuses, once, and tries again only when the row changes', async () => {
    const rig = writerRig({
      validate: ({status}) => (JSON.stringify(status ?? {}).includes('bad') ? 'status.parents[0]: bad' : undefined),
    });
    rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a', {message: 'bad'})]);
    writer.lead();
    await rig.time.until(writer.idle());
    await rig.time.advance(600_000);
    // Somebody else writes: still the same that was refused.
    rig.api.setStatus(pathOfRow(routeRow('a')), {parents: [foreignParent('x')]});
    await rig.time.until(writer.idle());
    expect(rig.results()).toMatchObject({refused: 1});
    expect(rig.logged).toEqual([
      'error the API server refuses this status; it is sent again when it changes ' +
        '{"object":"HTTPRoute/default/a","reason":"status.parents[0]: bad"}',
    ]);
    writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message: 'good'})}]);
    await rig.time.until(writer.idle());
    expect(rig.results()).toMatchObject({refused: 1, written: 1});
  });

  it('sends what was refused to an object that was made anew', async () => {
    let isStrict = true;
    const rig = writerRig({validate: ({status}) => (isStrict && status !== undefined ? 'no' : undefined)});
    rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    isStrict = false;
    rig.api.delete(pathOfRow(routeRow('a')));
    rig.make(routeRow('a'));
    await rig.time.until(writer.idle());
    expect(rig.results()).toMatchObject({refused: 1, written: 1});
  });

  it('says that it does not know a kind', async () => {
    const rig = writerRig();
    const row = {...routeRow('a'), key: 'Unheard/default/a', kind: 'Unheard'};
    const writer = rig.writer();
    writer.start([row]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.logged.join()).toContain('no path is known for gateway.networking.k8s.io/v1 Unheard');
    expect(rig.api.exchanges).toEqual([]);
  });

  it('warns when there is no room for its entries, once', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    rig.api.setStatus(pathOfRow(routeRow('a')), {parents: Array.from({length: 32}, (_, i) => foreignParent(`${i}`))});
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    rig.api.apply(pathOfRow(routeRow('a')), {...rig.api.get(pathOfRow(routeRow('a'))), metadata: {labels: {a: 'b'}}});
    await rig.time.until(writer.idle());
    expect(rig.logged).toEqual([
      'warn the status of this object is full: there is no room beside what others have written ' +
        '{"object":"HTTPRoute/default/a","leftOut":"parentRef web"}',
    ]);
  });

  it('puts right what somebody else has undone, but does not fight', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    const path = pathOfRow(routeRow('a'));
    // Another controller that takes every entry of ours out, at once.
    const stop = rig.api.onEvent(({object}) => {
      if (JSON.stringify(object.status).includes(ours)) rig.time.after(1, () => rig.api.setStatus(path, {parents: []}));
    });
    rig.api.setStatus(path, {parents: []});
    await rig.time.advance(120_000);
    const inTwoMinutes = rig.writes().length;
    expect(inTwoMinutes).toBeGreaterThan(8);
    expect(inTwoMinutes).toBeLessThan(16);
    // The other one wins no peace, but a change goes out at once.
    writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message: 'news'})}]);
    await rig.time.advance(700);
    expect(JSON.stringify(rig.writes().at(-1)?.body)).toContain('news');
    stop();
    rig.api.setStatus(path, {parents: []});
    await rig.time.advance(60_000);
    expect(statusOf(rig)).toMatchObject({parents: [{controllerName: ours}]});
  });

  it('knows what it has written before the watch shows it', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'), gatewayRow('web', 0));
    rig.live.delay(3_000);
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    for (let i = 0; i < 20; i++) {
      writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message: String(i)})}]);
      await rig.time.advance(300);
    }
    await rig.time.until(writer.idle());
    await rig.time.advance(10_000);
    expect(rig.results()).toEqual({written: 20});
    expect(rig.reads()).toEqual([]);
  });

  it('asks the server where the watch is behind its own rows', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    rig.live.delay(10_000);
    makeObject(rig.api, routeRow('a'), {edited: true});
    const writer = rig.writer();
    writer.start([routeRow('a', {generation: 2})]);
    writer.lead();
    await rig.time.advance(100);
    expect(statusOf(rig)).toMatchObject({parents: [{conditions: [{observedGeneration: 2}, {observedGeneration: 2}]}]});
    expect([rig.reads().length, rig.writes().length]).toEqual([1, 1]);
  });

  it('trusts the watch again when it goes on showing something else than what was answered', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    // Nothing comes from this watch for a very long time.
    rig.live.delay(100_000_000);
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    await rig.time.advance(31_000);
    writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message: 'news'})}]);
    await rig.time.until(writer.idle());
    expect(rig.results()).toEqual({written: 2, conflict: 1});
  });

  it('does nothing about a row that is told twice', async () => {
    const rig = writerRig();
    const row = routeRow('a');
    rig.make(row);
    const writer = rig.writer();
    writer.start([row]);
    writer.lead();
    await rig.time.until(writer.idle());
    writer.apply([{key: row.key, new: row}, {key: 'HTTPRoute/default/unheard-of'}]);
    expect(writer.counts().waiting).toBe(0);
    expect(rig.results()).toEqual({written: 1});
  });

  it('remembers what it has written for a while, and nothing of what was right', async () => {
    const rig = writerRig();
    const rows = [routeRow('a'), routeRow('b')];
    rig.make(...rows);
    const first = rig.writer();
    first.start(rows);
    first.lead();
    await rig.time.until(first.idle());
    expect(first.counts().remembered).toBe(2);
    await rig.time.advance(121_000);
    expect(first.counts().remembered).toBe(0);
    await rig.time.until(first.stop());
    const second = rig.writer();
    second.start(rows);
    second.lead();
    await rig.time.until(second.idle());
    expect(second.counts().remembered).toBe(0);
    // What is being worked on is not forgotten, however long that takes.
    rig.faults.push(...Array.from({length: 500}, () => ({kind: 'answer', status: 500}) as const));
    second.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message: 'news'})}]);
    await rig.time.advance(300_000);
    expect(second.counts()).toMatchObject({remembered: 1, waiting: 1});
    rig.faults.length = 0;
    await rig.time.until(second.idle());
    expect(JSON.stringify(statusOf(rig))).toContain('news');
  });

  it('drops a condition of a type of its own when that is not wanted any more, at the second change too', async () => {
    const rig = writerRig();
    const rowOf = (...types: readonly string[]) => ({
      ...gatewayRow('web', 0),
      status: {kind: 'Conditions', conditions: types.map((type) => condition(type))},
    });
    rig.make(rowOf());
    const key = 'Gateway/default/web';
    const writer = rig.writer();
    writer.start([rowOf('example.com/One', 'Accepted')]);
    writer.lead();
    await rig.time.until(writer.idle());
    writer.apply([{key, new: rowOf('example.com/Two', 'Accepted')}]);
    writer.apply([{key, new: rowOf('example.com/Three', 'Accepted')}]);
    await rig.time.until(writer.idle());
    const types = () => itemsOf(fieldsOf(statusOf(rig, rowOf()))['conditions']).map((one) => fieldsOf(one)['type']);
    expect(types().filter((type) => String(type).startsWith('example.com/'))).toEqual(['example.com/Three']);
    // Long after, when nothing is remembered but what is wanted.
    await rig.time.advance(600_000);
    expect(writer.counts().remembered).toBe(0);
    writer.apply([{key, new: rowOf('Accepted')}]);
    await rig.time.until(writer.idle());
    expect(types().filter((type) => String(type).startsWith('example.com/'))).toEqual([]);
  });

  it('tells what it does to whoever measures it', async () => {
    const rig = writerRig({latencyMs: () => 4});
    rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.reports).toEqual([{kind: 'HTTPRoute', result: 'written', requestMs: 8, waitedMs: 8}]);
    expect(writer.counts().results).toEqual([{kind: 'HTTPRoute', result: 'written', count: 1}]);
  });
});

describe('generations and objects made anew', () => {
  it('waits for the row of a newer generation', async () => {
    const rig = writerRig();
    const row = routeRow('a');
    rig.make(row);
    const writer = rig.writer();
    writer.start([row]);
    writer.lead();
    await rig.time.until(writer.idle());
    // The object is edited; first comes a row that knows nothing of it.
    makeObject(rig.api, row, {edited: true});
    writer.apply([{key: row.key, new: routeRow('a', {message: 'of generation 1'})}]);
    await rig.time.advance(500);
    expect(rig.writes()).toHaveLength(1);
    writer.apply([{key: row.key, new: routeRow('a', {generation: 2})}]);
    await rig.time.until(writer.idle());
    expect(rig.writes()).toHaveLength(2);
    expect(statusOf(rig)).toEqual({parents: [own('web', 2, '2030-01-02T03:04:05Z')]});
  });

  it('writes what it knows of an older generation when no newer row comes, and never over a newer one', async () => {
    const rig = writerRig();
    const row = routeRow('a');
    rig.make(row);
    makeObject(rig.api, row, {edited: true});
    const writer = rig.writer();
    writer.start([row]);
    writer.lead();
    await rig.time.advance(999);
    expect(rig.writes()).toHaveLength(0);
    await rig.time.advance(10);
    expect(statusOf(rig)).toEqual({parents: [own('web', 1, '2030-01-02T03:04:06Z')]});
    // A replica that was ahead has spoken of generation 2.
    rig.api.setStatus(pathOfRow(row), {parents: [own('web', 2, '2030-01-02T03:04:06Z')]});
    writer.apply([{key: row.key, new: routeRow('a', {message: 'of generation 1'})}]);
    await rig.time.advance(60_000);
    expect(statusOf(rig)).toEqual({parents: [own('web', 2, '2030-01-02T03:04:06Z')]});
    expect(rig.writes()).toHaveLength(1);
  });

  it('never puts the status of an object onto its successor', async () => {
    const rig = writerRig();
    const [uid] = rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a', {uid, message: 'of the first'})]);
    writer.lead();
    await rig.time.until(writer.idle());
    rig.api.delete(pathOfRow(routeRow('a')));
    const [next] = rig.make(routeRow('a'));
    await rig.time.advance(60_000);
    expect(statusOf(rig)).toBeUndefined();
    writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {uid: next, message: 'of the second'})}]);
    await rig.time.until(writer.idle());
    expect(JSON.stringify(statusOf(rig))).toContain('of the second');
  });

  it('never does so when the successor comes between reading and writing', async () => {
    const rig = writerRig({latencyMs: () => 10});
    const [uid] = rig.make(routeRow('a'));
    rig.live.delay(5_000);
    const writer = rig.writer();
    writer.start([routeRow('a', {uid})]);
    writer.lead();
    await rig.time.advance(5);
    rig.api.delete(pathOfRow(routeRow('a')));
    rig.make(routeRow('a'));
    await rig.time.advance(60_000);
    expect(statusOf(rig)).toBeUndefined();
    expect(rig.results()).toMatchObject({conflict: 1});
    expect(rig.writes().every(({hasChanged}) => !hasChanged)).toBe(true);
  });

  it('tells an object made anew the same as before when its row is the same', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    rig.api.delete(pathOfRow(routeRow('a')));
    rig.make(routeRow('a'));
    await rig.time.until(writer.idle());
    expect(statusOf(rig)).toMatchObject({parents: [{controllerName: ours}]});
  });
});

describe('trouble', () => {
  it('finds out what became of a write whose answer was lost', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    rig.live.delay(10_000);
    rig.faults.push({kind: 'lose'});
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.writes().filter(({hasChanged}) => hasChanged)).toHaveLength(1);
    expect(rig.results()).toEqual({unavailable: 1, conflict: 1, equal: 1});
    expect(statusOf(rig)).toMatchObject({parents: [{controllerName: ours}]});
  });

  it('loses nothing while the server is away, spares it, and is back when it is back', async () => {
    const rig = writerRig();
    const rows = Array.from({length: 300}, (_, i) => routeRow(`r${i}`));
    rig.make(...rows);
    let isDown = true;
    const away = rig.api.client({fault: () => (isDown ? {kind: 'refuse'} : undefined)});
    const writer = writerRig({client: away, live: rig.live, clock: rig.clock}).writer();
    writer.start(rows);
    writer.lead();
    await rig.time.advance(60_000);
    // 64 at once, and then one at a time, less and less often.
    expect(rig.writes().length).toBeGreaterThan(68);
    expect(rig.writes().length).toBeLessThan(85);
    isDown = false;
    await rig.time.advance(10_500);
    expect(writer.counts()).toMatchObject({written: 300, waiting: 0});
  });

  it('asks again no sooner than the server wishes', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    rig.faults.push({kind: 'answer', status: 429, retryAfterMs: 7_000});
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(rig.writes().map(({at}) => at)).toEqual([0, 7_002]);
    expect(rig.logged).toEqual([
      'warn the API server takes no statuses now, trying again {"reason":"told to say 429"}',
      'info the API server takes statuses again {}',
    ]);
  });

  it.each([
    [500, 'failed'],
    [403, 'forbidden'],
  ])('does not let an object that is answered %i hold up the others', async (status, result) => {
    const rig = writerRig();
    rig.make(routeRow('a'), routeRow('b'));
    const client = rig.api.client({
      fault: ({path}) => (path.includes('/a/') ? {kind: 'answer', status} : undefined),
    });
    const away = writerRig({client, live: rig.live, clock: rig.clock});
    const writer = away.writer();
    writer.start([routeRow('a'), routeRow('b')]);
    writer.lead();
    await rig.time.advance(10);
    expect(statusOf(rig, routeRow('b'))).toBeDefined();
    await rig.time.advance(600_000);
    const ofA = rig.writes().filter(({path}) => path.includes('/a/')).length;
    expect(ofA).toBeGreaterThan(10);
    expect(ofA).toBeLessThan(120);
    const counted = writer.counts().results.find((one) => one.result === result);
    expect(counted).toEqual({kind: 'HTTPRoute', result, count: ofA});
    // A complaint a minute, once it does not pass by itself.
    const complaints = away.logged.length;
    expect(complaints).toBeGreaterThan(5);
    expect(complaints).toBeLessThanOrEqual(11);
  });

  it('tries again later when it always comes too late', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    let writesOfOthers = 0;
    // Somebody writes before each request of ours arrives, thirty times.
    const client = rig.api.client({
      fault: ({method}) => {
        const parents = [foreignParent('x', String(writesOfOthers))];
        if (method === 'PATCH' && writesOfOthers++ < 30) rig.api.setStatus(pathOfRow(routeRow('a')), {parents});
        return undefined;
      },
    });
    const writer = writerRig({client, live: rig.live, clock: rig.clock}).writer();
    writer.start([routeRow('a')]);
    writer.lead();
    await rig.time.until(writer.idle());
    expect(statusOf(rig)).toMatchObject({parents: [foreignParent('x', '29'), {controllerName: ours}]});
    expect(rig.writes()).toHaveLength(31);
  });

  it('stops: writes what waits, tries nothing twice, and waits no longer than it must', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'), routeRow('b'), gatewayRow('web', 0));
    const writer = rig.writer();
    writer.start([gatewayRow('web', 0)]);
    writer.lead();
    await rig.time.until(writer.idle());
    writer.apply([{key: 'Gateway/default/web', new: gatewayRow('web', 1)}]);
    await rig.time.until(writer.stop(), 50);
    expect(statusOf(rig, gatewayRow('web', 1))).toMatchObject({listeners: [{attachedRoutes: 1}]});
    expect(rig.time.timers()).toBe(0);

    const second = rig.writer();
    second.start([routeRow('a'), routeRow('b')]);
    second.lead();
    rig.faults.push({kind: 'refuse'}, {kind: 'hang'});
    const before = rig.writes().length;
    await rig.time.until(second.stop(), 5_100);
    expect(rig.writes().length - before).toBe(2);
    await rig.time.advance(60_000);
    expect(rig.writes().length - before).toBe(2);
  });
});

describe('leadership', () => {
  it('writes nothing before it leads and is told of the first state, in either order', async () => {
    for (const leadFirst of [true, false]) {
      const rig = writerRig();
      rig.make(routeRow('a'));
      const writer = rig.writer();
      if (leadFirst) writer.lead();
      else writer.start([routeRow('a')]);
      await rig.time.advance(10_000);
      await writer.idle();
      expect(rig.api.exchanges).toEqual([]);
      if (leadFirst) writer.start([routeRow('a')]);
      else writer.lead();
      await rig.time.until(writer.idle());
      expect(rig.writes()).toHaveLength(1);
    }
  });

  it('compares when it comes to lead, and writes only what differs', async () => {
    const rig = writerRig();
    const rows = [routeRow('a'), routeRow('b'), routeRow('c')];
    rig.make(...rows);
    const [one, other] = [rig.writer(), rig.writer()];
    one.start(rows);
    other.start(rows);
    one.lead();
    await rig.time.until(one.idle());
    one.follow();
    for (const writer of [one, other]) {
      writer.apply([{key: 'HTTPRoute/default/b', new: routeRow('b', {message: 'news'})}, {key: 'HTTPRoute/default/c'}]);
    }
    await rig.time.advance(10_000);
    expect(rig.writes()).toHaveLength(3);
    other.lead(termOf(2));
    await rig.time.until(other.idle());
    expect(
      rig
        .writes()
        .slice(3)
        .map(({path}) => path.split('/').at(-2)),
    ).toEqual(['b', 'c']);
    expect(statusOf(rig, routeRow('c'))).toEqual({parents: []});
  });

  it('sends nothing once its term is over, though nobody has told it yet', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'), routeRow('b'));
    const writer = rig.writer();
    const term = termOf();
    writer.start([routeRow('a')]);
    writer.lead(term);
    await rig.time.until(writer.idle());
    term.end();
    writer.apply([{key: 'HTTPRoute/default/b', new: routeRow('b')}]);
    rig.api.setStatus(pathOfRow(routeRow('a')), {parents: []});
    await rig.time.until(writer.idle());
    expect(rig.writes()).toHaveLength(1);
    expect(rig.results()).toEqual({written: 1, fenced: 2});
  });

  it('asks for no longer than its term lasts', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    rig.faults.push({kind: 'hang'});
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead({number: 1, msLeft: () => 700});
    await rig.time.advance(699);
    expect(rig.results()).toEqual({});
    await rig.time.advance(1);
    expect(rig.results()).toEqual({unavailable: 1});
  });

  it('gives up what is under way when it is told to follow; what arrives late changes nothing newer', async () => {
    const rig = writerRig({latencyMs: () => 100});
    rig.make(routeRow('a'));
    const [one, other] = [rig.writer(), rig.writer()];
    one.start([routeRow('a', {message: 'old'})]);
    other.start([routeRow('a', {message: 'new'})]);
    one.lead();
    await rig.time.advance(50);
    one.follow();
    await one.idle();
    await rig.time.advance(0);
    expect([rig.results(), rig.logged]).toEqual([{}, []]);
    // The request of the old leader is on its way still, and arrives first.
    other.lead();
    await rig.time.until(other.idle());
    expect(rig.writes().map(({status}) => status)).toEqual([200, 409, 200]);
    expect(JSON.stringify(statusOf(rig))).toContain('"new"');
    await rig.time.advance(60_000);
    expect(rig.writes()).toHaveLength(3);
  });

  /**
   * Found by the property test of two writers: what the server had answered to an earlier request was older than what the
   * watch showed, and was taken for the last that was known. So there was always something new, to be looked at once more:
   * a writer whose term was over never came to an end.
   */
  it('comes to an end though the watch has shown something while its last request was under way', async () => {
    const rig = writerRig({latencyMs: () => 100});
    rig.make(routeRow('a'));
    rig.live.delay(20_000);
    const term = termOf();
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    writer.lead(term);
    await rig.time.advance(110);
    // Written; somebody else writes, too, and then the answer arrives.
    rig.api.setStatus(pathOfRow(routeRow('a')), {parents: [foreignParent('x')]});
    await rig.time.until(writer.idle());
    await rig.time.advance(20_050 - rig.time.now());
    rig.faults.push({kind: 'refuse'});
    writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message: 'news'})}]);
    // While this request is under way, the watch shows what the server answered 20 s ago, and what came after it.
    await rig.time.advance(150);
    term.end();
    await rig.time.until(writer.stop(), 1_000);
    expect(rig.results()).toMatchObject({written: 1, unavailable: 1, fenced: 1});
  });

  it('leads again', async () => {
    const rig = writerRig();
    rig.make(routeRow('a'));
    const writer = rig.writer();
    writer.start([routeRow('a')]);
    for (const [number, message] of [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ] as const) {
      writer.apply([{key: 'HTTPRoute/default/a', new: routeRow('a', {message})}]);
      writer.lead(termOf(number));
      await rig.time.until(writer.idle());
      expect(JSON.stringify(statusOf(rig))).toContain(message);
      writer.follow();
      expect(rig.live.listeners()).toBe(0);
    }
    expect(rig.writes()).toHaveLength(3);
    // Whoever follows is not concerned with what others write.
    rig.api.setStatus(pathOfRow(routeRow('a')), {parents: []});
    expect(writer.counts()).toMatchObject({waiting: 0, remembered: 0});
    expect(rig.time.timers()).toBe(0);
  });
});
