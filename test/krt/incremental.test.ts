import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Operation} from './program.ts';
import {commits, moodyProgram, operation, program, runs} from './program-arbitrary.ts';
import {ProgramGraph} from './program-graph.ts';
import {canonical} from './program-rows.ts';
import {Twin} from './program-twin.ts';

describe('an incremental graph of random definitions', () => {
  it('equals the naive recomputation after every commit, and a graph made afresh at the end', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const twin = new Twin(definitions);
        const {made} = twin;
        twin.expectSame();
        for (const operations of steps) {
          twin.commit(operations);
          twin.expectSame();
        }
        // Reading brings the collections alive that nothing had asked for; they stay up to date as well.
        const everything = made.collections.map((_, i) => i);
        twin.expectSame(everything);
        for (const operations of steps.slice(0, 3)) {
          twin.commit(operations);
          twin.expectSame(everything);
        }
        const fresh = new ProgramGraph(definitions);
        fresh.commit([...steps.flat(), ...steps.slice(0, 3).flat()]);
        for (const i of everything) expect(canonical(made.rows(i))).toBe(canonical(fresh.rows(i)));
      }),
      runs(300),
    );
  });

  it('equals it in development mode too, where pure transforms are never reported', () => {
    fc.assert(
      fc.property(program, commits, (definitions, steps) => {
        const twin = new Twin(definitions, {development: true});
        for (const operations of steps) {
          twin.commit(operations);
          twin.expectSame();
        }
        const disputes = /the first wins$|the last row counts$/;
        expect(twin.made.diagnostics.filter((text) => !disputes.test(text))).toEqual([]);
        expect(twin.made.graph.errors()).toEqual([]);
      }),
      runs(120),
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
    const target = (one: Operation): string => {
      switch (one.kind) {
        case 'set':
          return `${one.input}/${one.row.key}`;
        case 'delete':
          return `${one.input}/${one.key}`;
        case 'replaceAll':
        case 'fire':
          return one.kind;
      }
    };
    const steps = fc.array(
      fc
        .uniqueArray(
          operation.filter(({kind}) => kind !== 'replaceAll'),
          {maxLength: 8, selector: target},
        )
        .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, {minLength: list.length}))),
      {maxLength: 4},
    );
    fc.assert(
      fc.property(moodyProgram, steps, (definitions, pairs) => {
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
      fc.property(moodyProgram, commits, (definitions, steps) => {
        const log = (): string => {
          const made = new ProgramGraph(definitions);
          const {graph} = made;
          const lines: unknown[] = [];
          graph.onCommit(made.wanted, ({epoch, deltas}) => lines.push([epoch, [...deltas]]));
          for (const collection of made.wanted) graph.subscribe(collection, (delta) => lines.push(delta));
          for (const operations of steps) lines.push(made.commit(operations));
          const picture = graph.mermaid().replaceAll(/[\d.]+\/s/g, 'n/s');
          const state = [[...graph.counters()], picture, graph.edges(), graph.errors(), graph.history()];
          return JSON.stringify([lines, made.diagnostics, made.recorder, state]);
        };
        expect(log()).toBe(log());
      }),
      runs(100),
    );
  });
});
