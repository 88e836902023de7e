import type {AnyCollection, Input, Trigger} from './definition.ts';
import type {Transaction} from './graph-api.ts';
import {transformErrors} from './failures.ts';
import type {InputNode} from './input-node.ts';
import {Pile} from './pile.ts';

/**
 * One commit's writes: good for as long as the function runs that it was given to. A graph has one for all its commits,
 * and not only to save the making: where a full garbage collection finds no instance of a class, V8 throws away the
 * compiled code that knows it, which here is that of every commit.
 */
export class StagedWrites implements Transaction {
  readonly written = new Pile<InputNode>();
  readonly #inputNode: (input: AnyCollection) => InputNode;
  /** What the last write was for: the next one is nearly always for the same, also in the next commit. */
  #last: InputNode | undefined = undefined;
  #isOpen = false;

  constructor(inputNode: (input: AnyCollection) => InputNode) {
    this.#inputNode = inputNode;
  }

  set<T>(input: Input<T>, row: NoInfer<T>): void {
    this.#node(input).stage(input.keyOf(row), row);
  }

  delete<T>(input: Input<T>, key: string): void {
    this.#node(input).stage(key, undefined);
  }

  replaceAll<T>(input: Input<T>, rows: Iterable<NoInfer<T>>): void {
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
    if (last !== undefined && last.store.collection === input)
      return this.written.size === 0 ? this.#include(last) : last;
    const node = this.#inputNode(input);
    // The collection of errors is looked at every time: who may write it depends on who asks.
    this.#last = input.definition === transformErrors.definition ? undefined : node;
    return this.#include(node);
  }

  #include(node: InputNode): InputNode {
    if (!this.written.includes(node)) this.written.add(node);
    return node;
  }

  /** Of the inputs written to, in the order of the first write to each. */
  names(): readonly string[] {
    return Array.from({length: this.written.size}, (_, i) => this.written.at(i)?.name ?? '');
  }

  open(): void {
    this.#isOpen = true;
    this.written.clear();
  }

  /** Nodes have gone. */
  forget(): void {
    this.written.clear();
    this.#last = undefined;
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Nothing of it takes effect. */
  discard(): void {
    for (let i = 0; i < this.written.size; i++) this.written.at(i)?.discard();
  }
}
