import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Collection, type Conflated, type Delta, structurallyEqual} from '../../src/krt/index.ts';
import {Fold, type FoldOptions} from './fold.ts';
import {anyProgram, commits, operation, runs} from './program-arbitrary.ts';
import {ProgramGraph} from './program-graph.ts';
import {canonical, type Cell} from './program-rows.ts';

const someOperations = fc.array(operation, {minLength: 1, maxLength: 6, size: 'max'});

/** Collections that compare by identity tell of rows that are equal to the old ones, but made anew. */
function foldOf(
  made: ProgramGraph,
  collection: Collection<Cell>,
  start: readonly Cell[] = [],
  options: FoldOptions<Cell> = {},
) {
  const byIdentity = made.isByIdentity(made.collections.indexOf(collection));
  const loose = {isChange: (old?: Cell, now?: Cell) => old !== now};
  return new Fold<Cell>(start, {...(byIdentity && loose), ...options});
}

/** Subscriber errors become diagnostics: what broke inside of one must not be among them. */
const expectNoComplaints = (made: ProgramGraph): void =>
  expect(made.diagnostics.filter((text) => text.startsWith('subscriber'))).toEqual([]);

describe('the deltas of random graphs', () => {
  it('fold to the list after every commit, with every old row the one of the change before, none empty or equal', () => {
    fc.assert(
      fc.property(anyProgram, commits, (definitions, steps) => {
        const made = new ProgramGraph(definitions);
        const {graph} = made;
        // Singletons have rows from the start, which nobody was told of.
        const folds = made.wanted.map((collection) => {
          const start = graph.list(collection);
          const [fold, together] = [foldOf(made, collection, start), foldOf(made, collection, start)];
          graph.subscribe(collection, (delta) => fold.add(delta));
          return {collection, fold, together};
        });
        const byName = new Map(folds.map(({collection, together}) => [collection.name, together]));
        graph.onCommit(made.wanted, ({deltas}) => {
          for (const [name, delta] of deltas) byName.get(name)?.add(delta as Delta<Cell>);
        });
        for (const operations of steps) {
          made.commit(operations);
          for (const {collection, fold, together} of folds) {
            const list = canonical(graph.list(collection));
            expect(canonical(fold.list())).toBe(list);
            expect(canonical(together.list())).toBe(list);
          }
        }
        expectNoComplaints(made);
      }),
      runs(250),
    );
  });

  it('are the same to those who come late, whenever they come and whoever leaves, and nothing to those who left', () => {
    const action = fc.oneof(
      {weight: 3, arbitrary: fc.record({kind: fc.constant('commit' as const), operations: someOperations})},
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('join' as const),
          collection: fc.nat(),
          replay: fc.boolean(),
          // After how many deltas it leaves, from within its own callback.
          patience: fc.option(fc.integer({min: 1, max: 2})),
        }),
      },
      {weight: 1, arbitrary: fc.record({kind: fc.constant('leave' as const), who: fc.nat()})},
    );
    fc.assert(
      fc.property(anyProgram, fc.array(action, {maxLength: 16, size: 'max'}), (definitions, actions) => {
        const made = new ProgramGraph(definitions);
        const everyDelta = new Map<number, string[]>();
        /** All that is said of a collection from now on, to one who does not leave. */
        const logOf = (number: number, collection: Collection<Cell>): string[] => {
          const known = everyDelta.get(number);
          if (known !== undefined) return known;
          const log: string[] = [];
          everyDelta.set(number, log);
          made.graph.subscribe(collection, (delta) => log.push(canonical(delta)));
          return log;
        };
        let visitors: Visitor[] = [];
        for (const step of actions) {
          if (step.kind === 'commit') made.commit(step.operations);
          else if (step.kind === 'leave') visitors[step.who % Math.max(1, visitors.length)]?.leave();
          else {
            const number = step.collection % made.collections.length;
            const collection = made.collections[number];
            if (collection === undefined) continue;
            visitors.push(new Visitor(made, collection, logOf(number, collection), step.replay, step.patience));
          }
          for (const {heard, due} of visitors) expect(heard).toEqual(due());
          for (const {folded, list} of visitors.filter((one) => one.isHere)) expect(folded()).toBe(list());
        }
        expectNoComplaints(made);
        for (const visitor of visitors) visitor.leave();
        visitors = [];
      }),
      runs(300),
    );
  });

  it('conflate to the same: what is taken folds to the list, however rarely it is taken', () => {
    const steps = fc.array(fc.record({operations: someOperations, take: fc.boolean()}), {maxLength: 12, size: 'max'});
    fc.assert(
      fc.property(anyProgram, steps, fc.boolean(), (definitions, list, early) => {
        const made = new ProgramGraph(definitions);
        const collection = made.wanted.at(-1) ?? made.input(0);
        // A change that another undid leaves nothing but an equal row in the place of the old one.
        const fold = foldOf(made, collection, [], {sameRow: structurallyEqual});
        let handle: Conflated<Cell> | undefined;
        let offers = 0;
        const subscribe = () =>
          made.graph.conflated$(collection).subscribe((offered) => {
            handle = offered;
            offers++;
          });
        const take = () => {
          const delta = handle?.take();
          if (delta !== undefined) fold.add(delta);
          expect(canonical(fold.list())).toBe(canonical(made.graph.list(collection)));
          expect(handle?.take()).toBeUndefined();
        };
        if (early) subscribe();
        for (const step of list) {
          made.commit(step.operations);
          if (early && step.take) take();
        }
        if (!early) subscribe();
        const direct = foldOf(made, collection);
        made.graph.deltas$(collection).subscribe((delta) => direct.add(delta));
        take();
        expect(canonical(direct.list())).toBe(canonical(fold.list()));
        expect(offers).toBeLessThanOrEqual(list.length + 1);
      }),
      runs(200),
    );
  });
});

/** A subscriber that came when `log`, the deltas told to all, was as long as it then was, and may leave. */
class Visitor {
  readonly heard: string[] = [];
  /** What was told to all while it was there. */
  readonly due: () => readonly string[];
  readonly folded: () => string;
  readonly list: () => string;
  readonly #unsubscribe: () => void;
  readonly #from: number;
  #until: number | undefined;

  constructor(
    made: ProgramGraph,
    collection: Collection<Cell>,
    log: readonly string[],
    replay: boolean,
    patience: number | null,
  ) {
    const {graph} = made;
    const fold = foldOf(made, collection, replay ? [] : graph.list(collection));
    this.#from = log.length;
    this.due = () => log.slice(this.#from, this.#until);
    this.folded = () => canonical(fold.list());
    this.list = () => canonical(graph.list(collection));
    this.#unsubscribe = graph.subscribe(
      collection,
      (delta) => {
        fold.add(delta);
        if (!delta.snapshot) this.heard.push(canonical(delta));
        if (this.heard.length === patience) this.leave();
      },
      {replay},
    );
  }

  get isHere(): boolean {
    return this.#until === undefined;
  }

  leave(): void {
    this.#unsubscribe();
    this.#until ??= this.#from + this.heard.length;
  }
}
