import type {GraphEdge} from './graph-api.ts';
import type {Node} from './node.ts';

/** Two nodes that need each other. */
export class CycleError extends Error {
  readonly nodes: readonly string[];

  constructor(nodes: readonly string[]) {
    super(`collections depend on each other: ${nodes.join(' -> ')}`);
    this.nodes = nodes;
  }
}

/**
 * The edges between live nodes, and the ranks that follow from them: every node ranks above all it reads. Edges met at
 * run time raise ranks where needed, as in Incremental; an edge that would close a cycle is refused.
 */
export class Ranks {
  readonly #readers = new Map<Node, Map<Node, GraphEdge['how']>>();
  readonly #sources = new Map<Node, Set<Node>>();
  readonly #onRaise: (node: Node) => void;

  constructor(onRaise: (node: Node) => void) {
    this.#onRaise = onRaise;
  }

  has(source: Node, reader: Node): boolean {
    return this.#readers.get(source)?.has(reader) ?? false;
  }

  /** Adds an edge and raises ranks. Throws CycleError, and adds nothing, where the source already reads the reader. */
  connect(source: Node, reader: Node, how: GraphEdge['how']): void {
    const path = source === reader ? [reader] : this.#path(reader, source);
    if (path !== undefined) throw new CycleError([...path.map(({name}) => name), reader.name]);
    const readers = this.#readers.get(source);
    if (readers === undefined) this.#readers.set(source, new Map([[reader, how]]));
    else if (!readers.has(reader)) readers.set(reader, how);
    const sources = this.#sources.get(reader);
    if (sources === undefined) this.#sources.set(reader, new Set([source]));
    else sources.add(source);
    this.#raise(reader, source.rank + 1);
  }

  /** What a node reads. */
  sourcesOf(node: Node): Iterable<Node> {
    return this.#sources.get(node) ?? [];
  }

  /** A node that nothing reads any more is gone. */
  remove(node: Node): void {
    for (const source of this.sourcesOf(node)) this.#readers.get(source)?.delete(node);
    this.#sources.delete(node);
    this.#readers.delete(node);
  }

  *edges(): Iterable<GraphEdge> {
    for (const [source, readers] of this.#readers) {
      for (const [reader, how] of readers) yield {from: source.name, to: reader.name, how};
    }
  }

  #raise(node: Node, rank: number): void {
    if (node.rank >= rank) return;
    node.rank = rank;
    this.#onRaise(node);
    for (const reader of this.#readers.get(node)?.keys() ?? []) this.#raise(reader, rank + 1);
  }

  /** How `from` reaches `to` along the flow of data, if it does. */
  #path(from: Node, to: Node, seen = new Set<Node>()): readonly Node[] | undefined {
    if (from === to) return [to];
    seen.add(from);
    for (const reader of this.#readers.get(from)?.keys() ?? []) {
      if (seen.has(reader)) continue;
      const rest = this.#path(reader, to, seen);
      if (rest !== undefined) return [from, ...rest];
    }
    return undefined;
  }
}
