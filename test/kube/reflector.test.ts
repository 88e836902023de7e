import {afterEach, describe, expect, it} from 'vitest';
import type {Fault, Logged} from './fault-server.ts';
import {ReflectorRig, type RigOptions, SPEED, THINGS} from './reflector-rig.ts';
import {WireTap} from './wire-tap.ts';
import {eventually, sleep} from './eventually.ts';

describe('a reflector', () => {
  const open: {stop(): Promise<void>}[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
  });
  const start = async (options: RigOptions = {}): Promise<ReflectorRig> => {
    const rig = await ReflectorRig.start(options);
    open.push(rig);
    return rig;
  };
  /** The fault for the first so many requests that fit. */
  const first =
    (count: number, fault: Fault, fits: (request: Logged) => boolean = () => true) =>
    (request: Logged): Fault | undefined =>
      fits(request) && count-- > 0 ? fault : undefined;
  const isWatch = ({query}: Logged): boolean => query.get('watch') === 'true';
  const isResumed = (request: Logged): boolean => isWatch(request) && request.query.has('resourceVersion');
  const followed = (rig: ReflectorRig): Promise<void> => eventually(() => expect(rig.server.watches.size).toBe(1));

  describe('that meets no trouble', () => {
    it('reads everything and then each change by one watch', async () => {
      const rig = await start();
      for (const name of ['a', 'b']) rig.put(name);
      rig.reflect({labelSelector: ''});
      await rig.agrees();
      rig.put('c');
      rig.put('a');
      rig.remove('b');
      await rig.agrees();
      expect(rig.server.asked()).toEqual([`everything ${THINGS}`]);
      expect(rig.calls).toEqual(['relist', 'set c', 'set a', 'removed b']);
      expect(rig.states).toEqual([{is: 'following'}]);
      const [request] = rig.server.requests;
      expect(Object.fromEntries(request?.query ?? [])).toMatchObject({
        allowWatchBookmarks: 'true',
        resourceVersionMatch: 'NotOlderThan',
      });
      expect(Number(request?.query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
      expect(Number(request?.query.get('timeoutSeconds'))).toBeLessThan(600);
    });

    it('leaves out what goes while everything comes', async () => {
      const rig = await start();
      rig.put('a');
      rig.put('b');
      const gone = JSON.stringify({
        type: 'DELETED',
        object: {metadata: {name: 'a', uid: 'uid-1', resourceVersion: '1003'}},
      });
      rig.server.fault = first(1, {is: 'after', lines: 1, next: {is: 'line', text: gone}});
      rig.reflect();
      await eventually(() => expect(rig.states).toEqual([{is: 'following'}]));
      expect([...rig.seen.keys()]).toEqual(['b']);
    });

    it('sends its selectors with everything', async () => {
      const rig = await start();
      rig.watchLists.areServed = false;
      rig.put('a', {type: 'x'});
      rig.put('b', {type: 'y'});
      rig.reflect({fieldSelector: 'type!=y'});
      await eventually(() => expect([...rig.seen.keys()]).toEqual(['a']));
      await followed(rig);
      rig.put('c', {type: 'y'});
      rig.put('d', {type: 'x'});
      await eventually(() => expect([...rig.seen.keys()]).toEqual(['a', 'd']));
      expect(rig.server.requests.map(({query}) => query.get('fieldSelector'))).toEqual(['type!=y', 'type!=y']);
    });

    it('goes on where it was when a watch is over, at once, with no list', async () => {
      const rig = await start();
      rig.put('a');
      rig.reflect();
      await rig.agrees();
      for (let round = 0; round < 3; round++) {
        await followed(rig);
        await sleep(2_000 / SPEED);
        for (const reply of rig.server.watches.keys()) reply.end();
        rig.put(`b${round}`); // while nobody watches
        await rig.agrees();
      }
      expect(rig.relists).toBe(1);
      expect(rig.began).toEqual(['watch first', 'watch ended', 'watch ended', 'watch ended']);
      expect(rig.states).toEqual([{is: 'following'}]);
    });

    it('goes on from the last bookmark: what is forgotten before that is not missed', async () => {
      const rig = await start();
      rig.server.bookmarkEvery = 1;
      rig.reflect();
      await rig.agrees();
      rig.put('a');
      await rig.agrees();
      await sleep(2_000 / SPEED);
      rig.server.store.compact();
      for (const reply of rig.server.watches.keys()) reply.end();
      await followed(rig);
      rig.put('b');
      await rig.agrees();
      expect(rig.relists).toBe(1);
    });

    it('does not wait for a server that forgets to end its watch', async () => {
      const rig = await start({speed: 150, random: () => 0});
      rig.reflect();
      // 300 s were asked for.
      await eventually(() => expect(rig.server.requests).toHaveLength(2));
      await followed(rig);
      rig.put('a');
      await rig.agrees();
      expect(rig.began).toEqual(['watch first', 'watch ended']);
    });
  });

  describe('of a server that does not send everything by watches', () => {
    it.each([
      ['refused', 1],
      ['failing', 2],
      ['unknown', 2],
    ] as const)('lists, page by page: %s', async (how, watchesOfEverything) => {
      const rig = await start();
      rig.server.watchLists = how;
      for (let count = 0; count < 1_200; count++) rig.put(`a${count}`);
      rig.reflect();
      await rig.agrees();
      rig.put('b');
      await rig.agrees();
      expect(rig.server.asked()).toEqual([
        `everything ${THINGS}`,
        `list ${THINGS}`,
        `more ${THINGS}`,
        `more ${THINGS}`,
        `watch ${THINGS}`,
      ]);
      expect(rig.calls).toEqual(['relist', 'set b']);
      // Whether others need not even try.
      expect(rig.watchLists.areServed).toBe(watchesOfEverything > 1);
    });

    it('lists all at once when the pages are of a state that is forgotten', async () => {
      const rig = await start();
      rig.watchLists.areServed = false;
      for (let count = 0; count < 1_200; count++) rig.put(`a${count}`);
      rig.server.fault = (request) => {
        if (!request.query.has('continue')) return undefined;
        rig.put('b');
        rig.remove('a0'); // It was on the first page.
        rig.server.store.compact();
        return undefined;
      };
      rig.reflect();
      await rig.agrees();
      await followed(rig);
      expect(rig.server.asked()).toEqual([`list ${THINGS}`, `more ${THINGS}`, `list ${THINGS}`, `watch ${THINGS}`]);
      expect(rig.server.requests.map(({query}) => query.get('limit'))).toEqual(['500', '500', null, null]);
    });

    it('asks for smaller pages of large objects, and for very small ones where they are too large to hold', async () => {
      const rig = await start({client: {maxBodyBytes: 1_000_000}});
      rig.watchLists.areServed = false;
      for (let count = 0; count < 30; count++) rig.put(`a${count}`, {spec: 'x'.repeat(100_000)});
      rig.reflect();
      await rig.agrees();
      const limits = rig.server.requests.map(({query}) => query.get('limit'));
      expect(limits.slice(0, 3)).toEqual(['500', '63', '8']);
      expect(rig.relists).toBe(1);
    });
  });

  describe('gets over', () => {
    const faults: readonly (readonly [string, Fault, number])[] = [
      ['answers 500', {is: 'status', status: 500, reason: 'InternalError'}, 2],
      ['answers 503 of a proxy', {is: 'status', status: 503, body: 'no upstream'}, 2],
      ['answers 429', {is: 'status', status: 429, reason: 'TooManyRequests'}, 2],
      ['answers 504', {is: 'status', status: 504, reason: 'Timeout'}, 2],
      ['answers 400', {is: 'status', status: 400, reason: 'BadRequest'}, 2],
      ['answers 401', {is: 'status', status: 401, reason: 'Unauthorized'}, 2],
      ['answers 403', {is: 'status', status: 403, reason: 'Forbidden'}, 2],
      ['answers 404', {is: 'status', status: 404, body: '404 page not found'}, 2],
      ['answers 410', {is: 'status', status: 410, reason: 'Expired'}, 2],
      ['answers something else', {is: 'status', status: 200, body: '<html>log in</html>'}, 2],
      ['answers JSON that is something else', {is: 'status', status: 200, body: '{"kind":"Odd"}\n'}, 2],
      ['streams that are reset', {is: 'reset'}, 2],
      ['connections that are lost', {is: 'disconnect'}, 2],
      ['no answer', {is: 'hang'}, 1],
      ['slow answers', {is: 'slow', ms: 100}, 2],
      ['lines cut in the middle', {is: 'cut', bytes: 200}, 2],
      ['answers cut after the first line', {is: 'cut', bytes: 700}, 2],
      ['watches that end at once', {is: 'after', lines: 0, next: {is: 'end'}}, 2],
      ['watches that end early', {is: 'after', lines: 1, next: {is: 'end'}}, 2],
      ['an end of what is remembered', {is: 'after', lines: 1, next: {is: 'error', code: 410, reason: 'Expired'}}, 2],
      ['errors in the stream', {is: 'after', lines: 1, next: {is: 'error', code: 500, reason: 'InternalError'}}, 2],
      ['odd errors in the stream', {is: 'after', lines: 0, next: {is: 'error', code: 418, reason: 'Teapot'}}, 2],
      ['nonsense', {is: 'after', lines: 1, next: {is: 'line', text: '{"type":"ADD'}}, 2],
      ['odd events', {is: 'after', lines: 1, next: {is: 'line', text: '{"type":"ODD","object":{}}'}}, 2],
      ['a server that goes away', {is: 'after', lines: 1, next: {is: 'goaway'}}, 2],
    ];
    const places: readonly (readonly [string, (request: Logged) => boolean, boolean])[] = [
      ['a watch of everything', (request) => isWatch(request) && !isResumed(request), true],
      ['a list', (request) => !isWatch(request), false],
      ['a watch', isResumed, false],
    ];

    describe.each(places)('instead of %s,', (_, fits, watchLists) => {
      it.concurrent.each(faults)('%s', async (_name, fault, count) => {
        const rig = await ReflectorRig.start();
        try {
          rig.watchLists.areServed = watchLists;
          rig.server.fault = first(count, fault, fits);
          for (const name of ['a', 'b', 'c']) rig.put(name);
          rig.reflect();
          await eventually(() => expect(rig.server.requests.length).toBeGreaterThan(0));
          for (const name of ['d', 'e', 'a']) rig.put(name);
          rig.remove('b');
          await rig.agrees();
          await sleep(2_000 / SPEED);
          rig.put('f');
          rig.remove('c');
          await rig.agrees();
          // Two failures, each with a list and a watch after it at most.
          expect(rig.server.requests.length).toBeLessThanOrEqual(12);
        } finally {
          await rig.stop();
        }
      });
    });

    it('a connection that goes dead without a word', async () => {
      let tap: WireTap | undefined;
      const rig = await start({
        port: async (server) => {
          tap = await WireTap.before(server.port);
          return tap.port;
        },
      });
      rig.reflect();
      await rig.agrees();
      tap?.goDead();
      rig.put('a');
      await rig.agrees();
      expect(rig.began).toEqual(['watch first', 'watch connection']);
      await tap?.close();
    });

    it('a collection that was there, is not, and is again', async () => {
      const rig = await start();
      rig.put('a');
      rig.reflect();
      await rig.agrees();
      rig.server.fault = first(1, {is: 'status', status: 404, body: '404 page not found'}, isResumed);
      for (const reply of rig.server.watches.keys()) reply.end();
      await eventually(() => expect(rig.states.at(-1)?.is).toBe('missing'));
      await rig.agrees();
      // What it knew of the first one it does not build upon.
      expect(rig.server.asked()).toEqual([`everything ${THINGS}`, `watch ${THINGS}`, `everything ${THINGS}`]);
    });

    it('a server that was set back to an older state', async () => {
      const rig = await start();
      rig.reflect();
      for (const name of ['a', 'b', 'c']) rig.put(name);
      await rig.agrees();
      // As a restored copy: a and nothing else, and versions counted from where they were then.
      rig.remove('b');
      rig.remove('c');
      await rig.agrees();
      rig.seen.set('b', 'of the future');
      rig.server.store.version = 500;
      rig.server.store.floor = 0;
      rig.put('a');
      await rig.agrees();
      expect(rig.began).toEqual(['watch first', 'watch doubtful']);
    });

    it('a server that has forgotten what came between, and says so meanwhile', async () => {
      const rig = await start();
      rig.put('a');
      rig.reflect();
      await rig.agrees();
      await sleep(2_000 / SPEED);
      rig.server.fault = first(
        1,
        {is: 'after', lines: 0, next: {is: 'error', code: 410, reason: 'Expired'}},
        isResumed,
      );
      for (const reply of rig.server.watches.keys()) reply.end();
      rig.put('b');
      await eventually(() => expect(rig.states.at(-1)?.is).toBe('starting'));
      await rig.agrees();
      expect(rig.began).toEqual(['watch first', 'watch ended', 'watch expired']);
    });

    it('what its sink throws: everything is read again', async () => {
      const rig = await start();
      let faults = 1;
      rig.onSet = (name) => {
        if (name === 'b' && faults-- > 0) throw new Error('a fault of ours');
      };
      rig.reflect();
      await rig.agrees();
      rig.put('a');
      rig.put('b');
      await rig.agrees();
      expect(rig.relists).toBe(2);
      expect(rig.states.map(({is}) => is)).toEqual(['following', 'unreachable', 'following']);
    });

    it('an object that is larger than a line may be', async () => {
      const rig = await start({client: {maxLineBytes: 10_000}});
      rig.reflect();
      await rig.agrees();
      rig.put('a', {spec: 'x'.repeat(20_000)});
      rig.put('b');
      await rig.agrees();
      rig.put('c');
      await rig.agrees();
      // Read by a list, where the limit is another one.
      expect(rig.server.asked()).toContain(`list ${THINGS}`);
      expect(rig.server.requests.length).toBeLessThan(8);
    });
  });

  describe('does not ask in a hurry', () => {
    const faults = [
      ['refuses', {is: 'status', status: 500}],
      ['is not reachable', {is: 'disconnect'}],
      ['ends every watch at once', {is: 'after', lines: 0, next: {is: 'end'}}],
      ['has forgotten everything, always', {is: 'after', lines: 0, next: {is: 'error', code: 410, reason: 'Expired'}}],
      ['talks nonsense', {is: 'after', lines: 0, next: {is: 'line', text: 'what?'}}],
      ['does not have it', {is: 'status', status: 404, body: '404 page not found'}],
      ['knows nothing of that version', {is: 'status', status: 400, reason: 'BadRequest'}],
    ] as const;
    describe.each([
      ['always', () => true],
      ['when it is to go on', isResumed],
    ] as const)('%s', (_when, fits) => {
      // Tried again where the machine was too busy: what took long counts as a watch that lived.
      it.each(faults)('a server that %s', {retry: 2}, async (_what, fault) => {
        const rig = await start({speed: 40});
        rig.watchLists.areServed = fits !== isResumed;
        rig.server.fault = (request) => (fits(request) ? fault : undefined);
        rig.reflect();
        await sleep(40_000 / 40);
        // Pauses of at least 0.8, 1.6, 3.2, 6.4, 12.8, 15 s; each may be followed by a list and a watch.
        expect(rig.server.requests.length).toBeGreaterThan(3);
        expect(rig.server.requests.length).toBeLessThanOrEqual(14);
        rig.server.fault = () => undefined;
        rig.put('a');
        await rig.agrees();
      });
    });

    /**
     * Killed and started again, a real API server agreed to watches of custom resources, and ended them a moment later
     * because it was only setting up their storage. The pause after that was the one that the outage had grown to, up to
     * half a minute; and all that time the kind was said to be followed, so that nobody could know that edits were not seen.
     */
    it('but does not hold against a server that is back how long it was away, and says that it waits', async () => {
      const rig = await start();
      rig.reflect();
      await rig.agrees();
      rig.server.fault = () => ({is: 'disconnect'});
      for (const reply of rig.server.watches.keys()) reply.end();
      // After pauses of 0.8, 1.6, 3.2 and 6.4 s, and their double at most.
      await eventually(() => expect(rig.began.filter((what) => what === 'watch connection').length).toBe(4));
      const times: number[] = [];
      const answers: readonly Fault[] = [
        {is: 'status', status: 503},
        {is: 'after', lines: 0, next: {is: 'end'}},
      ];
      rig.server.fault = () => {
        times.push(performance.now() * SPEED);
        return answers[times.length - 1];
      };
      rig.put('a');
      rig.states.length = 0;
      await rig.agrees();
      expect(times).toHaveLength(3);
      const [no = 0, ended = 0, again = 0] = times;
      // 1.6 s each at most, and what the machine adds.
      expect(ended - no).toBeLessThan(4_000);
      expect(again - ended).toBeLessThan(4_000);
      const message = expect.stringContaining('the server ends watches at once');
      expect(rig.states.slice(-3)).toMatchObject([{is: 'following'}, {is: 'unreachable', message}, {is: 'following'}]);
    });

    it('a server that asks for time', async () => {
      const rig = await start();
      const times: number[] = [];
      rig.server.fault = () => {
        times.push(performance.now() * SPEED);
        return times.length === 1 ? {is: 'status', status: 429, headers: {'retry-after': '20'}} : undefined;
      };
      rig.reflect();
      await rig.agrees();
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(19_000);
    });

    it('but at once when others have reached the server, unless it was the server that said no', async () => {
      for (const [fault, isAtOnce] of [
        [{is: 'disconnect'}, true],
        [{is: 'status', status: 503}, false],
      ] as const) {
        const rig = await start({speed: 1 / 20});
        rig.server.fault = () => fault;
        const reflector = rig.reflect();
        await eventually(() => expect(rig.states).toHaveLength(1));
        rig.server.fault = () => undefined;
        // The next try would be after 16 s.
        await sleep(20);
        reflector.serverIsBack();
        await sleep(500);
        expect(rig.server.requests.length > 1).toBe(isAtOnce);
      }
    });

    it('but at once when it is told to', async () => {
      const rig = await start({speed: 5});
      rig.server.fault = () => ({is: 'status', status: 429, headers: {'retry-after': '60'}});
      const reflector = rig.reflect();
      await eventually(() => expect(rig.states).toHaveLength(1));
      rig.server.fault = () => undefined;
      reflector.poke();
      // Not after 12 s.
      await rig.agrees(8_000);
    });
  });

  describe('tells how it is', () => {
    it.each([
      [403, 'forbidden'],
      [404, 'missing'],
      [500, 'unreachable'],
    ] as const)('after a %i: %s', async (status, is) => {
      const rig = await start();
      rig.server.fault = first(1, {is: 'status', status});
      rig.put('a');
      rig.reflect();
      await rig.agrees();
      expect(rig.states).toMatchObject([{is, message: expect.stringContaining(`: ${status}`)}, {is: 'following'}]);
    });
  });

  it('that was stopped does nothing more, wherever it was', async () => {
    for (const wait of [0, 1, 3, 10, 30, 60]) {
      for (const fault of [undefined, {is: 'slow', ms: 20}, {is: 'status', status: 500}] as const) {
        const rig = await start();
        rig.server.fault = () => fault;
        for (let count = 0; count < 50; count++) rig.put(`a${count}`);
        const reflector = rig.reflect();
        await sleep(wait);
        reflector.stop();
        const {calls, states} = rig;
        const [callsThen, statesThen] = [calls.length, states.length];
        rig.put('b');
        await sleep(60);
        const requestsThen = rig.server.requests.length;
        await sleep(60);
        expect([calls.length, states.length, rig.server.requests.length]).toEqual([
          callsThen,
          statesThen,
          requestsThen,
        ]);
        expect(rig.server.watches.size).toBe(0);
      }
    }
  });
});
