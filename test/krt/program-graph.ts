/** The graph of a program, with all that its transforms ask and are answered. */
import {
  type Collection,
  createGraph,
  type Graph,
  type GraphOptions,
  type Input,
  input,
  type Transaction,
  trigger,
} from '../../src/krt/index.ts';
import {INPUTS, NAMESPACED, type Operation, type Program, type Resolved, resolveProgram} from './program.ts';
import {cells, Compiler, type Matched, Recorder} from './program-compiler.ts';
import {type Cell, labelsOf, namespaceOf, selectorOf} from './program-rows.ts';

export class ProgramGraph {
  readonly graph: Graph;
  readonly recorder = new Recorder();
  readonly collections: readonly Collection<Cell>[];
  readonly wanted: readonly Collection<Cell>[];
  readonly inputs: readonly (Input<Cell> & Matched)[];
  readonly trigger = trigger('trigger');
  readonly diagnostics: string[] = [];
  readonly #nodes: readonly Resolved[];
  readonly #byIdentity: ReadonlySet<number>;

  constructor(program: Program, options: Omit<GraphOptions, 'outputs'> = {}) {
    this.#nodes = resolveProgram(program);
    this.#byIdentity = comparedByIdentity(this.#nodes);
    this.inputs = Array.from({length: INPUTS}, (_, i) =>
      input<Cell>(`input-${i}`, {
        key: ({key}) => key,
        labels: labelsOf,
        selector: selectorOf,
        ...(i < NAMESPACED && {namespace: namespaceOf}),
      }),
    );
    this.collections = new Compiler([...this.inputs, cells(this.trigger)], this.recorder).compile(this.#nodes);
    const last = this.collections.at(-1);
    const wanted = this.collections.filter((collection, i) => collection === last || program.wanted[i] === true);
    this.wanted = wanted;
    this.graph = createGraph({
      outputs: wanted,
      onDiagnostic: ({node, message}) => this.diagnostics.push(`${node}: ${message}`),
      ...options,
    });
  }

  commit(operations: readonly Operation[]): number {
    return this.graph.commit((tx) => this.write(tx, operations));
  }

  write(tx: Transaction, operations: readonly Operation[]): void {
    for (const operation of operations) {
      switch (operation.kind) {
        case 'set':
          tx.set(this.input(operation.input), operation.row);
          break;
        case 'delete':
          tx.delete(this.input(operation.input), operation.key);
          break;
        case 'replaceAll':
          tx.replaceAll(this.input(operation.input), operation.rows);
          break;
        case 'fire':
          tx.fire(this.trigger);
      }
    }
  }

  input(number: number): Input<Cell> & Matched {
    const found = this.inputs[number];
    if (found === undefined) throw new Error('no such input');
    return found;
  }

  /** Number of the collection whose rows the transforms of a node are called with; undefined for singletons. */
  sourceOf(name: string): number | undefined {
    return this.#nodes.find((node) => node.name === name)?.sources[0];
  }

  /** Whether rows that are made anew are told of though they equal the old ones. */
  isByIdentity(number: number): boolean {
    return this.#byIdentity.has(number);
  }

  /** Numbers of the collections that are alive. */
  live(): readonly number[] {
    return this.collections.flatMap(({name}, i) => (this.graph.find(name) === undefined ? [] : [i]));
  }

  rows(number: number): readonly Cell[] {
    const collection = this.collections[number];
    return collection === undefined ? [] : this.graph.list(collection);
  }
}

/** Collections that say so, and those that take over the rows of such ones as they are. */
function comparedByIdentity(nodes: readonly Resolved[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (const {node, collections, sources, members} of nodes) {
    const takesOver = node.kind === 'join' || node.kind === 'union' || (node.kind === 'nested' && !node.merges);
    const own = 'traits' in node && node.traits.identity;
    const inherited = takesOver && (node.kind === 'nested' ? members : sources).some((number) => found.has(number));
    if (own || inherited) for (const number of collections) found.add(number);
  }
  return found;
}
