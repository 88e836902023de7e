/** Compiles the nodes of a program to definitions of the engine whose transforms write down what they do. */
import {
  type Collection,
  type Context,
  derive,
  deriveOutputs,
  distinct,
  group,
  index,
  type Index,
  join,
  type Labelled,
  type Match,
  matchJoin,
  merge,
  nested,
  type Selecting,
  singleton,
  type Traits,
  union,
} from '../../src/krt/index.ts';
import {readTargets, type Resolved, type TraitsSpec, type TransformSpec} from './program.ts';
import {type Made, ONLY, type Read, Refusal, transform} from './program-reads.ts';
import {
  type Cell,
  type IndexName,
  indexValues,
  labelsOf,
  mergeRows,
  namespaceOf,
  nOf,
  projectRow,
  selectorOf,
} from './program-rows.ts';

export type Matched = Labelled<Cell> & Selecting<Cell>;

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

/** Rows of any kind are Cells, but a Collection is not covariant in its rows, because of keyOf. */
export const cells = <T>(collection: Collection<T>): Collection<Cell> => collection as unknown as Collection<Cell>;

const isMatched = (collection: Collection<Cell>): collection is Matched =>
  collection.labelsOf !== undefined && collection.selectorOf !== undefined;

const traitsOf = ({matched, namespaced, identity}: TraitsSpec): Traits<Cell> => ({
  ...(matched && {labels: labelsOf, selector: selectorOf}),
  ...(namespaced && {namespace: namespaceOf}),
  ...(identity && {equals: 'identity'}),
});

export class Compiler {
  readonly #collections: Collection<Cell>[];
  readonly #recorder: Recorder;
  readonly #matches: Match<Cell, Cell>[] = [];
  /** Made once and shared, as indexes are to be. */
  readonly #indexes = new Map<string, Index<Cell>>();

  constructor(inputs: readonly Collection<Cell>[], recorder: Recorder) {
    this.#collections = [...inputs];
    this.#recorder = recorder;
  }

  compile(nodes: readonly Resolved[]): readonly Collection<Cell>[] {
    for (const node of nodes) this.#collections.push(...this.#define(node));
    return this.#collections;
  }

  #at(number: number | undefined): Collection<Cell> {
    const found = this.#collections[number ?? 0];
    if (found === undefined) throw new Error('no such collection');
    return found;
  }

  #matched(number: number | undefined): Matched {
    const found = this.#at(number);
    if (!isMatched(found)) throw new Error(`${found.name} has no labels and selectors`);
    return found;
  }

  #index(number: number, name: IndexName): Index<Cell> {
    const id = `${number}/${name}`;
    const found = this.#indexes.get(id) ?? index(this.#at(number), name, (row) => indexValues(name, row));
    this.#indexes.set(id, found);
    return found;
  }

  #define(resolved: Resolved): readonly Collection<Cell>[] {
    const {node, name, sources, members} = resolved;
    const [first = 0, second = 0] = sources;
    switch (node.kind) {
      case 'derive': {
        const rows = (ctx: Context, row: Cell) => {
          const made = this.#perform(ctx, resolved, node, row).rows;
          return made.length > 1 ? made : made[0];
        };
        return [
          derive(name, {from: this.#at(first), ...this.#options(resolved, node), rows, ...traitsOf(node.traits)}),
        ];
      }
      case 'outputs': {
        const {rows, status} = deriveOutputs<Cell, {rows: Cell; status: Cell}>(name, {
          from: this.#at(first),
          ...this.#options(resolved, node),
          outputs: {rows: `${name}-rows`, status: `${name}-status`},
          rows: (ctx, row) => this.#perform(ctx, resolved, node, row),
        });
        return [rows, status];
      }
      case 'singleton': {
        const rows = (ctx: Context) => this.#perform(ctx, resolved, node, ONLY).rows;
        return [singleton(name, {...this.#options(resolved, node), rows})];
      }
      case 'group':
        return [cells(group(name, this.#index(first, node.index)))];
      case 'distinct':
        return [distinct(name, this.#index(first, node.index))];
      case 'match': {
        const match = matchJoin(`${name}-match`, {selectors: this.#matched(first), targets: this.#matched(second)});
        this.#matches.push(match);
        const side = match[node.side];
        return [node.as === 'group' ? cells(group(name, side)) : distinct(name, side)];
      }
      case 'join':
      case 'union': {
        const operator = node.kind === 'join' ? join : union;
        return [
          operator(
            name,
            sources.map((source) => this.#at(source)),
            traitsOf(node.traits),
          ),
        ];
      }
      case 'merge':
        return [
          merge(
            name,
            sources.map((source) => this.#at(source)),
            mergeRows,
            traitsOf(node.traits),
          ),
        ];
      case 'nested': {
        const member = (row: Cell) => {
          const found = members[nOf(row) % (members.length + 1)];
          return found === undefined ? undefined : this.#at(found);
        };
        const merging = node.merges ? {merge: mergeRows} : {};
        return [nested(name, {from: this.#at(first), member, ...merging, ...traitsOf(node.traits)})];
      }
    }
  }

  #options({scope}: Resolved, {declared, reads, mood}: TransformSpec) {
    const targets = reads.flatMap((read) => readTargets(read, scope)).map((number) => this.#at(number));
    return {onError: mood.onError, ...(declared && {reads: targets})};
  }

  /** Runs the transform of a node with everything written down. */
  #perform(ctx: Context, {name, scope}: Resolved, node: TransformSpec, row: Cell): Made {
    const reads: Read[] = [];
    const ask = (read: Read) => {
      const answer = this.#ask(ctx, read);
      reads.push(read);
      this.#recorder.answers.push({read, answer});
      return answer;
    };
    const finished = () => this.#recorder.runs.push({node: name, key: row.key, reads});
    try {
      const made = transform(node, row, scope, {ask, discard: () => ctx.discard()});
      finished();
      return made;
    } catch (error) {
      if (error instanceof Refusal) finished();
      throw error;
    }
  }

  #ask(ctx: Context, {from, where, interest, project}: Read): unknown {
    const projected = project === undefined ? undefined : (row: Cell) => projectRow(project, row);
    const by = (found: Index<Cell>, value: string): unknown => {
      if (interest === 'exists') return ctx.exists(found, value);
      if (interest === 'count') return ctx.count(found, value);
      return projected === undefined ? ctx.list(found, value) : ctx.list(found, value, projected);
    };
    switch (where.kind) {
      case 'key': {
        const collection = this.#at(from);
        if (interest === 'exists') return ctx.exists(collection, where.value);
        return projected === undefined ? ctx.get(collection, where.value) : ctx.get(collection, where.value, projected);
      }
      case 'index':
        return by(this.#index(from, where.index), where.value);
      case 'match': {
        const match = this.#matches[where.match];
        if (match === undefined) throw new Error('no such match');
        return by(match[where.side], where.value);
      }
      case 'all':
        return interest === 'count' ? ctx.count(this.#at(from)) : ctx.list(this.#at(from));
      case 'select':
        return ctx.select(this.#matched(from), where.selector, where.namespace);
      case 'selecting':
        return ctx.selecting(this.#matched(from), where.labels, where.namespace);
    }
  }
}
