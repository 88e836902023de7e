import {expect} from 'vitest';
import type {GraphOptions} from '../../src/krt/index.ts';
import type {Operation, Program} from './program.ts';
import {ProgramGraph} from './program-graph.ts';
import {applyOperations, type Lasting, NO_SOURCES, Oracle, type Sources} from './program-oracle.ts';
import {canonical} from './program-rows.ts';

/** A graph and what it should be, kept in step. */
export class Twin {
  readonly made: ProgramGraph;
  readonly #program: Program;
  sources: Sources = NO_SOURCES;
  oracle: Oracle;
  #alive: ReadonlySet<string> = new Set();

  constructor(program: Program, options?: Omit<GraphOptions, 'outputs'>) {
    this.#program = program;
    this.made = new ProgramGraph(program, options);
    this.oracle = new Oracle(program, NO_SOURCES);
    this.refresh();
  }

  /** Returns the epoch. */
  commit(operations: readonly Operation[]): number {
    const epoch = this.made.commit(operations);
    this.follow(operations);
    return epoch;
  }

  /**
   * For operations that the graph has taken from somebody else. Only for programs without moods where these were several
   * commits: what lived at the time of each is not known afterwards.
   */
  follow(operations: readonly Operation[]): void {
    this.sources = applyOperations(this.sources, operations);
    this.refresh();
  }

  /** To be called when collections have come alive or gone, too: only what lives remembers its last runs. */
  refresh(): void {
    const before: Lasting = new Map([...this.oracle.lasting].filter(([name]) => this.#alive.has(name)));
    this.oracle = new Oracle(this.#program, this.sources, before);
    this.#alive = new Set(this.made.graph.nodes().map(({name}) => name));
  }

  /** Inputs that are not alive have forgotten their rows. */
  forgetInputs(): void {
    this.sources = this.sources.map((rows, i) => {
      const name = this.made.collections[i]?.name ?? '';
      return this.made.graph.find(name) === undefined ? new Map() : rows;
    });
    this.refresh();
  }

  /** All collections that are alive, or those of the numbers given, hold what the oracle computes. */
  expectSame(numbers: readonly number[] = this.made.live()): void {
    const nodes = this.made.graph.nodes().length;
    const brought = numbers.map((number) => this.made.rows(number));
    // Asking may have brought some alive.
    if (this.made.graph.nodes().length > nodes) this.refresh();
    for (const [i, number] of numbers.entries()) {
      expect(canonical([number, brought[i]])).toBe(canonical([number, this.oracle.rows(number)]));
    }
  }
}
