import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {derive, type Graph, singleton, transformErrors} from '../../src/krt/index.ts';
import {commits, moodyProgram, runs} from './program-arbitrary.ts';
import {canonical} from './program-rows.ts';
import {Twin} from './program-twin.ts';

/** The transforms of live nodes that the oracle says have failed; those of singletons have no input key. */
const expectedFailures = ({made, oracle}: Twin): readonly string[] => {
  const alive = new Set(made.graph.nodes().map(({name}) => name));
  return oracle.failures
    .filter((failure) => alive.has(failure.slice(0, failure.indexOf('/'))))
    .map((failure) => (failure.startsWith('singleton') ? failure.replace(/only$/, '') : failure))
    .sort();
};

const keysOf = (graph: Graph): readonly string[] => graph.errors().map(({key}) => key);

describe('random transforms that throw and discard', () => {
  it('keep or lose their last good rows, are listed as long as they fail, and heal', () => {
    fc.assert(
      fc.property(moodyProgram, commits, (definitions, steps) => {
        const twin = new Twin(definitions);
        twin.expectSame();
        for (const operations of steps) {
          twin.commit(operations);
          twin.expectSame();
          expect(keysOf(twin.made.graph)).toEqual(expectedFailures(twin));
        }
        const everything = twin.made.collections.map((_, i) => i);
        twin.expectSame(everything);
        for (const operations of steps.slice(0, 3)) {
          twin.commit(operations);
          twin.expectSame(everything);
          expect(keysOf(twin.made.graph)).toEqual(expectedFailures(twin));
        }
      }),
      runs(300),
    );
  });

  it('do so in development mode too, where nothing but failures and disputes is reported', () => {
    fc.assert(
      fc.property(moodyProgram, commits, (definitions, steps) => {
        const twin = new Twin(definitions, {development: true});
        for (const operations of steps) {
          twin.commit(operations);
          twin.expectSame();
        }
        const usual = /the first wins$|the last row counts$|: the transform failed for /;
        expect(twin.made.diagnostics.filter((text) => !usual.test(text))).toEqual([]);
      }),
      runs(120),
    );
  });

  it('can be read as a collection, which is at rest when the commit returns', () => {
    const failures = derive('failures', {from: transformErrors, rows: (_, {key, message}) => ({key, message})});
    const count = singleton('failure-count', {rows: (ctx) => ({key: 'all', n: ctx.count(transformErrors)})});
    fc.assert(
      fc.property(moodyProgram, commits, (definitions, steps) => {
        const twin = new Twin(definitions);
        const {graph} = twin.made;
        graph.list(failures);
        graph.list(count);
        for (const operations of steps) {
          twin.commit(operations);
          const errors = graph.errors();
          expect(errors.map(({key}) => key)).toEqual(expectedFailures(twin));
          expect(canonical(graph.list(transformErrors))).toBe(canonical(errors));
          expect(graph.list(failures)).toEqual(errors.map(({key, message}) => ({key, message})));
          expect(graph.list(count)).toEqual([{key: 'all', n: errors.length}]);
        }
      }),
      runs(120),
    );
  });
});
