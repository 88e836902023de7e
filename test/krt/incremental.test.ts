import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {canonical, type Operation} from './program.ts';
import {commits, operation, program, runs} from './program-arbitrary.ts';
import {ProgramGraph} from './program-graph.ts';
import {applyOperations, mayDiffer, NO_SOURCES, Oracle} from './program-oracle.ts';

/** All collections that are alive hold what the oracle computes from nothing. */
function expectSame(made: ProgramGraph, oracle: Oracle, numbers: readonly number[] = made.live()): void {
  for (const number of numbers) {
    expect(canonical([number, made.rows(number)])).toBe(canonical([number, oracle.rows(number)]));
  }
}

describe('an incremental graph of random definitions', () => {
  it('equals the naive recomputation after every commit, and a graph made afresh at the end', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions);
        let sources = NO_SOURCES;
        for (const operations of steps) {
          made.commit(operations);
          sources = applyOperations(sources, operations);
          expectSame(made, new Oracle(definitions, sources));
        }
        // Reading brings the collections alive that nothing had asked for; they stay up to date as well.
        const everything = made.collections.map((_, i) => i);
        expectSame(made, new Oracle(definitions, sources), everything);
        for (const operations of steps.slice(0, 3)) {
          made.commit(operations);
          sources = applyOperations(sources, operations);
          expectSame(made, new Oracle(definitions, sources), everything);
        }
        const fresh = new ProgramGraph(definitions);
        fresh.commit(
          sources.flatMap((rows, i) => [...rows.values()].map((row): Operation => ({kind: 'set', input: i, row}))),
        );
        for (const i of everything) expect(canonical(made.rows(i))).toBe(canonical(fresh.rows(i)));
      }),
      runs(300),
    );
  });

  it('equals the recomputation in development mode too, where pure transforms are never reported', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions, {development: true});
        let sources = NO_SOURCES;
        for (const operations of steps) {
          made.commit(operations);
          sources = applyOperations(sources, operations);
          expectSame(made, new Oracle(definitions, sources));
        }
        const disputes = /the first wins$|the last row counts$/;
        expect(made.diagnostics.filter((text) => !disputes.test(text))).toEqual([]);
        expect(made.graph.errors()).toEqual([]);
      }),
      runs(100),
    );
  });

  it('ends the same however the operations are cut into commits', () => {
    fc.assert(
      fc.property(
        program,
        fc.array(operation, {maxLength: 20}),
        fc.array(fc.nat(5)),
        (definitions, operations, cuts) => {
          const whole = new ProgramGraph(definitions);
          whole.commit(operations);
          const cut = new ProgramGraph(definitions);
          let rest = operations;
          for (const size of [...cuts, operations.length]) {
            cut.commit(rest.slice(0, size));
            rest = rest.slice(size);
          }
          for (let i = 0; i < whole.collections.length; i++)
            expect(canonical(cut.rows(i))).toBe(canonical(whole.rows(i)));
        },
      ),
      runs(150),
    );
  });

  it('ends the same however operations on distinct keys are ordered inside a commit', () => {
    const steps = fc.array(
      fc
        .uniqueArray(
          operation.filter(({kind}) => kind !== 'replaceAll'),
          {
            maxLength: 8,
            selector: (one) => `${one.input}/${one.kind === 'set' ? one.row.key : 'key' in one ? one.key : ''}`,
          },
        )
        .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, {minLength: list.length}))),
      {maxLength: 4},
    );
    fc.assert(
      fc.property(program, steps, (definitions, pairs) => {
        const [one, other] = [new ProgramGraph(definitions), new ProgramGraph(definitions)];
        for (const [list, shuffled] of pairs) {
          one.commit(list);
          other.commit(shuffled);
          for (const i of one.live()) expect(canonical(other.rows(i))).toBe(canonical(one.rows(i)));
        }
      }),
      runs(150),
    );
  });

  it('gives the same epochs, events and diagnostics, byte for byte, for the same operations', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const log = (): string => {
          const made = new ProgramGraph(definitions);
          const lines: unknown[] = [];
          made.graph.onCommit(made.wanted, ({epoch, deltas}) => lines.push([epoch, [...deltas]]));
          for (const collection of made.wanted) made.graph.subscribe(collection, (delta) => lines.push(delta));
          for (const operations of steps) lines.push(made.commit(operations));
          const counters = [...made.graph.counters()];
          return JSON.stringify([lines, made.diagnostics, counters, made.graph.mermaid(), made.graph.edges()]);
        };
        expect(log()).toBe(log());
      }),
      runs(100),
    );
  });
});

