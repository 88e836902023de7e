/**
 * Two replicas write the statuses of a few objects while all that can go wrong does: objects are edited, deleted and made
 * anew, others write to them and undo what was written, requests are late, refused, done and never answered, watches are
 * late, and leadership changes hands. Whatever happens, nothing wrong is ever live, and in the end all is as wanted.
 */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {fieldsOf, itemsOf, numberOf, textOf} from '../../src/status/kube-fields.ts';
import {createKubeStatusWriter, type KubeStatusWriter} from '../../src/status/kube-status-writer.ts';
import type {KubeRow} from '../../src/status/kube-row.ts';
import {type Fault, memoryApi} from '../kube/memory-api.ts';
import {machine, simulatedTime} from '../kube/simulated-time.ts';
import {foreignParent, makeObject, ours, pathOfRow, routeRow} from './kube-rows.ts';
import {termOf} from './kube-writer-rig.ts';
import {memoryLive} from './memory-live.ts';

const OBJECTS = 3;

type Step =
  /** Its spec changes; the graph hears of it later. */
  | {readonly do: 'edit' | 'delete' | 'make' | 'wipe' | 'forge'; readonly object: number}
  | {readonly do: 'foreign'; readonly object: number; readonly parents: number}
  /** Something else becomes true of it; or nothing of ours at all. */
  | {readonly do: 'change' | 'unwant'; readonly object: number; readonly afterMs: number}
  | {readonly do: 'lead'; readonly writer: number; readonly lateMs: number}
  | {readonly do: 'faults'; readonly share: number; readonly latencyMs: number}
  | {readonly do: 'watch'; readonly lagMs: number}
  | {readonly do: 'wait'; readonly ms: number};

const object = fc.nat(OBJECTS - 1);
const ms = fc.oneof(fc.nat(20), fc.nat(3_000));
const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 2, arbitrary: fc.record({do: fc.constantFrom('edit', 'delete', 'make', 'wipe', 'forge'), object})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('foreign'), object, parents: fc.nat(3)})},
  {weight: 4, arbitrary: fc.record({do: fc.constantFrom('change', 'change', 'unwant'), object, afterMs: ms})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('lead'), writer: fc.nat(2), lateMs: ms})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('faults'), share: fc.nat(2), latencyMs: fc.nat(60)})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('watch'), lagMs: ms})},
  {weight: 4, arbitrary: fc.record({do: fc.constant('wait'), ms})},
);

const faults: readonly Fault[] = [
  {kind: 'refuse'},
  {kind: 'lose'},
  {kind: 'answer', status: 500},
  {kind: 'answer', status: 503, retryAfterMs: 300},
  {kind: 'answer', status: 429},
];

/** What an entry of ours says: the object, its generation, and which opinion of it. */
const said = (entry: unknown): string => textOf(fieldsOf(itemsOf(fieldsOf(entry)['conditions'])[0])['message']) ?? '';
const ownEntries = (status: unknown): readonly unknown[] =>
  itemsOf(fieldsOf(status)['parents']).filter((entry) => fieldsOf(entry)['controllerName'] === ours);
const others = (status: unknown): readonly unknown[] =>
  itemsOf(fieldsOf(status)['parents']).filter((entry) => fieldsOf(entry)['controllerName'] !== ours);
const observed = (entry: unknown): readonly (number | undefined)[] =>
  itemsOf(fieldsOf(entry)['conditions']).map((one) => numberOf(fieldsOf(one)['observedGeneration']));

