import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Operation, TRIGGER} from './program.ts';
import {anyProgram, commits, edits, runs} from './program-arbitrary.ts';
import type {Run} from './program-compiler.ts';
import type {ProgramGraph} from './program-graph.ts';
import type {Oracle} from './program-oracle.ts';
import type {Read} from './program-reads.ts';
import {canonical, type Cell} from './program-rows.ts';
import {Twin} from './program-twin.ts';

describe('the transforms of random definitions', () => {
  it('run at most once per row and epoch, and only where something they used may have changed', () => {
    fc.assert(
      fc.property(anyProgram, edits, (definitions, steps) => {
        const twin = new Twin(definitions);
        const {made} = twin;
        const before = new Map<string, Run>();
        const remember = () => {
          for (const run of made.recorder.runs) before.set(`${run.node}/${run.key}`, run);
          made.recorder.clear();
        };
        remember();
        for (const operations of steps) {
          const old = twin.oracle;
          made.graph.resetCounters();
          twin.commit(operations);
          const ran = made.recorder.runs;
          const names = ran.map(({node, key}) => `${node}/${key}`);
          expect(names.length).toBe(new Set(names).size);
          const counted = [...made.graph.counters().values()].reduce((sum, counters) => sum + counters.runs, 0);
          expect(counted).toBe(ran.length);
          for (const {node, key} of ran) {
            const last = before.get(`${node}/${key}`);
            if (last === undefined || primaryMayDiffer(made, node, key, old, twin.oracle)) continue;
            const excused = last.reads.some((read) => mayDiffer(made, read, old, twin.oracle));
            expect({node, key, excused}).toEqual({node, key, excused: true});
          }
          remember();
        }
      }),
      runs(400),
    );
  });

  it('run once each where they have read the trigger, when it is fired', () => {
    const quiet = fc.array(commits, {maxLength: 3}).map((lists) => lists.flat());
    fc.assert(
      fc.property(anyProgram, quiet, fc.integer({min: 1, max: 3}), (definitions, steps, times) => {
        const twin = new Twin(definitions);
        const last = new Map<string, Run>();
        for (const operations of steps) twin.commit(operations);
        for (const run of twin.made.recorder.runs) last.set(`${run.node}/${run.key}`, run);
        twin.made.recorder.clear();
        twin.commit(Array.from({length: times}, () => ({kind: 'fire'})));
        const ran = twin.made.recorder.runs.map(({node, key}) => `${node}/${key}`);
        for (const [name, {reads}] of last) {
          const heard = reads.some(
            ({from, where, interest, project}) =>
              from === TRIGGER &&
              interest === 'rows' &&
              project === undefined &&
              (where.kind === 'all' || (where.kind === 'key' && where.value === 'trigger')),
          );
          if (!heard || !alive(twin.made, name, twin.oracle)) continue;
          expect([name, ran.filter((one) => one === name).length]).toEqual([name, 1]);
        }
      }),
      runs(150),
    );
  });

  it('never see two versions of the world: every answer is that of the end of the epoch', () => {
    fc.assert(
      fc.property(anyProgram, commits, (definitions, steps) => {
        const twin = new Twin(definitions);
        for (const operations of [[], ...steps]) {
          twin.made.recorder.clear();
          twin.commit(operations);
          for (const {read, answer} of twin.made.recorder.answers) {
            expect(canonical([read, answer])).toBe(canonical([read, twin.oracle.answer(read)]));
          }
        }
      }),
      runs(200),
    );
  });

  it('are registered for exactly the reads of their last runs, and for none after everything is deleted', () => {
    fc.assert(
      fc.property(anyProgram, commits, (definitions, steps) => {
        const twin = new Twin(definitions);
        const {made} = twin;
        const last = new Map<string, number>();
        const check = () => {
          for (const {node, key, reads} of made.recorder.runs) {
            last.set(`${node}/${key}`, reads.filter((read) => !isVain(read)).length);
          }
          made.recorder.clear();
          let expected = 0;
          for (const [name, reads] of last) {
            if (alive(made, name, twin.oracle)) expected += reads;
            else last.delete(name);
          }
          expect(made.graph.registrations()).toBe(expected);
        };
        check();
        for (const operations of steps) {
          twin.commit(operations);
          check();
        }
        twin.commit(made.inputs.map((_, input): Operation => ({kind: 'replaceAll', input, rows: []})));
        check();
        const rest = definitions.nodes.some(({kind}) => kind === 'singleton') || (twin.sources[TRIGGER]?.size ?? 0) > 0;
        if (rest) return;
        expect(made.graph.registrations()).toBe(0);
        for (const i of made.live()) expect(made.rows(i)).toEqual([]);
      }),
      runs(200),
    );
  });
});

/** An undefined selector matches nothing, whatever happens. */
const isVain = ({where}: Read): boolean => where.kind === 'select' && where.selector === undefined;

function primaryMayDiffer(made: ProgramGraph, node: string, key: string, old: Oracle, now: Oracle): boolean {
  const source = made.sourceOf(node);
  if (source === undefined) return false;
  const row = (oracle: Oracle) => canonical(oracle.collections[source]?.get(key) ?? null);
  return made.isByIdentity(source) || row(old) !== row(now);
}

/**
 * Whether what a read was answered, or the part of it that was used, may have changed: the only good reason for a run.
 * A question for existence may be asked again when no row stayed throughout.
 */
function mayDiffer(made: ProgramGraph, read: Read, before: Oracle, after: Oracle): boolean {
  const [old, now] = [before.matches(read), after.matches(read)];
  const keys = (rows: readonly Cell[]) => canonical(rows.map(({key}) => key));
  switch (read.interest) {
    case 'rows':
      // Where rows made anew count as changed, equal content is no proof that nothing changed.
      if (made.isByIdentity(read.from) && read.project === undefined) return true;
      return canonical([keys(old), before.answer(read)]) !== canonical([keys(now), after.answer(read)]);
    case 'count':
      return keys(old) !== keys(now);
    case 'exists':
      return keys(old) !== keys(now) && !old.some(({key}) => now.some((row) => row.key === key));
  }
}

/** Whether a transform still has the input row it ran for. */
function alive(made: ProgramGraph, name: string, oracle: Oracle): boolean {
  const [node = '', key = ''] = name.split('/');
  const source = made.sourceOf(node);
  return source === undefined || oracle.collections[source]?.has(key) === true;
}