describe('the transforms of random definitions', () => {
  it('run at most once per row and epoch, and only where something they used may have changed', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions);
        const before = new Map<string, (typeof made.recorder.runs)[number]>();
        const remember = () => {
          for (const run of made.recorder.runs) before.set(`${run.node}/${run.key}`, run);
          made.recorder.clear();
        };
        remember();
        let sources = NO_SOURCES;
        let old = new Oracle(definitions, sources);
        for (const operations of steps) {
          made.graph.resetCounters();
          made.commit(operations);
          sources = applyOperations(sources, operations);
          const now = new Oracle(definitions, sources);
          const ran = made.recorder.runs;
          const names = ran.map(({node, key}) => `${node}/${key}`);
          expect(names.length).toBe(new Set(names).size);
          const counted = [...made.graph.counters().values()].reduce((sum, counters) => sum + counters.runs, 0);
          expect(counted).toBe(ran.length);
          for (const {node, key} of ran) {
            const last = before.get(`${node}/${key}`);
            if (last === undefined || primaryChanged(made, node, key, old, now)) continue;
            expect({node, key, excused: last.reads.some((read) => mayDiffer(read, old, now))}).toEqual({
              node,
              key,
              excused: true,
            });
          }
          remember();
          old = now;
        }
      }),
      runs(300),
    );
  });

  it('never see two versions of the world: every answer is that of the end of the epoch', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions);
        let sources = NO_SOURCES;
        for (const operations of [[], ...steps]) {
          made.recorder.clear();
          made.commit(operations);
          sources = applyOperations(sources, operations);
          const oracle = new Oracle(definitions, sources);
          for (const {read, answer} of made.recorder.answers) {
            expect(canonical([read, answer])).toBe(canonical([read, oracle.answer(read)]));
          }
        }
      }),
      runs(200),
    );
  });

  it('are registered for exactly the reads of their last runs, and for none after everything is deleted', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions);
        let sources = NO_SOURCES;
        const last = new Map<string, number>();
        const check = () => {
          for (const {node, key, reads} of made.recorder.runs) last.set(`${node}/${key}`, reads.length);
          made.recorder.clear();
          const oracle = new Oracle(definitions, sources);
          let expected = 0;
          for (const [name, reads] of last) if (alive(made, name, oracle)) expected += reads;
          expect(made.graph.registrations()).toBe(expected);
        };
        for (const operations of steps) {
          made.commit(operations);
          sources = applyOperations(sources, operations);
          check();
        }
        made.commit(sources.map((_, input): Operation => ({kind: 'replaceAll', input, rows: []})));
        sources = NO_SOURCES;
        check();
        if (definitions.nodes.some(({kind}) => kind === 'singleton')) return;
        expect(made.graph.registrations()).toBe(0);
        for (const i of made.live()) expect(made.rows(i)).toEqual([]);
      }),
      runs(150),
    );
  });
});

function primaryChanged(made: ProgramGraph, node: string, key: string, old: Oracle, now: Oracle): boolean {
  const source = made.sourceOf(node);
  if (source === undefined) return false;
  const row = (oracle: Oracle) => canonical(oracle.collections[source]?.get(key) ?? null);
  return row(old) !== row(now);
}

/** Whether a transform still has the input row it ran for. */
function alive(made: ProgramGraph, name: string, oracle: Oracle): boolean {
  const [node = '', key = ''] = name.split('/');
  const source = made.sourceOf(node);
  return source === undefined || oracle.collections[source]?.has(key) === true;
}
