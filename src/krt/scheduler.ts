import type {Node} from './node.ts';

/** Dirty nodes by rank. Ranks may be raised while nodes wait; a node is then found at its new rank. */
export class Scheduler {
  readonly #byRank = new Map<number, Set<Node>>();
  readonly #ranks = new Map<Node, number>();

  add(node: Node): void {
    const waitingAt = this.#ranks.get(node);
    if (waitingAt === node.rank) return;
    if (waitingAt !== undefined) this.#drop(node, waitingAt);
    this.#ranks.set(node, node.rank);
    const waiting = this.#byRank.get(node.rank);
    if (waiting === undefined) this.#byRank.set(node.rank, new Set([node]));
    else waiting.add(node);
  }

  /** A waiting node was given another rank. */
  moved(node: Node): void {
    if (this.#ranks.has(node)) this.add(node);
  }

  /** The next node in order of rank; undefined when the graph is at rest. */
  next(): Node | undefined {
    if (this.#ranks.size === 0) return undefined;
    // Ranks in use are few (the depth of the graph), so a scan for the lowest is cheaper than a heap.
    let lowest = Infinity;
    for (const rank of this.#byRank.keys()) if (rank < lowest) lowest = rank;
    const waiting = this.#byRank.get(lowest);
    const [node] = waiting ?? [];
    if (node === undefined) return undefined;
    this.#drop(node, lowest);
    this.#ranks.delete(node);
    return node;
  }

  #drop(node: Node, rank: number): void {
    const waiting = this.#byRank.get(rank);
    waiting?.delete(node);
    if (waiting?.size === 0) this.#byRank.delete(rank);
  }
}
