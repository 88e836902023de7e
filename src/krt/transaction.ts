import type {AnyCollection, Input, Trigger} from './definition.ts';
import type {Transaction} from './graph-api.ts';
import type {InputNode} from './input-node.ts';

const NONE: InputNode[] = [];

/** One commit's writes: good for as long as the function runs that it was given to. */
export class StagedWrites implements Transaction {
  written: InputNode[] = NONE;
  readonly #inputNode: (input: AnyCollection) => InputNode;
  #last: InputNode | undefined = undefined;
  #isOpen = true;

  constructor(inputNode: (input: AnyCollection) => InputNode) {
    this.#inputNode = inputNode;
  }

  set<T>(input: Input<T>, row: T): void {
    this.#node(input).stage(input.keyOf(row), row);
  }

  delete<T>(input: Input<T>, key: string): void {
    this.#node(input).stage(key, undefined);
  }

  replaceAll<T>(input: Input<T>, rows: Iterable<T>): void {
    this.#node(input).stageAll(new Map([...rows].map((row) => [input.keyOf(row), row])));
  }

  fire(trigger: Trigger): void {
    const node = this.#node(trigger);
    const before = node.staged(trigger.name);
    const fired = typeof before === 'object' && before !== null && 'fired' in before ? Number(before.fired) : 0;
    node.stage(trigger.name, {key: trigger.name, fired: fired + 1});
  }

  #node(input: AnyCollection): InputNode {
    if (!this.#isOpen) throw new Error('a transaction was used after its commit');
    const last = this.#last;
    if (last !== undefined && last.store.collection === input) return last;
    const node = this.#inputNode(input);
    this.#last = node;
    if (this.written === NONE) this.written = [node];
    else if (!this.written.includes(node)) this.written.push(node);
    return node;
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Nothing of it takes effect. */
  discard(): void {
    for (const node of this.written) node.discard();
  }
}
