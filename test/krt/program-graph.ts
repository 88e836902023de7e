/** Compiles programs to definitions of the engine, and records what their transforms ask and are answered. */
import {
  type Collection,
  type Context,
  createGraph,
  derive,
  deriveOutputs,
  distinct,
  type Graph,
  type GraphOptions,
  group,
  index,
  type Index,
  type Input,
  input,
  join,
  type Labelled,
  singleton,
  union,
} from '../../src/krt/index.ts';
import {
  type Cell,
  emitRows,
  emitStatus,
  type IndexName,
  indexValues,
  INPUTS,
  type Operation,
  performReads,
  type Program,
  projectRow,
  type Read,
  readTarget,
  type ReadSpec,
  resolveProgram,
} from './program.ts';

/** A run that came to its end: the second attempt of a run that had to wait is the one that counts. */
export type Run = {readonly node: string; readonly key: string; readonly reads: readonly Read[]};

export class Recorder {
  runs: Run[] = [];
  /** Every single answer, those of abandoned runs included. */
  answers: {readonly read: Read; readonly answer: unknown}[] = [];

  clear(): void {
    this.runs = [];
    this.answers = [];
  }
}

export class ProgramGraph {
  readonly graph: Graph;
  readonly recorder = new Recorder();
  readonly collections: readonly Collection<Cell>[];
  readonly wanted: readonly Collection<Cell>[];
  readonly inputs: readonly (Input<Cell> & Labelled<Cell>)[];
  readonly diagnostics: string[] = [];
  readonly #program: Program;

  constructor(program: Program, options: Omit<GraphOptions, 'outputs'> = {}) {
    this.#program = program;
    this.inputs = Array.from({length: INPUTS}, (_, i) =>
      input<Cell>(`input-${i}`, {key: ({key}) => key, labels: ({labels}) => labels ?? {}}),
    );
    this.collections = compile(program, this.inputs, this.recorder);
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
    return this.graph.commit((tx) => {
      for (const operation of operations) {
        const target = this.input(operation.input);
        if (operation.kind === 'set') tx.set(target, operation.row);
        else if (operation.kind === 'delete') tx.delete(target, operation.key);
        else tx.replaceAll(target, operation.rows);
      }
    });
  }

  input(number: number): Input<Cell> & Labelled<Cell> {
    const found = this.inputs[number];
    if (found === undefined) throw new Error('no such input');
    return found;
  }

  /** Number of the collection whose rows the transforms of a node are called with; undefined for singletons. */
  sourceOf(name: string): number | undefined {
    return resolveProgram(this.#program).find((node) => node.name === name)?.sources[0];
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

function compile(
  program: Program,
  inputs: readonly (Input<Cell> & Labelled<Cell>)[],
  recorder: Recorder,
): readonly Collection<Cell>[] {
  const collections: Collection<Cell>[] = [...inputs];
  const at = (number: number | undefined): Collection<Cell> => {
    const found = collections[number ?? 0];
    if (found === undefined) throw new Error('no such collection');
    return found;
  };
  // Made once and shared, as indexes are to be.
  const indexes = new Map<string, Index<Cell>>();
  const indexOf = (number: number, name: IndexName): Index<Cell> => {
    const id = `${number}/${name}`;
    const found = indexes.get(id) ?? index(at(number), name, (row) => indexValues(name, row));
    indexes.set(id, found);
    return found;
  };
  const ask = (ctx: Context, read: Read): unknown => {
    const {where, interest, project} = read;
    const projected = project === undefined ? undefined : (row: Cell) => projectRow(project, row);
    switch (where.kind) {
      case 'key': {
        const from = at(read.from);
        if (interest === 'exists') return ctx.exists(from, where.value);
        return projected === undefined ? ctx.get(from, where.value) : ctx.get(from, where.value, projected);
      }
      case 'index': {
        const by = indexOf(read.from, where.index);
        if (interest === 'exists') return ctx.exists(by, where.value);
        if (interest === 'count') return ctx.count(by, where.value);
        return projected === undefined ? ctx.list(by, where.value) : ctx.list(by, where.value, projected);
      }
      case 'all':
        return interest === 'count' ? ctx.count(at(read.from)) : ctx.list(at(read.from));
      case 'select': {
        const from = inputs[read.from];
        if (from === undefined) throw new Error('no such input');
        return ctx.select(from, where.selector);
      }
    }
  };
  /** Runs the reads of a transform with everything written down. */
  const perform = (ctx: Context, node: string, specs: readonly ReadSpec[], row: Cell, before: number) => {
    const reads: Read[] = [];
    const answers = performReads(specs, row, before, (read) => {
      const answer = ask(ctx, read);
      reads.push(read);
      recorder.answers.push({read, answer});
      return answer;
    });
    recorder.runs.push({node, key: row.key, reads});
    return answers;
  };

  for (const {node, name, sources} of resolveProgram(program)) {
    const before = collections.length;
    const from = at(sources[0]);
    const declared =
      'declared' in node && node.declared ? {reads: node.reads.map((read) => at(readTarget(read, before)))} : {};
    switch (node.kind) {
      case 'derive':
        collections.push(
          derive(name, {
            from,
            ...declared,
            rows: (ctx, row) => {
              const rows = emitRows(node.shape, row, perform(ctx, name, node.reads, row, before));
              return rows.length > 1 ? rows : rows[0];
            },
          }),
        );
        break;
      case 'outputs': {
        const {rows, status} = deriveOutputs<Cell, {rows: Cell; status: Cell}>(name, {
          from,
          ...declared,
          outputs: {rows: `${name}-rows`, status: `${name}-status`},
          rows: (ctx, row) => {
            const answers = perform(ctx, name, node.reads, row, before);
            return {rows: emitRows(node.shape, row, answers), status: emitStatus(row, answers)};
          },
        });
        collections.push(rows, status);
        break;
      }
      case 'singleton':
        collections.push(
          singleton(name, {
            ...declared,
            rows: (ctx) => {
              const row = {key: 'only'};
              return emitRows('one', row, perform(ctx, name, node.reads, row, before));
            },
          }),
        );
        break;
      case 'group':
        // A group row is a Cell; a Collection is not covariant in its rows, because of keyOf.
        collections.push(group<Cell>(name, indexOf(sources[0] ?? 0, node.index)) as unknown as Collection<Cell>);
        break;
      case 'distinct':
        collections.push(distinct<Cell>(name, indexOf(sources[0] ?? 0, node.index)));
        break;
      case 'join':
        collections.push(join(name, sources.map(at)));
        break;
      case 'union':
        collections.push(union(name, sources.map(at)));
    }
  }
  return collections;
}
