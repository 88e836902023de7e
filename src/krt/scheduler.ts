import type {Node} from './node.ts';

/**
 * Dirty nodes in order of rank, and among equals of arrival: a chain through the nodes themselves, since few wait at a
 * time and an epoch must not cost an allocation for each. Ranks may be raised while nodes wait.
 */
export class Scheduler {
  #first: Node | undefined = undefined;

  add(node: Node): void {
    if (node.isScheduled) return;
    node.isScheduled = true;
    this.#insert(node);
  }

  #insert(node: Node): void {
    const first = this.#first;
    if (first === undefined || first.rank > node.rank) {
      node.scheduledNext = first;
      this.#first = node;
      return;
    }
    let before = first;
    for (let next = before.scheduledNext; next !== undefined && next.rank <= node.rank; next = next.scheduledNext) {
      before = next;
    }
    node.scheduledNext = before.scheduledNext;
    before.scheduledNext = node;
  }

  /** A node was given another rank. */
  moved(node: Node): void {
    if (!node.isScheduled) return;
    this.#take(node);
    this.#insert(node);
  }

  /** A node is no more. */
  drop(node: Node): void {
    if (!node.isScheduled) return;
    this.#take(node);
    node.isScheduled = false;
  }

  #take(node: Node): void {
    if (this.#first === node) this.#first = node.scheduledNext;
    for (let one = this.#first; one !== undefined; one = one.scheduledNext) {
      if (one.scheduledNext === node) one.scheduledNext = node.scheduledNext;
    }
    node.scheduledNext = undefined;
  }

  /** The next node; undefined when the graph is at rest. */
  next(): Node | undefined {
    const node = this.#first;
    if (node === undefined) return undefined;
    this.#first = node.scheduledNext;
    node.scheduledNext = undefined;
    node.isScheduled = false;
    return node;
  }
}