async function run(steps: readonly Step[], seed: number): Promise<void> {
  const time = simulatedTime();
  const api = memoryApi({time});
  const live = memoryLive(api, time);
  const {clock} = machine(time);
  let state = seed;
  /** 0 up to but not including 1; the same for the same seed. */
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let share = 0;
  let latencyMs = 1;
  const broken: string[] = [];

  const terms = [termOf(0), termOf(0)];
  terms.forEach((term) => term.end());
  const writers = terms.map((_, i): KubeStatusWriter => {
    const client = api.client({
      name: `writer ${i}`,
      latencyMs: () => latencyMs * random(),
      fault: ({method, path}) => {
        if (method === 'PATCH' && (terms[i]?.msLeft() ?? 0) <= 0)
          broken.push(`writer ${i} sent ${path} after its term`);
        return random() < share ? faults[Math.floor(random() * faults.length)] : undefined;
      },
    });
    const log = {debug() {}, info() {}, warn() {}, error() {}};
    return createKubeStatusWriter({client, live, log, controllerNames: [ours], clock, random});
  });

  // What the graph knows of objects, some time after it happened and in that order; what is wanted of them; what others
  // have written.
  const known = new Map<number, {readonly uid: string; readonly generation: number}>();
  const unwanted = new Set<number>();
  const rows = new Map<number, KubeRow>();
  const foreign = new Map<number, readonly unknown[]>();
  let opinions = 0;
  let changes = 0;
  let graphKnowsUntil = 0;
  const pathFor = (i: number): string => pathOfRow(routeRow(`r${i}`));
  const derive = (i: number): void => {
    const about = known.get(i);
    const row =
      about === undefined || unwanted.has(i)
        ? undefined
        : routeRow(`r${i}`, {...about, message: `${about.uid} ${about.generation} ${++opinions}`});
    if (row === undefined && !rows.has(i)) return;
    changes++;
    if (row === undefined) rows.delete(i);
    else rows.set(i, row);
    const key = `HTTPRoute/default/r${i}`;
    for (const writer of writers) writer.apply([row === undefined ? {key} : {key, new: row}]);
  };
  api.onEvent(({type, path, object}) => {
    const i = Number(path.slice(path.lastIndexOf('/r') + 2));
    const {uid, generation} = object.metadata;
    graphKnowsUntil = Math.max(graphKnowsUntil, time.now() + 100 * random());
    time.after(graphKnowsUntil - time.now(), () => {
      const before = known.get(i);
      if (type === 'DELETED') known.delete(i);
      else if (before?.uid === uid && before.generation === generation) return;
      else known.set(i, {uid, generation});
      derive(i);
    });
  });

  /** Generations that entries of ours have spoken of, of each object. */
  const newest = new Map<string, number>();
  api.onEvent(({type, path, object}) => {
    if (type === 'DELETED') return;
    const {uid, generation} = object.metadata;
    for (const entry of ownEntries(object.status)) {
      const message = said(entry);
      if (message === 'forged') continue;
      const [about, of] = message.split(' ');
      const spoken = Number(of);
      if (about !== uid) broken.push(`${path} of ${uid} was told what ${about} was to be told`);
      if (spoken > generation) broken.push(`${path} was told of generation ${spoken} at ${generation}`);
      if (spoken < (newest.get(uid) ?? 0)) broken.push(`${path} was told of generation ${spoken} after a newer one`);
      if (observed(entry).some((one) => one !== spoken))
        broken.push(`${path} has an observedGeneration that is not ${spoken}`);
      newest.set(uid, spoken);
    }
  });

  for (let i = 0; i < OBJECTS; i++) makeObject(api, routeRow(`r${i}`));
  await time.advance(200);
  expect(rows.size).toBe(OBJECTS);
  for (const writer of writers) writer.start([...rows.values()]);

  const lead = (chosen: number, lateMs: number): void => {
    writers.forEach((writer, i) => {
      if (i === chosen) return;
      terms[i]?.end();
      // It may take a while until it notices.
      const ended = terms[i];
      time.after(lateMs, () => terms[i] === ended && writer.follow());
    });
    const term = termOf(changes);
    if (chosen < writers.length) terms[chosen] = term;
    writers[chosen]?.lead(term);
  };
  lead(0, 0);

  const act = async (step: Step): Promise<void> => {
    switch (step.do) {
      case 'edit':
        if (api.get(pathFor(step.object)) !== undefined) {
          makeObject(api, routeRow(`r${step.object}`), {edit: ++opinions});
        }
        return;
      case 'delete':
        if (api.get(pathFor(step.object)) !== undefined) api.delete(pathFor(step.object));
        foreign.delete(step.object);
        return;
      case 'make':
        if (api.get(pathFor(step.object)) === undefined)
          makeObject(api, routeRow(`r${step.object}`), {made: ++opinions});
        return;
      case 'change':
      case 'unwant':
        time.after(step.afterMs, () => {
          if (step.do === 'unwant') unwanted.add(step.object);
          else unwanted.delete(step.object);
          derive(step.object);
        });
        return;
      case 'foreign':
      case 'wipe':
      case 'forge': {
        const stored = api.get(pathFor(step.object));
        if (stored === undefined) return;
        const own = ownEntries(stored.status);
        const theirs =
          step.do === 'foreign'
            ? Array.from({length: step.parents}, (_, i) => foreignParent(`other-${i}`, String(++opinions)))
            : (foreign.get(step.object) ?? []);
        const forged = own.map((entry) => ({
          ...fieldsOf(entry),
          conditions: [
            {type: 'Accepted', status: 'Unknown', reason: 'Forged', message: 'forged', observedGeneration: 0},
          ],
        }));
        const kept = step.do === 'foreign' ? own : step.do === 'wipe' ? [] : forged;
        foreign.set(step.object, theirs);
        // In between and around, to tell whether their order is kept.
        api.setStatus(pathFor(step.object), {parents: [...theirs.slice(0, 1), ...kept, ...theirs.slice(1)]});
        if (step.do !== 'foreign') changes++;
        return;
      }
      case 'lead':
        return lead(step.writer, step.lateMs);
      case 'faults':
        share = step.share / 3;
        latencyMs = step.latencyMs;
        return;
      case 'watch':
        return live.delay(step.lagMs);
      case 'wait':
        return time.advance(step.ms);
    }
  };
  for (const next of steps) await act(next);

  share = 0;
  live.delay(0);
  if (terms.every((term) => term.msLeft() <= 0)) lead(1, 0);
  await time.advance(120_000);
  await Promise.all(writers.map((writer) => time.until(writer.idle())));

  expect(broken).toEqual([]);
  for (let i = 0; i < OBJECTS; i++) {
    const stored = api.get(pathFor(i));
    if (stored === undefined) continue;
    const row = rows.get(i);
    expect(others(stored.status), `others at r${i}`).toEqual(foreign.get(i) ?? []);
    const entries = ownEntries(stored.status);
    expect(entries.map(said), `ours at r${i}`).toEqual(
      row === undefined ? [] : [row.status.parents?.[0]?.conditions[0]?.message],
    );
    expect(entries.flatMap(observed)).toEqual(row === undefined ? [] : [row.generation, row.generation]);
  }
  const written = api.exchanges.filter(({method, hasChanged}) => method === 'PATCH' && hasChanged).length;
  expect(written, 'writes').toBeLessThanOrEqual(changes);
  expect(api.exchanges.length, 'requests that changed nothing are few').toBeLessThan(
    40 * (changes + steps.length + 10),
  );

  await Promise.all(writers.map((writer) => time.until(writer.stop())));
  const requests = api.exchanges.length;
  await time.advance(600_000);
  expect(api.exchanges.length).toBe(requests);
  expect(time.timers()).toBe(0);
}

describe('two status writers', () => {
  it('never write what is wrong, and end with what is wanted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 60, size: 'max'}), fc.nat(2 ** 31), run),
      {numRuns: 150},
    );
  }, 120_000);
});
